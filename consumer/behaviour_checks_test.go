package consumer

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// The checks of behaviours that no other test holds.

// parse reads what was recorded.
func parse[T any](t *testing.T, recorded json.RawMessage) (v T) {
	t.Helper()
	if err := json.Unmarshal(recorded, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func noSubscription(t *testing.T, _ json.RawMessage) {
	if got := newTestConsumer(t, nowhere(t), Config{}).Subscription(); got != nil {
		t.Errorf("subscription %v", got)
	}
}

func assignUnsubscribeSubscribe(t *testing.T, recorded json.RawMessage) {
	c := newTestConsumer(t, nowhere(t), Config{})
	if err := errors.Join(c.Assign(tps("t", 0)...), c.Unsubscribe(t.Context()), c.Subscribe("a")); err != nil {
		t.Error(err)
	}
	if want := parse[struct{ Subscription []string }](t, recorded).Subscription; !slices.Equal(c.Subscription(), want) {
		t.Errorf("subscription %v, want %v", c.Subscription(), want)
	}
}

func assignNothingThenSubscribe(t *testing.T, _ json.RawMessage) {
	c := newTestConsumer(t, nowhere(t), Config{})
	if err := errors.Join(c.Assign(), c.Subscribe("a")); err != nil {
		t.Error(err)
	}
}

func pauseUnassigned(t *testing.T, _ json.RawMessage) {
	c := newTestConsumer(t, nowhere(t), Config{})
	if err := errors.Join(c.Assign(tps("t", 0)...), c.Pause(tps("z", 9)...)); !errors.Is(err, ErrNotAssigned) {
		t.Errorf("error %v, where a KeyError was raised", err)
	}
}

// Internal topics, which were taken too, are left out here, as Java does.
func patternIsAnchoredAtItsStart(t *testing.T, recorded json.RawMessage) {
	want := parse[struct{ Subscription []string }](t, recorded).Subscription
	inWorld(t, func(w *world) {
		for _, topic := range []string{"foo1", "xfoo", "foo", "bar"} {
			w.must(w.cluster.CreateTopic(topic, 1, 1))
		}
		c := w.consumer("c", Config{})
		w.must(c.SubscribePattern(regexp.MustCompile("foo")))
		if _, err := c.Poll(w.ctx, time.Second); err != nil {
			w.Error(err)
		}
		var got []string
		for _, tp := range c.Assignment() {
			got = append(got, tp.Topic)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			w.Errorf("it reads %v, want %v", got, want)
		}
	})
}

func unknownProperty(t *testing.T, _ json.RawMessage) {
	if _, _, err := ParseProperties(map[string]string{"bogus": "1"}); err == nil {
		t.Error("an unknown property was taken")
	}
}

func smallest(t *testing.T, recorded json.RawMessage) {
	_, cfg, err := ParseProperties(map[string]string{"auto.offset.reset": "smallest"})
	if want := parse[struct{ Mapped string }](t, recorded).Mapped; err != nil || cfg.AutoOffsetReset.String() != want {
		t.Errorf("%v, error %v; want %s", cfg.AutoOffsetReset, err, want)
	}
}

func highWaterBeforeAFetch(t *testing.T, _ json.RawMessage) {
	c := newTestConsumer(t, nowhere(t), Config{})
	if err := c.Assign(tps("t", 0)...); err != nil {
		t.Fatal(err)
	}
	if offset, ok := c.HighWater(tps("t", 0)[0]); ok {
		t.Errorf("high water %d", offset)
	}
}

func positionOfUnassigned(t *testing.T, _ json.RawMessage) {
	inWorld(t, func(w *world) {
		c := w.consumer("c", Config{})
		if _, err := c.Position(w.ctx, tps("t", 0)[0]); !errors.Is(err, ErrNotAssigned) {
			w.Errorf("error %v", err)
		}
	}, kafkatest.Topic("t", 1))
}

func seekNothing(t *testing.T, _ json.RawMessage) {
	c := newTestConsumer(t, nowhere(t), Config{})
	if err := c.SeekToBeginning(); !errors.Is(err, ErrNotAssigned) {
		t.Errorf("error %v", err)
	}
}
