package netclient

import (
	"encoding/json"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// recordedHosts is what kafka-python 1.2.1 made of bootstrap_servers.
type recordedHosts struct {
	One []struct {
		Input, Host, Error string
		Port               int
	} `json:"get_ip_port_afi"`
	Many []struct {
		Input  any
		Result [][3]any
	} `json:"collect_hosts"`
}

// TestParseServersLikeKafkaPython holds ParseServers against what kafka-python
// did, with the differences named.
func TestParseServersLikeKafkaPython(t *testing.T) {
	b, err := os.ReadFile("testdata/hosts.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded recordedHosts
	if err := json.Unmarshal(b, &recorded); err != nil {
		t.Fatal(err)
	}
	otherwise := map[string]string{
		"a:b:12":       "",                    // kafka-python: host a:b; no such host name can exist
		"fe80::1%eth0": "[fe80::1%eth0]:9092", // kafka-python: ValueError; it is a good address
	}
	for _, one := range recorded.One {
		want := net.JoinHostPort(one.Host, strconv.Itoa(one.Port))
		if one.Error != "" {
			want = ""
		}
		if other, ok := otherwise[one.Input]; ok {
			want = other
		}
		got, err := ParseServers(one.Input)
		if want == "" {
			if err == nil {
				t.Errorf("ParseServers(%q) = %q, want an error", one.Input, got)
			}
			continue
		}
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("ParseServers(%q) = %q, %v; want %q", one.Input, got, err, want)
		}
	}
	for _, many := range recorded.Many {
		var input []string
		switch v := many.Input.(type) {
		case string:
			input = []string{v}
		case []any:
			for _, s := range v {
				input = append(input, s.(string))
			}
		}
		var want []string
		for _, r := range many.Result {
			if r[0] != "" { // kafka-python: an empty element is a host without a name
				want = append(want, net.JoinHostPort(r[0].(string), strconv.Itoa(int(r[1].(float64)))))
			}
		}
		got, err := ParseServers(input...)
		if input[0] == "h:-5" { // kafka-python: port 9092
			if err == nil {
				t.Errorf("ParseServers(h:-5) = %q, want an error", got)
			}
			continue
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("ParseServers(%q) = %q, %v; want %q", input, got, err, want)
		}
	}
}

func TestParseServersErrors(t *testing.T) {
	for input, want := range map[string]string{
		"kafka:70000":       `address "kafka:70000": "70000" is not a port from 1 to 65535`,
		"ok:1,kafka:":       `"" is not a port`,
		":9092":             "the host is missing",
		"http://kafka:9092": "has no scheme",
		"kafka:9092:9093":   "too many colons",
		"my host:9092":      "not a host name",
	} {
		if _, err := ParseServers(input); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseServers(%q): %v; want an error with %q", input, err, want)
		}
	}
}
