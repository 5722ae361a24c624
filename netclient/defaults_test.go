package netclient

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
	"max_in_flight_requests_per_connection": "a connection has no bound of its own; the producer has one, of 5",
	"state_change_callback":                 "there is Trace",
	"client_id":                             "it is our name, not kafka-python's",
	"request_timeout_ms":                    "30 s as in Kafka; kafka-python had 40 s for a consumer's sake, whose default that still is",
	"api_version":                           "a number inside of kafka-python: releases are found out per broker",
	"ssl_check_hostname":                    "there is no such property: TLS always checks, but for what Config.TLS says",
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
	names := map[string]string{}
	values := map[string]string{}
	needed := map[string]bool{}
	for _, class := range []string{"KafkaClient", "BrokerConnection", "ClusterMetadata"} {
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
			got, rest, err := ParseProperties(map[string]string{name: text})
			got.Ignored = nil
			if len(rest) > 0 {
				err = fmt.Errorf("no property of a client: %v", rest)
			}
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
