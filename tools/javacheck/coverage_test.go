package javacheck

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/anymsg"
)

const (
	fromZooKeeper = "from the controller to brokers, in clusters with ZooKeeper"
	amongVoters   = "among the voters of a KRaft quorum"
	toController  = "from brokers to the controller"
	shareState    = "from a share group's coordinator to the broker that keeps its state"
)

// notCovered are the APIs that wire leaves out: no client sends them.
var notCovered = map[int16]string{
	4:  fromZooKeeper,
	5:  fromZooKeeper,
	6:  fromZooKeeper,
	7:  toController,
	52: amongVoters,
	53: amongVoters,
	54: amongVoters,
	56: toController,
	58: toController,
	59: amongVoters,
	62: toController,
	63: toController,
	67: toController,
	70: "from controllers to the active one",
	73: toController,
	82: amongVoters,
	83: shareState,
	84: shareState,
	85: shareState,
	86: shareState,
	87: shareState,
}

type apiVersion struct {
	key     wire.APIKey
	version int16
}

// unstable are the versions that wire leaves out: no release serves them, unless
// it is told to serve unstable versions.
var unstable = map[apiVersion]string{
	{wire.KeyInitProducerID, 6}:      "not stable in 4.4.0",
	{wire.KeyShareGroupHeartbeat, 0}: "never became stable: 4.1 began with version 1",
	{wire.KeyShareGroupDescribe, 0}:  "never became stable: 4.1 began with version 1",
	{wire.KeyShareFetch, 0}:          "never became stable: 4.1 began with version 1",
	{wire.KeyShareAcknowledge, 0}:    "never became stable: 4.1 began with version 1",
}

// notData are the messages without a key that are not among anymsg's.
var notData = map[string]string{
	"RequestHeader":        "wire.RequestHeader",
	"ResponseHeader":       "wire.ResponseHeader",
	"DefaultPrincipalData": "a principal, in requests that a broker passes on to the controller",
}

// renamed are the names that APIs had in the oldest of the releases.
var renamed = map[int16]string{74: "ListClientMetricsResources"}

// A javaAPI is what a release says of an API.
type javaAPI struct {
	key      int16
	name     string
	versions wire.VersionRange // unstable ones, too
	stable   int16             // the last stable one
	client   bool              // brokers serve it
}

func javaAPIs(t *testing.T, java *jvm, release string) map[int16]javaAPI {
	t.Helper()
	text, thrown := java.ask(t, release, "Apis.list")
	if thrown != "" {
		t.Fatal(thrown)
	}
	all := map[int16]javaAPI{}
	for _, f := range fields(text) {
		key := number(t, f[0])
		all[key] = javaAPI{key, f[1], wire.VersionRange{Min: number(t, f[2]), Max: number(t, f[4])}, number(t, f[3]),
			slices.Contains(strings.Fields(f[5]), "BROKER")}
	}
	return all
}

// wire has every version of every API that the releases have and clients use,
// and no other.
func TestCoverage(t *testing.T) {
	java := startJVM(t)
	has := map[apiVersion]bool{} // the releases
	for _, release := range []string{newest, oldest} {
		apis := javaAPIs(t, java, release)
		if len(apis) < 70 {
			t.Errorf("only %d APIs in %s", len(apis), release)
		}
		for key, api := range apis {
			if _, not := notCovered[key]; not {
				continue
			}
			for version := api.versions.Min; version <= api.versions.Max; version++ {
				has[apiVersion{wire.APIKey(key), version}] = true
			}
			checkAPI(t, release, api)
		}
		checkMessages(t, java, release, apis)
	}
	for _, key := range anymsg.Keys() {
		if _, not := notCovered[int16(key)]; not {
			t.Errorf("%s is in anymsg, and among those that are not", key)
		}
		versions, _ := key.Versions()
		for version := versions.Min; version <= versions.Max; version++ {
			if !has[apiVersion{key, version}] {
				t.Errorf("%s v%d is in no release", key, version)
			}
		}
	}
	for v := range unstable {
		if !has[v] {
			t.Errorf("%s v%d, which is among the unstable versions, is in no release", v.key, v.version)
		}
	}
	checkExclusions(t, javaAPIs(t, java, newest))
}

// checkAPI sees whether wire has all versions.
func checkAPI(t *testing.T, release string, api javaAPI) {
	t.Helper()
	key := wire.APIKey(api.key)
	versions, ok := key.Versions()
	if !ok {
		t.Errorf("wire lacks API %d, %s, of %s", api.key, api.name, release)
		return
	}
	if api.name != key.String() && (release == newest || api.name != renamed[api.key]) {
		t.Errorf("API %d is %s to us and %s to %s", api.key, key, api.name, release)
	}
	for version := api.versions.Min; version <= api.versions.Max; version++ {
		_, not := unstable[apiVersion{key, version}]
		if versions.Contains(version) == not {
			t.Errorf("%s v%d of %s: wire has %s", key, version, release, versions)
		}
		if not && release == newest && version <= api.stable {
			t.Errorf("%s v%d is stable in %s", key, version, release)
		}
	}
}

// checkMessages sees whether all messages are known, and whether requests and
// responses have the versions of their API.
func checkMessages(t *testing.T, java *jvm, release string, apis map[int16]javaAPI) {
	t.Helper()
	byName := map[string]javaAPI{}
	for _, api := range apis {
		byName[api.name] = api
	}
	for _, m := range javaMessages(t, java, release) {
		name, isRequest := strings.CutSuffix(m.name, "Request")
		name, isResponse := strings.CutSuffix(name, "Response")
		if api, ok := byName[name]; isRequest || isResponse {
			if !ok || api.versions != m.versions {
				t.Errorf("%s of %s has versions %s, and its API %+v", m.name, release, m.versions, api)
			}
			continue
		}
		_, not := notData[m.name]
		data, ok := anymsg.NewData(m.name)
		if ok == not {
			t.Errorf("%s of %s: in anymsg: %t, among those that are not: %t", m.name, release, ok, not)
		}
		if ok && (data.Versions().Min > m.versions.Min || data.Versions().Max < m.versions.Max) {
			t.Errorf("%s of %s has versions %s, wire %s", m.name, release, m.versions, data.Versions())
		}
	}
}

// checkExclusions sees whether what is left out is what clients can't use: what
// is not for brokers' listeners, and the share groups' state.
func checkExclusions(t *testing.T, apis map[int16]javaAPI) {
	t.Helper()
	for key, api := range apis {
		reason, not := notCovered[key]
		if not == (api.client && reason != shareState) {
			t.Errorf("API %d, %s: served to clients: %t, left out: %t", key, api.name, api.client, not)
		}
	}
	for key := range notCovered {
		if _, ok := apis[key]; !ok {
			t.Errorf("API %d, which is left out, is in no release", key)
		}
	}
}

// Both sides have the same error codes.
func TestErrors(t *testing.T) {
	java := startJVM(t)
	text, thrown := java.ask(t, newest, "Apis.errors")
	if thrown != "" {
		t.Fatal(thrown)
	}
	known := map[wire.ErrorCode]bool{}
	for _, f := range fields(text) {
		code := wire.ErrorCode(number(t, f[0]))
		known[code] = true
		if got := []string{code.String(), strconv.FormatBool(code.Retriable()), strconv.FormatBool(code.RefreshMetadata())}; !slices.Equal(got, f[1:]) {
			t.Errorf("code %d: our name, retriable, metadata: %q, Java's: %q", code, got, f[1:])
		}
	}
	for code := wire.ErrorCode(-1000); code < 1000; code++ {
		if ours := !strings.HasPrefix(code.String(), "ERROR_CODE_"); ours != known[code] {
			t.Errorf("code %d: known to us: %t, to Java: %t", code, ours, known[code])
		}
	}
	t.Logf("%8d error codes", len(known))
}
