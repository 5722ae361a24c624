package producer

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// lastCode is the last that the protocol has.
const lastCode = wire.ErrControllerIDNotRegistered

// readmeVerdicts is the README's table: what becomes of a batch, and whether it may
// be written, by the code's name.
func readmeVerdicts(t *testing.T) map[string][2]string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(readme), "| the answer to Produce |")
	if !found {
		t.Fatal("the README has no table of verdicts")
	}
	all := map[string][2]string{}
	for _, line := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(line, " | ")
		if len(cells) != 3 {
			break
		}
		for _, name := range strings.Split(strings.TrimPrefix(cells[0], "| "), ", ") {
			all[name] = [2]string{cells[1], strings.TrimSuffix(cells[2], " |")}
		}
	}
	return all
}

// TestVerdicts goes through every error code of the protocol: the sender does what
// the README says, and says that a batch may be written when the README does, also
// when a later attempt is refused for certain.
func TestVerdicts(t *testing.T) {
	table := readmeVerdicts(t)
	for code := wire.ErrUnknownServerError; code <= lastCode+1; code++ {
		row, listed := table[code.String()]
		delete(table, code.String())
		if _, inCode := verdicts[code]; listed != inCode {
			t.Errorf("%v: in the README: %t, in the code: %t", code, listed, inCode)
		}
		switch {
		case code == wire.ErrNone:
			continue
		case !listed && code.Retriable():
			row = table["any other that Kafka calls retriable"]
		case !listed:
			row = table["any other"]
		}
		for _, acks := range []Acks{AcksAll, AcksLeader} {
			written := row[1] == "yes" || row[1] == "with acks=all" && acks == AcksAll
			if got := verdictOf(code).written.mayBeWritten(acks); got != written {
				t.Errorf("%v, acks=%v: may be written: %t, the README says %q", code, acks, got, row[1])
			}
			tryVerdict(t, code, acks, row[0], written)
		}
	}
	for name := range table {
		if strings.ToUpper(name) == name {
			t.Errorf("the README has %s, which is no code", name)
		}
	}
}

// tryVerdict answers a batch of two records with the code, and what is sent again
// with a refusal, unless it is sent again more than once.
func tryVerdict(t *testing.T, code wire.ErrorCode, acks Acks, then string, written bool) {
	r := newRig(t, Config{Acks: acks, Retries: 1})
	a, b := r.send(0, "a"), r.send(0, "b")
	r.step()
	r.answer(code)
	r.sender.metadataChanged(r.now)
	r.pass(100 * time.Millisecond)
	var sent string
	for refused := code; len(r.calls) > 0; {
		sent += r.calls[0].text + ";"
		if refused != wire.ErrCorruptMessage {
			refused = wire.ErrTopicAuthorizationFailed
		}
		r.answer(refused)
	}
	want := map[string]string{"fails": "", "is sent again": "0:a,b;", "is split in halves": "0:a;0:b;", "is searched": "0:a,b;"}[start(then)]
	if code == wire.ErrInvalidRecord || code == wire.ErrInvalidTimestamp {
		want = "0:a;0:b;"
	}
	if sent != want {
		t.Errorf("%v: sent again as %q; the README says that it %s", code, sent, then)
	}
	for _, f := range []Future{a, b} {
		if e, ok := errors.AsType[*DeliveryError](r.failed(f)); !ok || e.MaybeWritten != written {
			t.Errorf("%v, acks=%v: may be written: %t, want %t: %v", code, acks, e.MaybeWritten, written, e)
		}
	}
	r.idle()
}

// start is a cell of the table up to its first mark.
func start(cell string) string {
	if i := strings.IndexAny(cell, ",:;"); i >= 0 {
		return cell[:i]
	}
	return cell
}

// TestContractNotWrittenMeansIt: where an error says that a record is not written,
// the broker refused it before it appended, in every attempt.
func TestContractNotWrittenMeansIt(t *testing.T) {
	say := func(code wire.ErrorCode) kafkatest.Action { return kafkatest.Action{Error: code} }
	lost := kafkatest.Action{NoAnswer: true, Close: true}
	unanswered := kafkatest.Action{NoAnswer: true}
	for name, row := range map[string]struct {
		cfg     Config
		answers []kafkatest.Action // the last one from then on
		written bool
	}{
		"a leader that steps down":               {Config{Retries: -1}, []kafkatest.Action{say(wire.ErrNotLeaderOrFollower)}, true},
		"another leader, acks=1":                 {Config{Retries: -1, Acks: AcksLeader}, []kafkatest.Action{say(wire.ErrNotLeaderOrFollower)}, false},
		"time is over after an append":           {Config{}, []kafkatest.Action{say(wire.ErrNotEnoughReplicasAfterAppend)}, true},
		"time is over, and nothing was appended": {Config{}, []kafkatest.Action{say(wire.ErrNotEnoughReplicas)}, false},
		"the replicas took too long":             {Config{}, []kafkatest.Action{say(wire.ErrRequestTimedOut), say(wire.ErrNotEnoughReplicas)}, true},
		"a lost connection, then a refusal":      {Config{}, []kafkatest.Action{lost, say(wire.ErrTopicAuthorizationFailed)}, true},
		"a lost connection, no retries":          {Config{Retries: -1}, []kafkatest.Action{lost}, true},
		"a refusal":                              {Config{}, []kafkatest.Action{say(wire.ErrTopicAuthorizationFailed)}, false},
		"retries, then a refusal":                {Config{}, []kafkatest.Action{say(wire.ErrNotEnoughReplicas), say(wire.ErrTopicAuthorizationFailed)}, false},
		"a step down, then too large":            {Config{}, []kafkatest.Action{say(wire.ErrNotLeaderOrFollower), say(wire.ErrMessageTooLarge)}, true},
		"no answer":                              {Config{}, []kafkatest.Action{unanswered}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1))
				answers := slices.Clone(row.answers)
				cluster.Control(wire.KeyProduce, func(kafkatest.Request) kafkatest.Action {
					next := answers[0]
					if len(answers) > 1 {
						answers = answers[1:]
					}
					return next
				})
				row.cfg.DeliveryTimeout = 20 * time.Second
				p := newProducer(t, cluster, row.cfg)
				_, err := mustSend(t, p, Record{Topic: "t", Value: []byte("v")}).Wait(context.Background())
				e, ok := errors.AsType[*DeliveryError](err)
				if !ok || e.MaybeWritten != row.written {
					t.Fatalf("may be written: want %t: %v", row.written, err)
				}
				if log := readLog(t, cluster, "t", 0); len(log) > 0 && !e.MaybeWritten {
					t.Errorf("written: %v, and the error is %v", log, err)
				}
			})
		})
	}
}
