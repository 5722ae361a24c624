package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
)

func TestErrorCodes(t *testing.T) {
	for _, c := range []struct {
		code                wire.ErrorCode
		name                string
		retriable, metadata bool
	}{
		{wire.ErrUnknownServerError, "UNKNOWN_SERVER_ERROR", false, false},
		{wire.ErrNone, "NONE", false, false},
		{wire.ErrUnknownTopicOrPartition, "UNKNOWN_TOPIC_OR_PARTITION", true, true},
		{wire.ErrNotLeaderOrFollower, "NOT_LEADER_OR_FOLLOWER", true, true},
		{wire.ErrNotEnoughReplicas, "NOT_ENOUGH_REPLICAS", true, false},
		{wire.ErrMessageTooLarge, "MESSAGE_TOO_LARGE", false, false},
		{wire.ErrControllerIDNotRegistered, "CONTROLLER_ID_NOT_REGISTERED", false, false},
		{-2, "ERROR_CODE_-2", false, false},
		{9999, "ERROR_CODE_9999", false, false},
		{32767, "ERROR_CODE_32767", false, false},
	} {
		if c.code.String() != c.name || !strings.HasPrefix(c.code.Error(), c.name) || c.code.Retriable() != c.retriable || c.code.RefreshMetadata() != c.metadata {
			t.Errorf("%d: %s, retriable %v, metadata %v", int16(c.code), c.code, c.code.Retriable(), c.code.RefreshMetadata())
		}
		if err := c.code.Err(); (err == nil) != (c.code == wire.ErrNone) {
			t.Errorf("%s: %v", c.code, err)
		}
	}
	err := fmt.Errorf("sending: %w", wire.ErrNotLeaderOrFollower.Err())
	if !errors.Is(err, wire.ErrNotLeaderOrFollower) || errors.Is(err, wire.ErrLeaderNotAvailable) {
		t.Error("errors.Is")
	}
	if code, ok := errors.AsType[wire.ErrorCode](err); !ok || code != 6 {
		t.Error(code, ok)
	}
}

// There is no gap, no name twice, and a meaning for each.
func TestErrorCodeNames(t *testing.T) {
	names, meanings := map[string]bool{}, map[string]bool{}
	for code := wire.ErrUnknownServerError; code <= wire.ErrControllerIDNotRegistered; code++ {
		name := code.String()
		if strings.HasPrefix(name, "ERROR_CODE") || names[name] {
			t.Errorf("%d is %s", int16(code), name)
		}
		names[name] = true
		if m := code.Meaning(); m == "" || meanings[m] || len(m) > 100 || strings.HasSuffix(m, ".") || code.Error() != name+" ("+m+")" {
			t.Errorf("%s means %q", name, m)
		}
		meanings[code.Meaning()] = true
		if code.RefreshMetadata() && !code.Retriable() {
			t.Errorf("%s asks for new metadata and is not retriable", name)
		}
	}
}

// What kafka-python 1.2.1 retries is retriable, and what makes it ask for
// metadata does so here.
func TestErrorsOfKafkaPython(t *testing.T) {
	var file struct {
		Errors []struct {
			Name            string
			Code            *wire.ErrorCode
			Retriable       bool
			InvalidMetadata bool `json:"invalid_metadata"`
		}
	}
	text, err := os.ReadFile("testdata/errors.json") // testdata/README.md tells its origin
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, e := range file.Errors {
		if e.Code == nil {
			continue
		}
		seen++
		if e.Retriable && !e.Code.Retriable() || e.InvalidMetadata && !e.Code.RefreshMetadata() {
			t.Errorf("%s (%s): retriable %v, metadata %v", e.Name, e.Code, e.Code.Retriable(), e.Code.RefreshMetadata())
		}
	}
	if seen < 34 {
		t.Errorf("%d codes", seen)
	}
}
