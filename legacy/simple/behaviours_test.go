package simple

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
	"SimpleClient.send_consumer_metadata_request":   {differs: "it did not work there; netclient.Client.Coordinator does"},
	"SimpleClient.send_offset_fetch_request_kafka":  {differs: "it did not work there; consumer.Committed does"},
	"SimpleClient client_id on the wire (Python 3)": {differs: "the client id was the repr of bytes on Python 3"},
	"produce acks=2": {differs: "Acks has three values, which the compiler and NewProducer check"},
	"MultiProcessConsumer(partitions_per_proc=2), 5 partitions, on Python 3": {differs: "there is no MultiProcessConsumer"},
	"MultiProcess chunks for 5 partitions, 2 procs":                          {differs: "there is no MultiProcessConsumer"},
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
