package producer

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
	check   func(t *testing.T, recorded json.RawMessage)
}

var behaviours = map[string]behaviour{
	"retry re-closes a gzip batch (after it was sent)":                           {differs: "a batch was compressed twice there; it is sealed once here: TestRetryBackoff"},
	"uncompressed batch closed twice before being written":                       {differs: "a batch is sealed once here, whether it was written or not: TestNothingSentIsNoAttempt"},
	"uncompressed batch closed twice after being written":                        {differs: "a batch is sealed once here: TestRetryBackoff"},
	"send(timestamp_ms=1234): timestamp on the wire":                             {differs: "the time did not reach the wire there; it does here: TestTimestamps"},
	"RecordMetadata.timestamp with ProduceResponse v2 timestamp -1 (CreateTime)": {differs: "-1 there; here it is the time of the record: TestTimestamps"},
	"relative offsets of a batch":                                                {in: "TestSendAndAcknowledge"},
	"acks=0 completion":                                                          {in: "TestAcksNone"},
	"drain with max_size=500 over four ~430-byte batches":                        {differs: "MaxRequestSize bounds the batches of a request here: TestMaxRequestSize"},
	"linger: small batch not ready":                                              {in: "TestLinger"},
	"linger: second (oversize) record opens a batch and makes the first ready":   {in: "TestLinger"},
	"flush makes lingering batches ready":                                        {in: "TestFlushEndsLinger"},
	"flush(timeout=0.01) expires":                                                {differs: "an AssertionError there; Flush returns its ctx's error here: TestContractFlush"},
	"unknown leader":                                                             {in: "TestNoLeader"},
	"buffer pool exhausted (2 x 500), third partition, max_block 200 ms":         {in: "TestPoolWaitEnds"},
	"batch_size=0 disables batching":                                             {check: noBatching},
	"append of a str value":                                                      {differs: "the compiler checks it, and no memory is lost: TestPoolCountsBytes"},
	"batch expiry with request_timeout_ms=30000, retry_backoff 100, linger 0":    {differs: "a batch has DeliveryTimeout from its opening on, however often it was tried: TestDeliveryTimeoutInFlight"},
	"Sender retry decision":                                                      {differs: "UNKNOWN_TOPIC_OR_PARTITION and NOT_ENOUGH_REPLICAS are tried again here, as in Java; the rest is the same: TestRetryDecision"},
	"muted partitions block drain when max_in_flight=1":                          {in: "TestMutedWithRetries"},
	"KafkaProducer(compression_type='lz4') on 0.8.1":                             {differs: "the leader's release is known only when a batch is sent; one that knows no lz4 fails it then: TestCodecTheBrokerLacks"},
	"send(value=None, key=None)":                                                 {differs: "records with neither key nor value are legal: TestNothingInIt"},
	"send to a topic with no metadata, max_block_ms=200":                         {in: "TestContractCancelASend"},
	"send partition=7":                                                           {check: unknownPartition},
	"send larger than max_request_size":                                          {check: tooLarge},
	"send exactly max_request_size (value 1048542)":                              {check: justSmallEnough},
	"send(str value)":                                                            {differs: "the compiler checks it"},
	"send(int value)":                                                            {differs: "the compiler checks it"},
	"partitions_for":                                                             {in: "TestPartitions"},
	"pending future after close(timeout=0)":                                      {in: "TestContractClose"},
	"send after close":                                                           {check: sendAfterClose},
	"compression_type='zip' is only detected on the first send":                  {check: unknownCodec},
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
		if b.check != nil {
			t.Run(scenario.Name, func(t *testing.T) { b.check(t, raw) })
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
