package main

import (
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// Records that nobody can take are waited for, which is said long before they
// are given up.
func TestProduceSaysWhatItWaitsFor(t *testing.T) {
	cluster := startTwo(t)
	node, _ := cluster.Leader("t", 1)
	if err := cluster.StopBroker(node); err != nil {
		t.Fatal(err)
	}
	r := &running{status: make(chan int, 1)}
	go func() {
		args := []string{"produce", "-b", cluster.Addr(3 - node), "-t", "t", "-p", "1", "-X", "max.block.ms=1000"}
		r.status <- run(t.Context(), args, streams{strings.NewReader("a\nb\n"), &r.out, &r.err})
	}()
	until(t, &r.err, `waiting for the acknowledgement of 2 records, for delivery.timeout.ms at most; partitions of "t" without a leader: 1`)
	if err := cluster.StartBroker(node); err != nil {
		t.Fatal(err)
	}
	if status := r.wait(t); status != 0 {
		t.Errorf("exit status %d:\n%s", status, r.err.String())
	}
}

func TestRequestSaysWhatItWaitsFor(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Topic("t", 1))
	cluster.Control(wire.KeyListGroups, func(kafkatest.Request) kafkatest.Action { return kafkatest.Action{NoAnswer: true} })
	status, _, stderr := command(t, "", "request", "-b", cluster.Addrs()[0], "-X", "max.block.ms=1000", "ListGroups")
	if status != 1 || !strings.Contains(stderr, "waiting for the answer, until ") {
		t.Errorf("exit status %d:\n%s", status, stderr)
	}
}
