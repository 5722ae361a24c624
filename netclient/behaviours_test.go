package netclient

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A behaviour is what becomes here of one that was recorded from kafka-python
// 1.2.1 as it was, defects included: it is the same, which a test of its own or
// a check below holds; or it differs, for a reason.
type behaviour struct {
	in      string // the test
	differs string
}

var behaviours = map[string]behaviour{
	"Future double success":         {differs: "futures here are the producer's alone, and completed by it alone"},
	"Future.failure(class)":         {differs: "as for 45: an error is a value"},
	"Future.failure(non exception)": {differs: "as for 45: the compiler checks it"},
	"callbacks on a done future; exceptions are logged and swallowed": {differs: "there are no callbacks on futures; SendFunc has one"},
	"re-scheduling a task":                                       {differs: "there are no scheduled tasks"},
	"unschedule unknown task":                                    {differs: "there are no scheduled tasks"},
	"ttl before first refresh":                                   {in: "TestMetadataByAge"},
	"single-topic metadata error":                                {differs: "the brokers in an answer about a bad topic are taken: TestTopicErrors"},
	"multi-topic metadata":                                       {in: "TestMetadataLayout"},
	"brokers are merged, never removed":                          {differs: "a broker that the cluster does not name any more is forgotten: TestBrokerMoves"},
	"ttl right after a refresh when an update is requested":      {in: "TestUpdateMetadataSoon"},
	"correlation ids":                                            {in: "TestCorrelationIDsWrap"},
	"connection_delay 40 ms after an attempt with 50 ms backoff": {differs: "seconds were taken from milliseconds there; TestReachBacksOff"},
	"api_version config after init":                              {differs: "a release is known per broker: Client.Release"},
}

// TestBehaviours holds the list to what was recorded and to the tests that there
// are.
func TestBehaviours(t *testing.T) {
	var recorded struct{ Scenarios []json.RawMessage }
	text, err := os.ReadFile("testdata/behaviours.json")
	if err == nil {
		err = json.Unmarshal(text, &recorded)
	}
	if err != nil || len(recorded.Scenarios) != len(behaviours) {
		t.Fatalf("%d scenarios, where %d are known here; error %v", len(recorded.Scenarios), len(behaviours), err)
	}
	sources, err := testSources()
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`\bTest[A-Z]\w*`)
	for _, raw := range recorded.Scenarios {
		var scenario struct{ Name string }
		if err := json.Unmarshal(raw, &scenario); err != nil {
			t.Fatal(err)
		}
		b, known := behaviours[scenario.Name]
		if !known {
			t.Errorf("what becomes of %q?", scenario.Name)
		}
		for _, test := range named.FindAllString(b.in+" "+b.differs, -1) {
			if !strings.Contains(sources, "func "+test+"(") {
				t.Errorf("%q: there is no %s", scenario.Name, test)
			}
		}
	}
}

// testSources are the sources of this package's tests.
func testSources() (string, error) {
	names, err := filepath.Glob("*_test.go")
	var all strings.Builder
	for _, name := range names {
		text, readErr := os.ReadFile(name)
		if readErr != nil {
			return "", readErr
		}
		all.Write(text)
	}
	return all.String(), err
}
