package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// spyTB is a test that goes on when it has failed.
type spyTB struct {
	testing.TB
	failed []string
}

func (s *spyTB) Fatalf(format string, args ...any) {
	s.failed = append(s.failed, fmt.Sprintf(format, args...))
}

// mistakes ask for what is not there.
var mistakes = map[string]struct {
	do   func(c *Cluster) error
	code wire.ErrorCode
	says string
}{
	"StopBroker":        {func(c *Cluster) error { return c.StopBroker(3) }, wire.ErrBrokerNotAvailable, "no broker 3: there are 2, from 1 on"},
	"StartBroker":       {func(c *Cluster) error { return c.StartBroker(0) }, wire.ErrBrokerNotAvailable, "no broker 0"},
	"Freeze":            {func(c *Cluster) error { return c.Freeze(3) }, wire.ErrBrokerNotAvailable, "no broker 3"},
	"Freeze a stopped":  {func(c *Cluster) error { c.StopBroker(2); return c.Freeze(2) }, wire.ErrBrokerNotAvailable, "broker 2 is stopped"},
	"Thaw":              {func(c *Cluster) error { return c.Thaw(3) }, wire.ErrBrokerNotAvailable, "no broker 3"},
	"MoveLeader to":     {func(c *Cluster) error { return c.MoveLeader("t", 0, 3) }, wire.ErrBrokerNotAvailable, "no broker 3"},
	"MoveLeader of":     {func(c *Cluster) error { return c.MoveLeader("u", 0, 1) }, wire.ErrUnknownTopicOrPartition, `topic "u"`},
	"MoveLeader part":   {func(c *Cluster) error { return c.MoveLeader("t", 2, 1) }, wire.ErrUnknownTopicOrPartition, `topic "t" has no partition 2, but 2, from 0 on`},
	"MoveCoordinator":   {func(c *Cluster) error { return c.MoveCoordinator("g", 3) }, wire.ErrBrokerNotAvailable, "no broker 3"},
	"FallBehind":        {func(c *Cluster) error { return c.FallBehind("t", 0, 9, 1) }, wire.ErrReplicaNotAvailable, "broker 9 has no replica of t/0"},
	"DeleteTopic":       {func(c *Cluster) error { return c.DeleteTopic("u") }, wire.ErrUnknownTopicOrPartition, `"u"`},
	"DeleteRecords":     {func(c *Cluster) error { return c.DeleteRecords("t", -1, 1) }, wire.ErrUnknownTopicOrPartition, `"t" has no partition -1`},
	"CreateTopic twice": {func(c *Cluster) error { return c.CreateTopic("t", 1, 1) }, wire.ErrTopicAlreadyExists, `"t"`},
	"AddPartitions":     {func(c *Cluster) error { return c.AddPartitions("u", 3) }, wire.ErrUnknownTopicOrPartition, `"u"`},
	"Produce":           {func(c *Cluster) error { _, err := c.Produce("u", 0, Record{}); return err }, wire.ErrUnknownTopicOrPartition, `"u"`},
	"Produce nothing":   {func(c *Cluster) error { _, err := c.Produce("t", 0); return err }, wire.ErrInvalidRecord, "0 records"},
	"Produce too much": {func(c *Cluster) error { _, err := c.Produce("t", 0, Record{Value: make([]byte, 2<<20)}); return err },
		wire.ErrMessageTooLarge, "message.max.bytes"},
	"Records":         {func(c *Cluster) error { _, err := c.Records("u"); return err }, wire.ErrUnknownTopicOrPartition, `"u"`},
	"Records of part": {func(c *Cluster) error { _, err := c.Records("t", 2); return err }, wire.ErrUnknownTopicOrPartition, "no partition 2"},
}

// What is not there is an error, and the end of the test that Start was given.
func TestMistakes(t *testing.T) {
	for name, m := range mistakes {
		c, err := New(Brokers(2), Topic("t", 2))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.do(c); !errors.Is(err, m.code) || !strings.Contains(err.Error(), m.says) {
			t.Errorf("%s: %v, want %v and %q", name, err, m.code, m.says)
		}
		c.Close()

		spy := &spyTB{TB: t}
		m.do(Start(spy, Brokers(2), Topic("t", 2)))
		if len(spy.failed) != 1 || !strings.Contains(spy.failed[0], m.says) {
			t.Errorf("%s in a test: it failed with %q", name, spy.failed)
		}
	}

	c, err := New(Topic("t", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	spy := &spyTB{TB: t}
	for _, c := range []*Cluster{c, Start(spy, Topic("t", 1))} {
		node, epoch := c.Leader("t", 1)
		if addr, commit := c.Addr(2), c.Committed("g", "u", 0); addr != "" || node != -1 || epoch != -1 || commit != (Commit{-1, -1, ""}) {
			t.Errorf("%q, %d, %d, %+v", addr, node, epoch, commit)
		}
	}
	if len(spy.failed) != 3 {
		t.Errorf("Leader, Addr and Committed failed with %q", spy.failed)
	}
}

// Control functions share variables without a lock; one that waits holds up the
// others, and a synctest bubble's clock all the same.
func TestControlFunctionsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Start(t, Brokers(3))
		inside, most, calls := 0, 0, 0
		f := func(Request) Action {
			calls++
			inside++
			most = max(most, inside)
			time.Sleep(time.Minute)
			inside--
			return Action{}
		}
		c.Control(wire.KeyMetadata, f)
		c.Control(wire.KeyListGroups, f)
		began := time.Now()
		var clients []*testClient
		for node := range int32(3) {
			for range 2 {
				client := dial(t, c, node+1)
				clients = append(clients, client)
				client.send(9, msg.NewMetadataRequest())
			}
		}
		for _, client := range clients {
			if err := client.receive(9, new(msg.MetadataResponse)); err != nil {
				t.Fatal(err)
			}
		}
		ask(clients[0], 0, msg.NewListGroupsRequest(), new(msg.ListGroupsResponse))
		if most != 1 || calls != 7 || time.Since(began) != 7*time.Minute {
			t.Errorf("%d at once of %d, in %v", most, calls, time.Since(began))
		}
		// A broker that is stopped does not wait for its turn.
		clients[1].send(9, msg.NewMetadataRequest())
		synctest.Wait()
		clients[3].send(9, msg.NewMetadataRequest())
		synctest.Wait()
		began = time.Now()
		c.StopBroker(2)
		if time.Since(began) != 0 {
			t.Errorf("stopping took %v", time.Since(began))
		}
	})
}

// What was written past the brokers and through them is there for both.
func TestProduceAndRecords(t *testing.T) {
	for _, version := range []string{"0.8.0", "0.10.2.2", "2.8.2", "4.4.0"} {
		c := Start(t, Version(version), Topic("t", 2))
		at := time.UnixMilli(1_600_000_000_000)
		first := []Record{{Key: []byte("k"), Value: []byte("a"), Timestamp: at}, {Value: []byte{}}, {Key: []byte{}}}
		headers := []wire.Header{{Key: "h", Value: []byte("1")}, {Key: "h"}}
		if r := c.config.release; r.at(0, 11) {
			first[0].Headers = headers
		} else if _, err := c.produce("t", 0, []Record{{Headers: headers}}); err == nil {
			t.Errorf("%s: headers were taken", version)
		}
		before := time.Now().Add(-time.Millisecond)
		for _, want := range []int64{0, 3} {
			if offset, err := c.Produce("t", 1, first...); err != nil || offset != want {
				t.Errorf("%s: offset %d, %v, want %d", version, offset, err, want)
			}
		}
		c.MoveLeader("t", 0, -1)
		c.Produce("t", 0, Record{Value: []byte("alone")})
		c.DeleteRecords("t", 1, 2)
		got, err := c.Records("t")
		if err != nil || len(got) != 5 {
			t.Fatalf("%s: %+v, %v", version, got, err)
		}
		var places []string
		for _, r := range got {
			places = append(places, fmt.Sprintf("%s/%d@%d=%s:%s", r.Topic, r.Partition, r.Offset, r.Key, r.Value))
		}
		if want := []string{"t/0@0=:alone", "t/1@2=:", "t/1@3=k:a", "t/1@4=:", "t/1@5=:"}; !slices.Equal(places, want) {
			t.Errorf("%s: %q, want %q", version, places, want)
		}
		if got[1].Key == nil || got[1].Value != nil || got[3].Key != nil || got[3].Value == nil {
			t.Errorf("%s: null and empty: %+v", version, got)
		}
		r := got[2]
		if c.config.release.at(0, 10) && (!r.Timestamp.Equal(at) || got[3].Timestamp.Before(before)) {
			t.Errorf("%s: times %v, %v", version, r.Timestamp, got[3].Timestamp)
		}
		if c.config.release.at(0, 11) && (len(r.Headers) != 2 || r.Headers[0].Key != "h" || string(r.Headers[0].Value) != "1" || r.Headers[1].Value != nil) {
			t.Errorf("%s: headers %+v", version, r.Headers)
		}
		if some, err := c.Records("t", 0); err != nil || len(some) != 1 {
			t.Errorf("%s: of partition 0: %+v, %v", version, some, err)
		}
		if c.Requests(wire.KeyProduce) != 0 {
			t.Errorf("%s: a request was counted", version)
		}
	}
}

func TestCommitted(t *testing.T) {
	c := Start(t, Version("2.8.2"), Topic("t", 2))
	c.groups.ensureTopic()
	client := dial(t, c, 1)
	commit := func(version int16, partition int32, offset int64) {
		req := msg.NewOffsetCommitRequest()
		req.GroupID = "g"
		var p msg.OffsetCommitRequestTopicPartition
		p.SetDefaults()
		p.PartitionIndex, p.CommittedOffset, p.CommittedMetadata = partition, offset, new("note")
		if version >= 6 {
			p.CommittedLeaderEpoch = 4
		}
		req.Topics = []msg.OffsetCommitRequestTopic{{Name: "t", Partitions: []msg.OffsetCommitRequestTopicPartition{p}}}
		resp := ask(client, version, req, new(msg.OffsetCommitResponse))
		if code := resp.Topics[0].Partitions[0].ErrorCode; code != wire.ErrNone {
			t.Fatal(code)
		}
	}
	commit(0, 0, 5)
	commit(0, 1, 6)
	commit(7, 1, 7)
	for partition, want := range []Commit{{5, -1, ""}, {7, 4, "note"}} {
		if got := c.Committed("g", "t", int32(partition)); got != want {
			t.Errorf("partition %d: %+v, want %+v", partition, got, want)
		}
	}
	if got := c.Committed("other", "t", 0); got.Offset != -1 {
		t.Errorf("of another group: %+v", got)
	}
}

// A control function may end the test: the connection's goroutine ends, and
// neither the next one nor Close waits for it.
func TestControlFunctionThatFailsTheTest(t *testing.T) {
	spy := &goneTB{TB: t}
	c := Start(spy)
	remove := c.Control(wire.KeyMetadata, func(Request) Action { c.StopBroker(9); return Action{} })
	dial(t, c, 1).send(9, msg.NewMetadataRequest())
	for c.Requests(wire.KeyMetadata) == 0 {
		time.Sleep(time.Millisecond)
	}
	remove()
	c.Control(wire.KeyMetadata, func(Request) Action { return Action{Error: wire.ErrUnknownServerError} })
	if conn, err := c.Dial(context.Background(), "tcp", c.Addr(1)); err != nil {
		t.Fatal(err)
	} else {
		conn.Close()
	}
	dial(t, c, 1).askMetadata(9)
	c.Close()
}

// goneTB ends the goroutine, as a test's Fatalf does, without failing this test.
type goneTB struct{ testing.TB }

func (goneTB) Fatalf(string, ...any) { runtime.Goexit() }
