package javacheck

import (
	"strings"
	"testing"
)

// Each release answers with its own classes, and what goes wrong shows.
func TestRunner(t *testing.T) {
	java := startJVM(t)
	for release, want := range map[string]string{newest: "1,Fetch,4,18,18,BROKER CONTROLLER", oldest: "1,Fetch,0,17,17,ZK_BROKER BROKER CONTROLLER"} {
		if text, thrown := java.ask(t, release, "Apis.list"); !strings.Contains("\t"+text+"\t", "\t"+want+"\t") || thrown != "" {
			t.Errorf("the APIs of %s: %q %s, want %q among them", release, text, thrown, want)
		}
	}
	if _, thrown := java.ask(t, newest, "Messages.defaults", "JoinGroupRequestData", "x"); !strings.Contains(thrown, "NumberFormatException") {
		t.Errorf("a version that is no number: %q", thrown)
	}
	for what, question := range map[string]string{
		"no such class":   newest + "\tNothing.defaults\t",
		"no such message": newest + "\tMessages.defaults\tNothingData\t1",
		"no such method":  newest + "\tMessages.nothing\t",
		"no such release": "0.7\tMessages.defaults\t",
	} {
		if answer, err := java.send(question); err != nil || !strings.HasPrefix(answer, "broken\t") {
			t.Errorf("%s: %q %v", what, answer, err)
		}
	}
}
