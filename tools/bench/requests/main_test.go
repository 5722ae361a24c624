//go:build unix

package main

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// TestMain lets the test be the broker that startBroker starts.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "-broker") {
		if err := broker(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestClients: each does what it is measured for.
func TestClients(t *testing.T) {
	addr, stop, err := startBroker()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	for _, connect := range []connector{connectBare, connectOurs, connectFranz} {
		c, err := connect(t.Context(), addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.close()
		if _, err := oneByOne(t.Context(), c, 10); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := together(t.Context(), c, 4, 10); c.name != "bare" && err != nil {
			t.Errorf("%s together: %v", c.name, err)
		}
	}
	if _, err := refreshCost(t.Context(), addr, 1); err != nil {
		t.Error(err)
	}
}

func TestCost(t *testing.T) {
	const worked = 20 * time.Millisecond
	cost, err := costOf(2, func() error {
		for end := time.Now().Add(worked); time.Now().Before(end); {
		}
		time.Sleep(worked)
		return nil
	})
	if err != nil || cost <= 0 || cost > worked {
		t.Errorf("half of at most %v of work cost %v, %v", worked, cost, err)
	}
}
