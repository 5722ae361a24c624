package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// produced writes lines to a partition of topic t.
func produced(t *testing.T, cluster *kafkatest.Cluster, partition int32, lines ...string) {
	t.Helper()
	for _, line := range lines {
		cluster.Produce("t", partition, kafkatest.Record{Value: []byte(line)})
	}
}

// A buffer is an output that is looked at while it is written. Once it holds
// more than room bytes (0: no limit), its reader is gone.
type buffer struct {
	mu   sync.Mutex
	data bytes.Buffer
	room int
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if left := b.room - b.data.Len(); b.room > 0 && len(p) > left {
		b.data.Write(p[:left])
		return left, &osError{syscall.EPIPE}
	}
	return b.data.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

type osError struct{ err error }

func (e *osError) Error() string { return "write |1: " + e.err.Error() }
func (e *osError) Unwrap() error { return e.err }

// running is a command in the background.
type running struct {
	out, err buffer
	stop     context.CancelFunc
	status   chan int
}

func background(t *testing.T, room int, args ...string) *running {
	r := &running{status: make(chan int, 1)}
	r.out.room = room
	var ctx context.Context
	ctx, r.stop = context.WithCancel(t.Context())
	go func() { r.status <- run(ctx, args, streams{strings.NewReader(""), &r.out, &r.err}) }()
	return r
}

// wait returns the exit status.
func (r *running) wait(t *testing.T) int {
	t.Helper()
	select {
	case status := <-r.status:
		return status
	case <-time.After(2 * time.Minute):
		t.Fatalf("the command does not end; it printed:\n%s%s", r.out.String(), r.err.String())
		return -1
	}
}

// until waits for a text in a buffer.
func until(t *testing.T, b *buffer, text string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !strings.Contains(b.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %q in:\n%s", text, b.String())
		}
	}
}

// The offset given is beyond the end of a partition: its records are printed when
// they have come so far, and none before that.
func TestOffsetBeyondTheEnd(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Topic("t", 2))
	produced(t, cluster, 0, "a0", "a1", "a2", "a3")
	r := background(t, 0, "consume", "-b", cluster.Addrs()[0], "-t", "t", "-o", "6", "-c", "2")
	until(t, &r.err, "partition 0 ends at offset 4; nothing is there to print from 6 on, yet")
	produced(t, cluster, 0, "a4", "a5", "a6", "a7")
	if status := r.wait(t); status != 0 || r.out.String() != "a6\na7\n" {
		t.Errorf("exit status %d, printed %q:\n%s", status, r.out.String(), r.err.String())
	}
}

func TestOffsetBeforeTheBeginning(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Topic("t", 1))
	produced(t, cluster, 0, "a0", "a1", "a2")
	cluster.DeleteRecords("t", 0, 2)
	status, stdout, stderr := command(t, "", "consume", "-b", cluster.Addrs()[0], "-t", "t", "-o", "1", "-e")
	if status != 0 || stdout != "a2\n" || !strings.Contains(stderr, "partition 0 begins at offset 2; older records are gone") {
		t.Errorf("exit status %d, printed %q:\n%s", status, stdout, stderr)
	}
}

// A closed pipe is an end like SIGTERM: what was written whole is committed, and
// the group left.
func TestClosedPipe(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Topic("t", 2))
	b := cluster.Addrs()[0]
	produced(t, cluster, 0, "a0", "a1", "a2", "a3", "a4")
	produced(t, cluster, 1, "b0", "b1", "b2")
	first := background(t, len("x0\nx1\nx"), "consume", "-b", b, "-t", "t", "-g", "g")
	if status := first.wait(t); status != 0 || first.err.String() != "" {
		t.Errorf("exit status %d:\n%s", status, first.err.String())
	}
	if n := cluster.Requests(wire.KeyLeaveGroup); n != 1 {
		t.Errorf("%d LeaveGroup requests, want 1", n)
	}
	status, stdout, stderr := command(t, "", "consume", "-b", b, "-t", "t", "-g", "g", "-e")
	whole := strings.Fields(first.out.String())[:2]
	got := strings.Fields(stdout)
	for _, line := range []string{"a0", "a1", "a2", "a3", "a4", "b0", "b1", "b2"} {
		times := strings.Count(strings.Join(whole, " "), line) + strings.Count(strings.Join(got, " "), line)
		if times != 1 {
			t.Errorf("%s was written whole %d times, want once: %v, then %v", line, times, whole, got)
		}
	}
	if status != 0 {
		t.Errorf("exit status %d:\n%s", status, stderr)
	}
}

// The interrupt comes while records are coming.
func TestInterruptedConsume(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Topic("t", 1))
	b := cluster.Addrs()[0]
	produced(t, cluster, 0, "a0", "a1")
	first := background(t, 0, "consume", "-b", b, "-t", "t", "-g", "g")
	until(t, &first.out, "a1\n")
	first.stop()
	if status := first.wait(t); status != 0 || cluster.Requests(wire.KeyLeaveGroup) != 1 {
		t.Errorf("exit status %d, %d LeaveGroup requests:\n%s", status, cluster.Requests(wire.KeyLeaveGroup), first.err.String())
	}
	if _, stdout, stderr := command(t, "", "consume", "-b", b, "-t", "t", "-g", "g", "-e"); stdout != "" {
		t.Errorf("printed again: %q\n%s", stdout, stderr)
	}
}

// What is in the way is said, and waited for no longer than max.block.ms.
func TestConsumeGivesUp(t *testing.T) {
	for _, c := range []struct {
		name, args string
		spoil      func(*kafkatest.Cluster)
		want       string
	}{
		{"-e without a leader", "-e", stopSecond, `waited 1s for records of "t": consumer: position of partition `},
		{"-c without a leader", "-c 10", stopSecond, `waited 1s for records of "t": consumer: position of partition `},
		{"-o without a leader", "-o 1 -e", stopSecond, `waited 1s for the offsets of "t"`},
		{"-e with a leader that does not answer", "-e", func(c *kafkatest.Cluster) { c.Freeze(2) }, `waited 1s for records of "t"`},
		{"no coordinator", "-g g", func(c *kafkatest.Cluster) {
			c.Control(wire.KeyFindCoordinator, func(kafkatest.Request) kafkatest.Action {
				return kafkatest.Action{Error: wire.ErrCoordinatorNotAvailable}
			})
		}, `waited 1s for a place in the group "g": asking its coordinator`},
		{"a coordinator that does not answer", "-g g", func(c *kafkatest.Cluster) {
			c.Control(wire.KeyJoinGroup, func(kafkatest.Request) kafkatest.Action {
				return kafkatest.Action{NoAnswer: true}
			})
			c.Control(wire.KeyDescribeGroups, func(kafkatest.Request) kafkatest.Action {
				return kafkatest.Action{NoAnswer: true}
			})
		}, `waited 1s for a place in the group "g"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cluster := startTwo(t)
			produced(t, cluster, 0, "a0")
			c.spoil(cluster)
			args := append([]string{"consume", "-b", cluster.Addr(1), "-t", "t", "-X", "max.block.ms=1000"}, strings.Fields(c.args)...)
			status, _, stderr := command(t, "", args...)
			if status != 1 || !strings.Contains(stderr, c.want) {
				t.Errorf("exit status %d, want 1 and %q:\n%s", status, c.want, stderr)
			}
		})
	}
}

// startTwo starts two brokers, each with one of the two partitions of topic t.
func startTwo(t *testing.T) *kafkatest.Cluster {
	t.Helper()
	cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Brokers(2))
	if err := cluster.CreateTopic("t", 2, 1); err != nil {
		t.Fatal(err)
	}
	return cluster
}

func stopSecond(c *kafkatest.Cluster) { c.StopBroker(2) }

// Without -c and -e a broker that went away is waited for as long as it takes.
func TestConsumeOutlastsBrokers(t *testing.T) {
	cluster := startTwo(t)
	produced(t, cluster, 0, "a0")
	produced(t, cluster, 1, "b0")
	r := background(t, 0, "consume", "-b", cluster.Addr(1), "-t", "t", "-X", "max.block.ms=500")
	until(t, &r.out, "a0")
	until(t, &r.out, "b0")
	node, _ := cluster.Leader("t", 1)
	cluster.StopBroker(node)
	until(t, &r.err, `waiting for records of "t": `)
	time.Sleep(time.Second) // longer than max.block.ms
	if err := cluster.StartBroker(node); err != nil {
		t.Fatal(err)
	}
	produced(t, cluster, 1, "b1")
	until(t, &r.out, "b1")
	r.stop()
	if status := r.wait(t); status != 0 {
		t.Errorf("exit status %d:\n%s", status, r.err.String())
	}
}

// A broker that does not answer any more is said to be waited for, and not given
// up by those who named no end.
func TestConsumeOutlastsSilence(t *testing.T) {
	cluster := startTwo(t)
	produced(t, cluster, 0, "a0")
	r := background(t, 0, "consume", "-b", cluster.Addr(1), "-t", "t", "-X", "max.block.ms=500")
	until(t, &r.out, "a0")
	node, _ := cluster.Leader("t", 1)
	if err := cluster.Freeze(node); err != nil {
		t.Fatal(err)
	}
	until(t, &r.err, `waiting for records of "t": `)
	if err := cluster.Thaw(node); err != nil {
		t.Fatal(err)
	}
	produced(t, cluster, 1, "b0")
	until(t, &r.out, "b0")
	r.stop()
	if status := r.wait(t); status != 0 {
		t.Errorf("exit status %d:\n%s", status, r.err.String())
	}
}

// A group that waits for a member which does not come back is waited for, and
// that is said.
func TestGroupWithAGhost(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Topic("t", 1), kafkatest.SessionTimeouts(time.Second, time.Hour))
	produced(t, cluster, 0, "a0")
	b := cluster.Addrs()[0]
	ghost := background(t, 0, "consume", "-b", b, "-t", "t", "-g", "g", "-X", "session.timeout.ms=4000", "-X", "heartbeat.interval.ms=1000")
	until(t, &ghost.out, "a0")
	remove := cluster.Control(wire.KeyHeartbeat, func(kafkatest.Request) kafkatest.Action { return kafkatest.Action{Lose: true} })
	r := background(t, 0, "consume", "-b", b, "-t", "t", "-g", "g", "-X", "max.block.ms=500", "-c", "1")
	until(t, &r.err, `waiting for a place in the group "g": it is in the state `)
	remove()
	ghost.stop()
	ghost.wait(t)
	produced(t, cluster, 0, "a1")
	if status := r.wait(t); status != 0 {
		t.Errorf("exit status %d:\n%s", status, r.err.String())
	}
}

// Reading a topic never makes it.
func TestTypo(t *testing.T) {
	for _, version := range []string{"0.8.0", "0.8.2.2", "0.9.0.1", "0.10.2.2", "0.11.0.3", "4.4.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Version(version), kafkatest.Topic("t", 1))
			for _, args := range []string{"", "-g g", "-o 3", "-e"} {
				all := append([]string{"consume", "-b", cluster.Addrs()[0], "-t", "typo", "-X", "max.block.ms=300"}, strings.Fields(args)...)
				status, _, stderr := command(t, "", all...)
				if status != 1 || !strings.Contains(stderr, `the topic "typo"`) {
					t.Errorf("consume %s: exit status %d:\n%s", args, status, stderr)
				}
			}
			cluster.CreateTopic("typo", 1, 1) // fails the test if there is one
		})
	}
}

// Warnings are shown without being asked for.
func TestWarnings(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Topic("t", 1))
	produced(t, cluster, 0, "a0", "a1", "a2")
	cluster.Control(wire.KeyOffsetCommit, func(kafkatest.Request) kafkatest.Action {
		return kafkatest.Action{Error: wire.ErrOffsetMetadataTooLarge}
	})
	r := background(t, 0, "consume", "-b", cluster.Addrs()[0], "-t", "t", "-g", "g", "-X", "auto.commit.interval.ms=100")
	until(t, &r.err, "level=WARN")
	r.stop()
	r.wait(t)
}
