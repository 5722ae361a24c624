package consumer

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
	"OffsetOutOfRange fetch response, auto_offset_reset='latest'":       {in: "TestResetPolicies"},
	"OffsetOutOfRange fetch response, auto_offset_reset='earliest'":     {in: "TestResetPolicies"},
	"OffsetOutOfRange fetch response, auto_offset_reset='none'":         {in: "TestResetPolicies"},
	"OffsetOutOfRange fetch response, auto_offset_reset='bogus'":        {differs: "an unknown policy is refused by Validate, before anything is read"},
	"initial position, no committed offset, auto_offset_reset='none'":   {in: "TestResetPolicies"},
	"poll() over compacted gap 10,11,15,16":                             {in: "TestChunkHasGaps"},
	"iterator over compacted gap 10,11,15,16":                           {differs: "the iterator stopped at a gap there; TestChunkHasGaps wants all four records of both ways to read"},
	"poll() when fetch offset 12 is compacted away (first returned 15)": {in: "TestChunkHasGaps"},
	"iterator when fetch offset 12 is compacted away":                   {differs: "the iterator returned nothing there; TestChunkHasGaps"},
	"poll() with a corrupt second record":                               {differs: "the whole batch was skipped there; here nothing is passed over before a Seek: TestContractBadInput"},
	"iterator with a corrupt second record":                             {in: "TestContractBadInput"},
	"only a partial message in the fetch":                               {differs: "a record larger than the fetch comes whole here, up to FetchMaxBytes: TestLargeRecords"},
	"TopicAuthorizationFailed":                                          {in: "TestUnauthorizedTopicIsNamedAndForgiven"},
	"NotLeaderForPartition in fetch":                                    {in: "TestLeaderMoves"},
	"unexpected error code 12 in fetch response":                        {differs: "an error that nothing is known of is returned and tried again: TestUnknownErrorsPass"},
	"response arrives while paused":                                     {in: "TestPause"},
	"poll while paused with a buffered response":                        {differs: "what is buffered of a paused partition stays, and is not fetched twice: TestPause"},
	"seek after the response was buffered":                              {in: "TestSeek"},
	"stale response (fetch offset != position)":                         {in: "TestStaleAnswersAreDropped"},
	"offset response":                                      {in: "TestOffsetsOfLogs"},
	"offset response with no offsets":                      {differs: "the caller waited for ever there; here the partition has an error of its own: TestOneErrorHidesNoResult"},
	"UnknownTopicOrPartition in offset response":           {differs: "it is tried again here: TestTopicAppearsLater"},
	"subscription() before subscribe":                      {check: noSubscription},
	"subscribe() nothing":                                  {in: "TestWaysToSubscribeExcludeEachOther"},
	"subscribe(topics+pattern)":                            {differs: "Subscribe and SubscribePattern are two methods, and Config with both is refused: TestValidateNamesEveryMistake"},
	"listener of wrong type":                               {differs: "OnAssigned and its like are functions of one type, which the compiler checks"},
	"assign then subscribe":                                {in: "TestWaysToSubscribeExcludeEachOther"},
	"assign, unsubscribe, subscribe":                       {check: assignUnsubscribeSubscribe},
	"subscribe then assign":                                {in: "TestWaysToSubscribeExcludeEachOther"},
	"re-subscribe b,c after a,b assigned":                  {differs: "there is no second set of topics: what a member asks for is what it subscribes to now: TestResubscribe"},
	"assign_from_subscribed for an unsubscribed topic":     {differs: "a leader that assigns another topic is believed, as in Java"},
	"assign([]) then subscribe":                            {check: assignNothingThenSubscribe},
	"re-assign keeps the position of retained partitions":  {in: "TestAssignKeepsPositions"},
	"pause an unassigned partition":                        {check: pauseUnassigned},
	"manual assign with group and auto commit, 0.9":        {differs: "what is assigned by hand is committed periodically too: TestAutomaticCommits"},
	"subscribe on 0.8.2":                                   {in: "TestSubscribeOnEveryRelease"},
	"auto commit config on (0, 8, 0)":                      {in: "TestReadsAndCommitsOnEveryRelease"},
	"auto commit config on (0, 8, 1)":                      {in: "TestReadsAndCommitsOnEveryRelease"},
	"auto commit config on (0, 8, 2)":                      {in: "TestReadsAndCommitsOnEveryRelease"},
	"auto commit config on (0, 9)":                         {in: "TestReadsAndCommitsOnEveryRelease"},
	"auto commit config on (0, 10)":                        {in: "TestReadsAndCommitsOnEveryRelease"},
	"group_id None":                                        {in: "TestWaysToSubscribeExcludeEachOther"},
	"pattern 'foo' uses re.match (anchored at start only)": {check: patternIsAnchoredAtItsStart},
	"heartbeat_interval > session_timeout":                 {in: "TestValidateNamesEveryMistake"},
	"heartbeat_interval == session_timeout":                {in: "TestValidateNamesEveryMistake"},
	"KafkaConsumer(bogus=1)":                               {check: unknownProperty},
	"KafkaConsumer(api_version='0.10.1')":                  {differs: "api.version is a property of the client, where every known release is taken"},
	"auto_offset_reset='smallest'":                         {check: smallest},
	"poll(-1)":                                             {in: "TestWaysToSubscribeExcludeEachOther"},
	"seek -1":                                              {in: "TestSeek"},
	"seek unassigned":                                      {in: "TestSeek"},
	"seek tuple":                                           {differs: "the compiler checks it"},
	"seek_to_end unassigned":                               {in: "TestSeek"},
	"highwater before any fetch":                           {check: highWaterBeforeAFetch},
	"position of unassigned":                               {check: positionOfUnassigned},
	"partitions_for_topic unknown":                         {in: "TestTopicsAndPartitions"},
	"deprecated methods":                                   {differs: "the methods of the consumer before kafka-python 1.0 are not there"},
	"commit() on 0.8.0":                                    {in: "TestReadsAndCommitsOnEveryRelease"},
	"commit() with group None":                             {in: "TestWaysToSubscribeExcludeEachOther"},
	"next() without subscription":                          {in: "TestWaysToSubscribeExcludeEachOther"},
	"poll() after iteration started":                       {differs: "Poll and Records take turns; only beside each other they get ErrBusy: TestContractOnePollAtATime"},
	"seek_to_beginning with nothing assigned":              {check: seekNothing},
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
