package javacheck

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/anymsg"
)

var update = flag.Bool("update", false, "write docs/protocol.md again")

const listingFile = "../../docs/protocol.md"

// docs/protocol.md says what is covered, by what, and what is not.
func TestListing(t *testing.T) {
	want := listing(t, startJVM(t))
	if *update {
		if err := os.WriteFile(listingFile, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(listingFile)
	if err != nil || string(got) != want {
		t.Errorf("docs/protocol.md is not what it should be (%v): go test ./javacheck -run TestListing -update writes it", err)
	}
}

func listing(t *testing.T, java *jvm) string {
	apis := map[string]map[int16]javaAPI{newest: javaAPIs(t, java, newest), oldest: javaAPIs(t, java, oldest)}
	var b strings.Builder
	fmt.Fprintf(&b, `# The protocol: what is covered

Every version below, request and response, is compared with Kafka's own code: the classes of kafka-clients %s, and of %s for the versions
that 4.0 dropped. The comparison (`+"`go test ./javacheck -v`"+` in tools; it also writes this page) covers bytes both ways, values, defaults, writing in another
version what was read in one (where one of the two releases has both), damaged bytes, headers and error codes. "Flexible" is the first version
with compact lengths and tagged fields.

## APIs

| key | API | versions | flexible | compared with %s | with %s |
|---|---|---|---|---|---|
`, newest, oldest, newest, oldest)
	for _, key := range anymsg.Keys() {
		versions, _ := key.Versions()
		flexible := "none"
		if first := key.FirstFlexible(); first >= 0 {
			flexible = fmt.Sprint(first)
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s |\n", key, key, span(versions), flexible,
			comparedWith(versions, func(release string) wire.VersionRange { return apis[release][int16(key)].versions }))
	}
	b.WriteString("\n## Messages inside others, and in control records\n\n")
	fmt.Fprintf(&b, "| message | versions | compared with %s | with %s |\n|---|---|---|---|\n", newest, oldest)
	for _, k := range kinds(t, java) {
		if slices.Contains(anymsg.DataNames(), k.name) {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", k.name, span(k.versions),
				comparedWith(k.versions, func(release string) wire.VersionRange {
					if versions, ok := k.java[release]; ok {
						return versions
					}
					return wire.VersionRange{Max: -1}
				}))
		}
	}
	writeExclusions(&b, apis[newest])
	writeDifferences(&b)
	return b.String()
}

// comparedWith are two cells: the versions that each release checks. What both
// have, the newest does.
func comparedWith(versions wire.VersionRange, has func(release string) wire.VersionRange) string {
	byRelease := map[string]wire.VersionRange{newest: {Max: -1}, oldest: {Max: -1}}
	for version := versions.Min; version <= versions.Max; version++ {
		release := newest
		if !has(newest).Contains(version) {
			release = oldest
		}
		r := byRelease[release]
		if r.Max < r.Min {
			r.Min = version
		}
		byRelease[release] = wire.VersionRange{Min: r.Min, Max: version}
	}
	return span(byRelease[newest]) + " | " + span(byRelease[oldest])
}

// span is a range in as few words as possible.
func span(versions wire.VersionRange) string {
	switch {
	case versions.Max < versions.Min:
		return ""
	case versions.Max == versions.Min:
		return fmt.Sprint(versions.Min)
	}
	return versions.String()
}

// writeExclusions lists what is not covered.
func writeExclusions(b *strings.Builder, apis map[int16]javaAPI) {
	b.WriteString("\n## Not covered\n\nNo client sends these:\n\n| key | API | goes |\n|---|---|---|\n")
	for _, key := range slices.Sorted(maps.Keys(notCovered)) {
		fmt.Fprintf(b, "| %d | %s | %s |\n", key, apis[key].name, notCovered[key])
	}
	b.WriteString("\nBrokers refuse these, unless they are told to serve unstable versions:\n\n| API | version | why |\n|---|---|---|\n")
	byKey := func(a, b apiVersion) int { return int(a.key) - int(b.key) }
	for _, v := range slices.SortedFunc(maps.Keys(unstable), byKey) {
		fmt.Fprintf(b, "| %s | %d | %s |\n", v.key, v.version, unstable[v])
	}
	b.WriteString("\nAnd of the messages without a key: DefaultPrincipalData, " + notData["DefaultPrincipalData"] + ". What is in `__consumer_offsets`\n" +
		"and `__transaction_state` is not in kafka-clients, and not in `wire`.\n")
}

// writeDifferences lists where the two sides do not do the same.
func writeDifferences(b *strings.Builder) {
	b.WriteString("\n## Where wire and Kafka's classes differ\n\n| with | |\n|---|---|\n")
	for _, table := range []map[string]exception{convertDifferences, hostileDifferences} {
		for _, name := range slices.Sorted(maps.Keys(table)) {
			fmt.Fprintf(b, "| %s | %s |\n", name, table[name].reason)
		}
	}
}
