package consumer

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

// defaultsThatDiffer are those of kafka-python 1.2.1 that are not ours, and why.
var defaultsThatDiffer = map[string]string{
	"group_id":                       "a group that everybody shares by accident; none is the default",
	"default_offset_commit_callback": "automatic commits that fail are logged",
	"consumer_timeout_ms":            "Poll takes how long to wait, and Records a context",
	"ssl_check_hostname":             "there is no such property: TLS always checks, but for what netclient.TLS says",
	"iterator_refetch_records":       "a number inside of kafka-python: one fetch ahead is kept for each broker",
	"api_version":                    "a number inside of kafka-python: releases are found out per broker",
}

// TestDefaultsOfKafkaPython compares with the defaults that were recorded from
// kafka-python 1.2.1: each, as a property, changes nothing.
func TestDefaultsOfKafkaPython(t *testing.T) {
	var recorded struct {
		Configs map[string]map[string]any
	}
	text, err := os.ReadFile("testdata/defaults.json")
	if err == nil {
		err = json.Unmarshal(text, &recorded)
	}
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{"assignors": "partition.assignment.strategy"}
	values := map[string]string{"assignors": "range,roundrobin", "partition_assignment_strategy": "range,roundrobin"}
	needed := map[string]bool{}
	for _, class := range []string{"KafkaConsumer", "Fetcher", "BaseCoordinator", "ConsumerCoordinator", "Heartbeat"} {
		if len(recorded.Configs[class]) == 0 {
			t.Errorf("nothing of %s", class)
		}
		for key, value := range recorded.Configs[class] {
			if value == nil {
				continue // not set
			}
			name, ok := names[key]
			if !ok {
				name = strings.ReplaceAll(key, "_", ".")
			}
			text, ok := values[key]
			if number, isNumber := value.(float64); isNumber {
				text = fmt.Sprintf("%.0f", number)
			} else if list, isList := value.([]any); isList && len(list) == 0 {
				text = ""
			} else if !ok {
				text = fmt.Sprint(value)
			}
			_, got, err := ParseProperties(map[string]string{name: text})
			same := err == nil && reflect.DeepEqual(got.withDefaults(), (Config{}).withDefaults())
			needed[key] = needed[key] || !same
			if _, differs := defaultsThatDiffer[key]; !same && !differs {
				t.Errorf("%s.%s: %v is not the default here; error %v", class, key, value, err)
			}
		}
	}
	for key := range defaultsThatDiffer {
		if !needed[key] {
			t.Errorf("%s does not differ", key)
		}
	}
}
