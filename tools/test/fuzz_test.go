package main

import (
	"path/filepath"
	"slices"
	"testing"
)

func TestFuzzTargets(t *testing.T) {
	targets, err := fuzzTargets(filepath.Join("..", "..", "wire"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []fuzzTarget{{".", "FuzzFrames"}, {"./msg", "FuzzRequests"}} {
		if !slices.Contains(targets, want) && !slices.Contains(targets, fuzzTarget{"./" + want.pkg, want.name}) {
			t.Errorf("no %v in %v", want, targets)
		}
	}
	for _, target := range targets { // a module of its own
		if target.pkg == "./kafkatest" || target.pkg == "./compress" {
			t.Errorf("%v belongs to another module", target)
		}
	}
}
