package javacheck

import (
	"strings"
	"testing"
)

// Each release answers with its own classes, and what goes wrong shows.
func TestRunner(t *testing.T) {
	java := startJVM(t)
	for release, want := range map[string]string{newest: "4\t18", oldest: "0\t17"} {
		if text, thrown := java.ask(t, release, "Messages.versions", "FetchRequestData"); text != want || thrown != "" {
			t.Errorf("FetchRequest of %s: %q %s, want %q", release, text, thrown, want)
		}
	}
	if _, thrown := java.ask(t, newest, "Messages.defaults", "JoinGroupRequestData", "x"); !strings.Contains(thrown, "NumberFormatException") {
		t.Errorf("a version that is no number: %q", thrown)
	}
	for what, question := range map[string]string{
		"no such class":   newest + "\tNothing.versions\t",
		"no such message": newest + "\tMessages.versions\tNothingData",
		"no such method":  newest + "\tMessages.nothing\t",
		"no such release": "0.7\tMessages.versions\t",
	} {
		if answer, err := java.send(question); err != nil || !strings.HasPrefix(answer, "broken\t") {
			t.Errorf("%s: %q %v", what, answer, err)
		}
	}
}
