package consumer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/assignors"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// groupVersions are releases with groups.
var groupVersions = []string{"0.9.0.1", "0.10.2.2", "2.1.1", "2.8.2", "4.4.0"}

func forGroupVersions(t *testing.T, f func(w *world), opts ...kafkatest.Option) {
	for _, v := range groupVersions {
		t.Run(v, func(t *testing.T) { inWorld(t, f, append(slices.Clone(opts), kafkatest.Version(v))...) })
	}
}

// member is a consumer that reads in a goroutine of its own, as a process would.
type member struct {
	*Consumer
	w      *world
	name   string
	stop   context.CancelFunc
	ended  chan struct{}
	events []string // callbacks; of the goroutine's, to be read after it ended

	mu   sync.Mutex // guards got
	got  []string
	errs []error
}

// member starts one that reads t in group g until it is stopped.
func (w *world) member(name_ string, change func(*Config)) *member {
	m := &member{w: w, name: name_, ended: make(chan struct{})}
	event := func(what string) RebalanceFunc {
		return func(_ context.Context, _ *Consumer, tps []TopicPartition) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.events = append(m.events, fmt.Sprint(what, " ", tps))
		}
	}
	cfg := Config{GroupID: "g", Topics: []string{"t"}, OnAssigned: event("assigned"), OnRevoked: event("revoked"), OnLost: event("lost")}
	if change != nil {
		change(&cfg)
	}
	m.Consumer = w.consumer(name_, cfg)
	var ctx context.Context
	ctx, m.stop = context.WithCancel(w.ctx)
	w.Cleanup(func() { m.stop(); <-m.ended })
	go m.run(ctx)
	return m
}

func (m *member) run(ctx context.Context) {
	defer close(m.ended)
	for r, err := range m.Records(ctx) {
		m.mu.Lock()
		if err != nil {
			m.errs = append(m.errs, err)
		} else {
			m.got = append(m.got, name(&r))
		}
		m.mu.Unlock()
		time.Sleep(10 * time.Millisecond) // the work
	}
}

// leave stops the member in good order.
func (m *member) leave() {
	m.w.Helper()
	m.stop()
	<-m.ended
	m.w.close(m.Consumer)
}

func (m *member) read() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.got)
}

func (m *member) heard() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.events, "; ")
}

// union sorts what all members have read.
func union(members ...*member) (all []string) {
	for _, m := range members {
		all = append(all, m.read()...)
	}
	slices.Sort(all)
	return all
}

// settle waits until the members have these numbers of partitions.
func (w *world) settle(want map[*member]int) {
	w.Helper()
	what := ""
	for m, n := range want {
		what += fmt.Sprintf("%s has %d partitions; ", m.name, n)
	}
	w.until(what, func() bool {
		for m, n := range want {
			if len(m.Assignment()) != n {
				return false
			}
		}
		return true
	}, w.second)
}

// Members come and go in good order while records are written: every record is read, none twice.
func TestMembersShareTheWork(t *testing.T) {
	forGroupVersions(t, func(w *world) {
		written := 0
		write := func(n int) {
			for range n {
				for p := range int32(6) {
					w.write("t", p, fmt.Sprint(written))
				}
				written++
			}
		}
		write(20)
		a := w.member("a", nil)
		w.settle(map[*member]int{a: 6})
		write(20)
		b := w.member("b", nil)
		w.settle(map[*member]int{a: 3, b: 3})
		write(20)
		c := w.member("c", func(cfg *Config) { cfg.HeartbeatInterval = time.Second })
		w.settle(map[*member]int{a: 2, b: 2, c: 2})
		write(20)
		a.leave()
		w.settle(map[*member]int{b: 3, c: 3})
		write(20)
		c.leave()
		w.settle(map[*member]int{b: 6})
		write(20)
		w.until("all is read", func() bool { return len(union(a, b, c)) >= 6*written }, w.second)
		time.Sleep(10 * time.Second)
		b.leave()
		var want []string
		for p := range 6 {
			for i := range written {
				want = append(want, fmt.Sprintf("t/%d@%d=%d", p, i, i))
			}
		}
		slices.Sort(want)
		w.want(union(a, b, c), want...)
		for p := range int32(6) {
			w.committedOf("g", "t", p, int64(written))
		}
	}, kafkatest.Topic("t", 6))
}

func TestRoundRobinIsAgreedOn(t *testing.T) {
	inWorld(t, func(w *world) {
		_, both, _ := ParseProperties(map[string]string{"partition.assignment.strategy": "range,roundrobin"})
		_, one, _ := ParseProperties(map[string]string{"partition.assignment.strategy": "roundrobin"})
		a := w.member("a", func(cfg *Config) { cfg.Assignors = both.Assignors })
		b := w.member("b", func(cfg *Config) { cfg.Assignors = one.Assignors })
		w.settle(map[*member]int{a: 2, b: 1})
		if got := a.Assignment(); got[1].Partition != 2 {
			w.Errorf("a has %v", got)
		}
		_, other, _ := ParseProperties(map[string]string{"partition.assignment.strategy": "range"})
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, Assignors: other.Assignors})
		if _, err := c.Poll(w.ctx, time.Minute); !errors.Is(err, wire.ErrInconsistentGroupProtocol) {
			w.Errorf("a member without a common assignor: %v", err)
		}
		a.leave()
		b.leave()
	}, kafkatest.Topic("t", 3))
}

// A member that is cut off loses its partitions when its session ends, and not before; it hears of
// that with OnLost, and what it commits afterwards is refused.
func TestContractRevokedBeforeLost(t *testing.T) {
	forGroupVersions(t, func(w *world) {
		var a *Consumer
		var heard []string
		a = w.consumer("a", Config{
			GroupID: "g", Topics: []string{"t"}, CommitMode: CommitManual,
			OnRevoked: func(ctx context.Context, c *Consumer, tps []TopicPartition) {
				// Nobody else has the partition yet, and the commit counts.
				w.must(c.Commit(ctx))
				heard = append(heard, fmt.Sprint("revoked ", tps))
			},
			OnLost: func(ctx context.Context, c *Consumer, tps []TopicPartition) {
				if err := c.Commit(ctx); !errors.Is(err, ErrSessionExpired) {
					w.Errorf("Commit of what is lost: %v", err)
				}
				heard = append(heard, fmt.Sprint("lost ", tps))
			},
		})
		w.count("t", 1, 4)
		w.want([]string{w.next(a), w.next(a)}, "t/0@0=0", "t/0@1=1")
		b := w.member("b", nil)
		w.until("a heard of the rebalance", func() bool { return len(heard) > 0 }, w.polls(a))
		w.want(heard, "revoked [t/0]")
		w.committed("g", 4)
		w.until("somebody has the partition", func() bool { return len(a.Assignment())+len(b.Assignment()) > 0 }, w.polls(a))
		b.leave()
		heard = nil
		w.until("a has the partition", func() bool { return len(a.Assignment()) > 0 }, w.polls(a))
		// The network loses a's heartbeats.
		began := time.Now()
		remove := w.cluster.Control(wire.KeyHeartbeat, func(r kafkatest.Request) kafkatest.Action {
			return kafkatest.Action{Lose: true, NoAnswer: true}
		})
		w.until("a lost the partition", func() bool { return len(heard) > 0 }, func() {
			_, err := a.Poll(w.ctx, 100*time.Millisecond)
			w.must(err)
		})
		if d := time.Since(began); d < 26*time.Second || d > 31*time.Second {
			w.Errorf("lost after %v, with a session of 30 s", d)
		}
		w.want(heard, "lost [t/0]")
		remove()
		w.until("a has the partition", func() bool { return len(a.Assignment()) > 0 }, w.polls(a))
		w.close(a)
		w.want(heard, "lost [t/0]", "revoked [t/0]")
	}, kafkatest.Topic("t", 1))
}

// A member that was thrown out can't commit over what its successor has done.
func TestContractCommitFencing(t *testing.T) {
	forGroupVersions(t, func(w *world) {
		w.count("t", 1, 4)
		a := w.consumer("a", Config{GroupID: "g", Topics: []string{"t"}})
		w.want([]string{w.next(a)}, "t/0@0=0")
		// a's heartbeats get lost, and a goes on reading from the leader.
		remove := w.cluster.Control(wire.KeyHeartbeat, func(r kafkatest.Request) kafkatest.Action {
			return kafkatest.Action{Lose: r.ClientID == "a", NoAnswer: r.ClientID == "a"}
		})
		time.Sleep(10 * time.Second)
		b := w.member("b", nil)
		w.until("b read all", func() bool { return len(b.read()) >= 4 }, w.second)
		b.leave()
		remove()
		w.committed("g", 4)
		if err := a.Commit(w.ctx); !errors.Is(err, ErrSessionExpired) {
			w.Errorf("Commit of a member that was thrown out: %v", err)
		}
		if err := a.CommitOffsets(w.ctx, map[TopicPartition]OffsetAndMetadata{tps("t", 0)[0]: {Offset: 1}}); !errors.Is(err, ErrSessionExpired) {
			w.Errorf("CommitOffsets: %v", err)
		}
		w.committed("g", 4)
		w.none(a) // back in the group, behind what b has read
		w.close(a)
		w.committed("g", 4)
	}, kafkatest.Topic("t", 1))
}

func TestContractOnlyWhatIsOwnedIsCommitted(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 2, 3)
		c := w.consumer("c", Config{GroupID: "g", CommitMode: CommitManual})
		w.must(c.Assign(tps("t", 0)...))
		err := c.CommitOffsets(w.ctx, map[TopicPartition]OffsetAndMetadata{tps("t", 0)[0]: {Offset: 1}, tps("t", 1)[0]: {Offset: 1}})
		if !errors.Is(err, ErrNotAssigned) || !strings.Contains(err.Error(), "partition 1") {
			w.Errorf("CommitOffsets: %v", err)
		}
		w.committed("g", -1)
		if err := c.CommitOffsets(w.ctx, map[TopicPartition]OffsetAndMetadata{tps("t", 0)[0]: {Offset: -1}}); err == nil {
			w.Error("offset -1 was committed")
		}
		w.must(c.CommitOffsets(w.ctx, nil))
		if n := w.cluster.Requests(wire.KeyOffsetCommit); n != 0 {
			w.Errorf("%d requests for nothing", n)
		}
	}, kafkatest.Topic("t", 2))
}

func TestContractFinished(t *testing.T) {
	// Each way to read ends with Close, which commits what is finished.
	for name, c := range map[string]struct {
		read func(w *world, c *Consumer)
		want int64
	}{
		"break":       {func(w *world, c *Consumer) { w.next(c) }, 0},
		"two breaks":  {func(w *world, c *Consumer) { w.next(c); w.next(c) }, 1},
		"break, poll": {func(w *world, c *Consumer) { w.next(c); c.Poll(w.ctx, 0) }, 1},
		"the third": {func(w *world, c *Consumer) {
			n := 0
			for range c.Records(w.ctx) {
				if n++; n == 3 {
					break
				}
			}
		}, 2},
		"finish": {func(w *world, c *Consumer) {
			for r := range c.Records(w.ctx) {
				c.Finish(r)
				break
			}
		}, 1},
		"finish what was sought away from": {func(w *world, c *Consumer) {
			n := 0
			for r := range c.Records(w.ctx) {
				if n++; n == 3 {
					c.Seek(tps("t", 0)[0], 1)
					c.Finish(r)
					break
				}
			}
		}, 1},
		"panic": {func(w *world, c *Consumer) {
			defer func() { recover() }()
			n := 0
			for range c.Records(w.ctx) {
				if n++; n == 2 {
					panic("no")
				}
			}
		}, 1},
		"commit in hand": {func(w *world, c *Consumer) {
			for range c.Records(w.ctx) {
				w.must(c.Commit(w.ctx))
				w.committed("g", 1)
				break
			}
		}, 1},
		"close in the loop": {func(w *world, c *Consumer) {
			n := 0
			for _, err := range c.Records(w.ctx) {
				if err != nil {
					if !errors.Is(err, ErrClosed) {
						w.Error(err)
					}
					continue
				}
				if n++; n == 3 {
					w.close(c)
				}
			}
			if n != 3 {
				w.Errorf("%d records", n)
			}
		}, 2},
		"poll":            {func(w *world, c *Consumer) { w.poll(c, 5) }, 0},
		"poll, poll":      {func(w *world, c *Consumer) { w.poll(c, 5); c.Poll(w.ctx, 0) }, 5},
		"poll, records":   {func(w *world, c *Consumer) { w.poll(c, 5); w.write("t", 0, "5"); w.next(c) }, 5},
		"poll, commit":    {func(w *world, c *Consumer) { w.poll(c, 5); w.must(c.Commit(w.ctx)) }, 5},
		"poll, seek":      {func(w *world, c *Consumer) { w.poll(c, 5); c.Seek(tps("t", 0)[0], 2) }, 2},
		"poll, not taken": {func(w *world, c *Consumer) { c.Poll(w.ctx, time.Second); c.Poll(w.ctx, 0) }, 5},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.count("t", 1, 5)
				consumer := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}})
				c.read(w, consumer)
				w.close(consumer)
				w.committed("g", c.want)
			}, kafkatest.Topic("t", 1))
		})
	}
}

// kafka-python 1.2.1 committed automatically only with subscribe and groups (C125).
func TestAutomaticCommits(t *testing.T) {
	for _, v := range []string{"0.8.1.1", "0.8.2.2", "4.4.0"} {
		t.Run(v, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.count("t", 1, 5)
				c := w.consumer("c", Config{GroupID: "g", AutoCommitInterval: 2 * time.Second})
				w.must(c.Assign(tps("t", 0)...))
				n := 0
				for range c.Records(w.ctx) {
					if n++; n == 4 {
						time.Sleep(2500 * time.Millisecond) // a commit in the middle of the work
						w.committed("g", 3)
						break
					}
				}
				w.committed("g", 3)
			}, kafkatest.Topic("t", 1), kafkatest.Version(v))
		})
	}
}

// An answer that never comes holds a member up no longer than the broker may wait for the others:
// before 0.10.1 that is the session, not MaxPollInterval.
func TestLostJoinAnswer(t *testing.T) {
	for release, most := range map[string]time.Duration{"0.9.0.1": time.Minute, "0.10.0.1": time.Minute, "0.10.1.1": 6 * time.Minute, "4.4.0": 6 * time.Minute} {
		for _, key := range []wire.APIKey{wire.KeyJoinGroup, wire.KeySyncGroup} {
			t.Run(release+" "+key.String(), func(t *testing.T) {
				inWorld(t, func(w *world) {
					lost := false
					w.Cleanup(w.cluster.Control(key, func(kafkatest.Request) (a kafkatest.Action) {
						a.NoAnswer, lost = !lost, true
						return a
					}))
					c := w.consumer("a", Config{GroupID: "g", Topics: []string{"t"}})
					began := time.Now()
					w.until("it is a member", func() bool { return len(c.Assignment()) > 0 }, func() { c.Poll(w.ctx, time.Second) })
					if took := time.Since(began); took > most {
						w.Errorf("it took %v, want at most %v", took, most)
					}
				}, kafkatest.Topic("t", 1), kafkatest.Version(release))
			})
		}
	}
}

func TestMaxPollInterval(t *testing.T) {
	for _, way := range []string{"poll", "records"} {
		t.Run(way, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.count("t", 1, 4)
				var lost bool
				c := w.consumer("c", Config{
					GroupID: "g", Topics: []string{"t"}, MaxPollInterval: time.Minute,
					OnLost: func(context.Context, *Consumer, []TopicPartition) { lost = true },
				})
				hang := func() {
					w.Helper()
					time.Sleep(59 * time.Second)
					if len(c.GroupMetadata().MemberID) == 0 {
						w.Error("left too early")
					}
					time.Sleep(5 * time.Second) // what Records hands out is noticed by the next heartbeat, within 3 s
					if len(c.GroupMetadata().MemberID) != 0 {
						w.Error("still a member")
					}
				}
				var err error
				if way == "poll" {
					w.poll(c, 4)
					hang()
					_, err = c.Poll(w.ctx, time.Minute)
				} else {
					n := 0
					ctx, stop := context.WithTimeout(w.ctx, time.Hour)
					defer stop()
					for _, err = range c.Records(ctx) {
						// Slow, but with progress: that is fine for as long as it takes.
						if n++; n < 4 {
							time.Sleep(40 * time.Second)
						} else if n == 4 {
							hang()
						} else {
							break
						}
					}
				}
				if !errors.Is(err, ErrMaxPollExceeded) || !strings.Contains(fmt.Sprint(err), "MaxPollInterval") {
					w.Errorf("got %v", err)
				}
				if !lost {
					w.Error("OnLost was not called")
				}
				// It joins again. What it had finished was committed.
				w.write("t", 0, "new")
				if way == "poll" {
					w.want(w.poll(c, 5), "t/0@0=0", "t/0@1=1", "t/0@2=2", "t/0@3=3", "t/0@4=new")
				} else {
					w.want(w.poll(c, 2), "t/0@3=3", "t/0@4=new")
				}
			}, kafkatest.Topic("t", 1))
		})
	}
}

func TestCoordinatorMoves(t *testing.T) {
	forGroupVersions(t, func(w *world) {
		a, b := w.member("a", nil), w.member("b", nil)
		w.settle(map[*member]int{a: 1, b: 1})
		for node := range int32(3) {
			w.cluster.MoveCoordinator("g", node+1)
			w.count("t", 2, 1)
			time.Sleep(20 * time.Second)
		}
		if n := strings.Count(a.heard()+b.heard(), "lost"); n != 0 {
			w.Errorf("the partitions were lost: %s / %s", a.heard(), b.heard())
		}
		a.leave()
		b.leave()
		if got := union(a, b); len(got) != 6 {
			w.Errorf("read %v", got)
		}
	}, kafkatest.Topic("t", 2), kafkatest.Brokers(3))
}

func TestCoordinatorStops(t *testing.T) {
	forGroupVersions(t, func(w *world) {
		a, b := w.member("a", nil), w.member("b", nil)
		w.settle(map[*member]int{a: 1, b: 1})
		n := 0
		for node := range int32(3) {
			w.cluster.StopBroker(node + 1)
			w.count("t", 2, 1)
			n += 2
			time.Sleep(20 * time.Second)
			w.must(w.cluster.StartBroker(node + 1))
			time.Sleep(20 * time.Second)
		}
		a.leave()
		b.leave()
		got := union(a, b)
		if all := slices.Compact(got); len(all) != n {
			w.Errorf("read %v", got)
		}
	}, kafkatest.Topic("t", 2), kafkatest.Brokers(3))
}

func TestPartitionsAreAdded(t *testing.T) {
	for _, v := range []string{"0.8.2.2", "4.4.0"} {
		t.Run(v, func(t *testing.T) {
			inWorld(t, func(w *world) {
				a := w.member("a", nil)
				w.settle(map[*member]int{a: 1})
				w.must(w.cluster.AddPartitions("t", 3))
				w.settle(map[*member]int{a: 3})
				w.count("t", 3, 1)
				w.until("a read all", func() bool { return len(a.read()) >= 3 }, w.second)
				a.leave()
				w.want(union(a), "t/0@0=0", "t/1@0=0", "t/2@0=0")
			}, kafkatest.Topic("t", 1), kafkatest.Version(v))
		})
	}
}

func TestPattern(t *testing.T) {
	for _, v := range []string{"0.8.2.2", "0.9.0.1", "4.4.0"} {
		t.Run(v, func(t *testing.T) {
			inWorld(t, func(w *world) {
				pattern := func(cfg *Config) { cfg.Topics, cfg.Pattern = nil, regexp.MustCompile("foo") }
				a := w.member("a", pattern)
				w.settle(map[*member]int{a: 2})
				if got := a.Subscription(); !slices.Equal(got, []string{"foo", "foo1"}) {
					w.Errorf("subscribed to %v", got)
				}
				w.must(w.cluster.CreateTopic("food", 1, 1))
				w.settle(map[*member]int{a: 3}) // within MetadataMaxAge
				w.write("food", 0, "0")
				w.until("a read it", func() bool { return len(a.read()) >= 1 }, w.second)
				a.leave()
			}, kafkatest.Topic("foo", 1), kafkatest.Topic("foo1", 1), kafkatest.Topic("xfoo", 1), kafkatest.Topic("bar", 1), kafkatest.Version(v))
		})
	}
}

func TestResubscribe(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 1)
		w.count("u", 1, 1)
		var heard []string
		cfg := Config{GroupID: "g", Topics: []string{"t"}}
		cfg.OnAssigned = func(_ context.Context, _ *Consumer, tps []TopicPartition) {
			heard = append(heard, fmt.Sprint("+", tps))
		}
		cfg.OnRevoked = func(_ context.Context, _ *Consumer, tps []TopicPartition) {
			heard = append(heard, fmt.Sprint("-", tps))
		}
		c := w.consumer("c", cfg)
		w.want(w.poll(c, 1), "t/0@0=0")
		w.must(c.Subscribe("u"))
		w.want(w.poll(c, 1), "u/0@0=0")
		w.must(c.Unsubscribe(w.ctx))
		if got := c.Assignment(); len(got) != 0 {
			w.Errorf("assigned %v", got)
		}
		w.must(c.Subscribe("t", "u"))
		w.write("t", 0, "1")
		w.want(w.poll(c, 2), "t/0@1=1", "u/0@0=0") // u was not finished
		w.close(c)
		w.want(heard, "+[t/0]", "-[t/0]", "+[u/0]", "-[u/0]", "+[t/0 u/0]", "-[t/0 u/0]")
	}, kafkatest.Topic("t", 1), kafkatest.Topic("u", 1))
}

func TestSeekInOnAssigned(t *testing.T) {
	forVersions(t, func(w *world) {
		w.count("t", 1, 5)
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, OnAssigned: func(_ context.Context, c *Consumer, tps []TopicPartition) {
			for _, tp := range tps {
				w.must(c.Seek(tp, 3))
			}
		}})
		w.want(w.poll(c, 2), "t/0@3=3", "t/0@4=4")
	}, kafkatest.Topic("t", 1))
}

// Close from a callback's goroutine does not wait for itself.
func TestCloseFromACallback(t *testing.T) {
	inWorld(t, func(w *world) {
		done := make(chan error, 1)
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, OnAssigned: func(ctx context.Context, c *Consumer, _ []TopicPartition) {
			go func() { done <- c.Close() }()
			time.Sleep(time.Second)
		}})
		if _, err := c.Poll(w.ctx, time.Hour); !errors.Is(err, ErrClosed) {
			w.Errorf("Poll: %v", err)
		}
		w.must(<-done)
	}, kafkatest.Topic("t", 1))
}

func TestACallbackThatPanics(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 1)
		n := 0
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, OnRevoked: func(context.Context, *Consumer, []TopicPartition) {
			if n++; n == 1 {
				panic("no")
			}
		}})
		w.want(w.poll(c, 1), "t/0@0=0")
		w.must(c.Subscribe("t", "u"))
		func() {
			defer func() { recover() }()
			c.Poll(w.ctx, time.Minute)
		}()
		w.write("t", 0, "1")
		w.want(w.poll(c, 1), "t/0@1=1")
		w.close(c)
	}, kafkatest.Topic("t", 1), kafkatest.Topic("u", 1))
}

func TestGroupErrorsComeFromPoll(t *testing.T) {
	inWorld(t, func(w *world) {
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, SessionTimeout: time.Hour, HeartbeatInterval: time.Second})
		for range 2 {
			_, err := c.Poll(w.ctx, time.Minute)
			if !errors.Is(err, wire.ErrInvalidSessionTimeout) || !strings.Contains(err.Error(), "group.max.session.timeout.ms") {
				w.Errorf("Poll: %v", err)
			}
		}
	}, kafkatest.Topic("t", 1))
}

// A member of another client, whose subscription ends early, names topics that can't exist, or is no
// subscription at all, gets what can be given to it, and the others get theirs.
func TestMembersOfOtherClients(t *testing.T) {
	for name, subscription := range map[string]string{
		"kafka-go":            "\x00\x01" + "\x00\x00\x00\x01" + "\x00\x01t" + "\x00\x00\x00\x00",
		"names that can't be": "\x00\x03" + "\x00\x00\x00\x03" + "\x00\x03a/b" + "\x00\x00" + "\x00\x01t" + "\xff\xff\xff\xff",
		"cut off":             "\x00\x00" + "\x00\x00\x00\x02" + "\x00\x01t" + "\x00",
		"none":                "",
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				ours := w.member("ours", nil)
				w.settle(map[*member]int{ours: 4})
				joined := make(chan []TopicPartition)
				go func() { joined <- w.joinOnce("g", []byte(subscription)) }()
				got := <-joined
				want := 2
				if name == "none" {
					want = 0
				}
				if len(got) != want {
					w.Errorf("it got %v, want %d partitions", got, want)
				}
				w.until("ours has the rest", func() bool { return len(ours.Assignment()) == 4-want }, w.second)
				if broken := name == "cut off" || name == "none"; w.log.has("can't be read to its end") != broken {
					w.Errorf("a warning: %v", !broken)
				}
				ours.leave()
			}, kafkatest.Topic("t", 4))
		})
	}
}

// joinOnce joins the group as a member that says this, and returns what it got in one generation.
func (w *world) joinOnce(group string, subscription []byte) []TopicPartition {
	ctx := w.ctx
	broker, err := w.writer.Coordinator(ctx, netclient.GroupCoordinator, group)
	if err != nil {
		w.Error(err)
		return nil
	}
	conn, err := w.pool.Conn(ctx, broker.ID)
	if err != nil {
		w.Error(err)
		return nil
	}
	join := msg.NewJoinGroupRequest()
	join.GroupID, join.ProtocolType, join.SessionTimeoutMs, join.RebalanceTimeoutMs = group, "consumer", 30_000, 60_000
	join.Protocols = []msg.JoinGroupRequestProtocol{{Name: "range", Metadata: subscription}}
	var joined msg.JoinGroupResponse
	for range 2 { // the first answer is its id
		if err := conn.DoTimeout(ctx, time.Minute, join, &joined); err != nil {
			w.Error(err)
			return nil
		}
		join.MemberID = joined.MemberID
	}
	sync := msg.NewSyncGroupRequest()
	sync.GroupID, sync.GenerationID, sync.MemberID = group, joined.GenerationID, joined.MemberID
	sync.ProtocolType, sync.ProtocolName = new("consumer"), new("range")
	var synced msg.SyncGroupResponse
	err = conn.DoTimeout(ctx, time.Minute, sync, &synced)
	got, err2 := decodeAssignment(synced.Assignment)
	if err != nil || err2 != nil || synced.ErrorCode != 0 {
		w.Error(err, err2, synced.ErrorCode)
	}
	return got
}

// An assignor of the application that fails does not do so in silence, and the group gets on once
// it works.
type moody struct {
	assignors.Assignor
	join, assign atomic.Pointer[error]
}

func (m *moody) Subscribe(s assignors.Subscriber) (assignors.Subscription, error) {
	if err := m.join.Load(); err != nil {
		return assignors.Subscription{}, *err
	}
	return m.Assignor.Subscribe(s)
}

func (m *moody) Assign(g assignors.Group) (assignors.Assignment, error) {
	if err := m.assign.Load(); err != nil {
		return assignors.Assignment{}, *err
	}
	return m.Assignor.Assign(g)
}

func TestAssignorErrorsComeFromPoll(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 1)
		// One that wraps what is retriable elsewhere is reported all the same.
		mood, noRack, noPlan := &moody{Assignor: assignors.Range()}, errors.New("no rack"), fmt.Errorf("no plan: %w", context.DeadlineExceeded)
		mood.join.Store(&noRack)
		mood.assign.Store(&noPlan)
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, AutoOffsetReset: ResetEarliest, Assignors: []assignors.Assignor{mood}})
		if _, err := c.Poll(w.ctx, time.Minute); !errors.Is(err, noRack) || !strings.Contains(err.Error(), `assignor "range"`) {
			w.Errorf("a subscription that failed: %v", err)
		}
		if n := w.cluster.Requests(wire.KeyJoinGroup); n != 0 {
			w.Errorf("%d joins without a subscription", n)
		}
		mood.join.Store(nil)
		if _, err := c.Poll(w.ctx, time.Minute); !errors.Is(err, noPlan) {
			w.Errorf("an assignment that failed: %v", err)
		}
		mood.assign.Store(nil)
		w.want(w.poll(c, 1), "t/0@0=0")
		w.close(c)
	}, kafkatest.Topic("t", 1))
}

func TestStaticMemberKeepsItsPlace(t *testing.T) {
	inWorld(t, func(w *world) {
		static := func(cfg *Config) { cfg.GroupInstanceID = "one" }
		a, b := w.member("a", static), w.member("b", nil)
		w.settle(map[*member]int{a: 1, b: 1})
		before := b.heard()
		a.leave()
		a = w.member("a2", static)
		w.settle(map[*member]int{a: 1})
		if b.heard() != before {
			w.Errorf("a restart disturbed the other member: %s", b.heard())
		}
		a.leave()
		b.leave()
	}, kafkatest.Topic("t", 2))
}

// A member that is waiting for a rebalance to end leaves at once, and nobody waits for it.
func TestLeaveWhileJoining(t *testing.T) {
	forGroupVersions(t, func(w *world) {
		a := w.consumer("a", Config{GroupID: "g", Topics: []string{"t"}})
		w.until("a has both", func() bool { return len(a.Assignment()) == 2 }, w.polls(a))
		b := w.member("b", nil)
		time.Sleep(10 * time.Second) // b has to wait for a, which does not poll
		began := time.Now()
		b.leave()
		if d := time.Since(began); d > 2*time.Second {
			w.Errorf("leaving took %v", d)
		}
		began = time.Now()
		w.polls(a)()
		w.until("a has both again", func() bool { return len(a.Assignment()) == 2 }, w.polls(a))
		// Before 2.2 nobody knew b's name yet, and its session has to end by itself.
		named := strings.HasSuffix(w.Name(), "/2.8.2") || strings.HasSuffix(w.Name(), "/4.4.0")
		if d := time.Since(began); d > 35*time.Second || named && d > 3*time.Second {
			w.Errorf("the others waited %v for it", d)
		}
	}, kafkatest.Topic("t", 2))
}

// Nothing of a consumer is left after Close.
func TestGoroutinesEnd(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 3, 2)
		client := w.client("c")
		c, err := New(client, Config{GroupID: "g", Topics: []string{"t"}, AutoOffsetReset: ResetEarliest})
		w.must(err)
		w.poll(c, 6)
		w.close(c)
		client.Close()
		synctest.Wait()
		// synctest fails the test if a goroutine is left when it ends; the cluster's own end there.
	}, kafkatest.Topic("t", 3), kafkatest.Brokers(3))
}

// What came and did not go is what a consumer has, whether its callbacks hear of everything or of
// what changed.
func TestCallbacksHearWhatCameAndWent(t *testing.T) {
	inWorld(t, func(w *world) {
		have := map[TopicPartition]bool{}
		set := func(to bool) RebalanceFunc {
			return func(_ context.Context, c *Consumer, tps []TopicPartition) {
				for _, tp := range tps {
					if have[tp] == to {
						w.Errorf("%v came or went twice", tp)
					}
					have[tp] = to
				}
			}
		}
		check := func(c *Consumer) {
			w.Helper()
			for _, tp := range c.Assignment() {
				if !have[tp] {
					w.Errorf("%v is assigned and did not come", tp)
				}
			}
		}
		for _, group := range []string{"", "g"} {
			c := w.consumer("c"+group, Config{GroupID: group, Topics: []string{"t"}, OnAssigned: set(true), OnRevoked: set(false), OnLost: set(false)})
			w.until("the partitions came", func() bool { return len(c.Assignment()) >= 2 }, w.polls(c))
			check(c)
			w.must(c.Subscribe("t", "u"))
			w.until("another topic's came", func() bool { return len(c.Assignment()) >= 5 }, w.polls(c))
			check(c)
			w.must(c.Subscribe("u"))
			w.until("a topic's went", func() bool { return len(c.Assignment()) == 3 }, w.polls(c))
			check(c)
			w.close(c)
			for tp, has := range have {
				if has {
					w.Errorf("%v did not go", tp)
				}
			}
		}
	}, kafkatest.Topic("t", 2), kafkatest.Topic("u", 3))
}
