package javacheck

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/anymsg"
)

// Each version of each API has the same headers on both sides.
func TestHeaders(t *testing.T) {
	java := startJVM(t)
	count := newTally(t)
	apis := map[string]map[int16]javaAPI{newest: javaAPIs(t, java, newest), oldest: javaAPIs(t, java, oldest)}
	for _, key := range anymsg.Keys() {
		versions, _ := key.Versions()
		for version := versions.Min; version <= versions.Max; version++ {
			release := newest
			if !apis[newest][int16(key)].versions.Contains(version) {
				release = oldest
			}
			text, thrown := java.ask(t, release, "Apis.headers", fmt.Sprint(int16(key)), fmt.Sprint(version))
			request, response, ok := strings.Cut(text, "\t")
			if thrown != "" || !ok {
				t.Fatalf("%s v%d: %s%s", key, version, text, thrown)
			}
			checkRequestHeader(t, java, release, key, version, request)
			checkResponseHeader(t, java, release, key, version, response)
			count.add("headers of requests and responses, with Java " + release)
		}
	}
}

// headerTags are those that a header with tags can have beside its fields.
var headerTags = &wire.Tags{{Number: 0, Data: []byte{}}, {Number: 300, Data: []byte("unknown")}}

// checkRequestHeader compares request headers; the header's version is Java's.
func checkRequestHeader(t *testing.T, java *jvm, release string, key wire.APIKey, version int16, headerVersion string) {
	t.Helper()
	for _, clientID := range []*string{nil, new(""), new("żółw 𝄞")} {
		h := wire.RequestHeader{APIKey: key, APIVersion: version, CorrelationID: -7, ClientID: clientID}
		id, err := json.Marshal(clientID)
		if err != nil {
			t.Fatal(err)
		}
		want := javaHeader(t, java, release, "RequestHeaderData", headerVersion, fmt.Sprintf(
			`{"requestApiKey":%d,"requestApiVersion":%d,"correlationId":-7,"clientId":%s}`, key, version, id))
		compareRequestHeader(t, h, want)
		h.UnknownTags = headerTags
		if got, err := wire.AppendRequestHeader(nil, h); err == nil {
			checkHeaderWithTags(t, java, release, "RequestHeaderData", headerVersion, got)
			compareRequestHeader(t, h, got)
		} else if headerVersion == "2" {
			t.Errorf("%s v%d: %v", key, version, err)
		}
	}
}

// compareRequestHeader compares a header with Java's bytes of it, both ways.
func compareRequestHeader(t *testing.T, h wire.RequestHeader, want []byte) {
	t.Helper()
	if got, err := wire.AppendRequestHeader(nil, h); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s v%d: our header %x (%v), Java's %x", h.APIKey, h.APIVersion, got, err, want)
	}
	got, body, err := wire.DecodeRequestHeader(append(bytes.Clone(want), "body"...))
	if err != nil || string(body) != "body" || !reflect.DeepEqual(got, h) {
		t.Errorf("%s v%d: we read %+v %q %v of Java's header %x", h.APIKey, h.APIVersion, got, body, err, want)
	}
}

// checkResponseHeader compares response headers; the header's version is Java's.
func checkResponseHeader(t *testing.T, java *jvm, release string, key wire.APIKey, version int16, headerVersion string) {
	t.Helper()
	h := wire.ResponseHeader{CorrelationID: -7}
	want := javaHeader(t, java, release, "ResponseHeaderData", headerVersion, `{"correlationId":-7}`)
	compareResponseHeader(t, key, version, h, want)
	h.UnknownTags = headerTags
	if got, err := wire.AppendResponseHeader(nil, key, version, h); err == nil {
		checkHeaderWithTags(t, java, release, "ResponseHeaderData", headerVersion, got)
		compareResponseHeader(t, key, version, h, got)
	} else if headerVersion == "1" {
		t.Errorf("%s v%d: %v", key, version, err)
	}
}

// compareResponseHeader compares a header with Java's bytes of it, both ways.
func compareResponseHeader(t *testing.T, key wire.APIKey, version int16, h wire.ResponseHeader, want []byte) {
	t.Helper()
	if got, err := wire.AppendResponseHeader(nil, key, version, h); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s v%d: our response header %x (%v), Java's %x", key, version, got, err, want)
	}
	got, body, err := wire.DecodeResponseHeader(append(bytes.Clone(want), "body"...), key, version)
	if err != nil || string(body) != "body" || !reflect.DeepEqual(got, h) {
		t.Errorf("%s v%d: we read %+v %q %v of Java's response header %x", key, version, got, body, err, want)
	}
}

// javaHeader is Java's bytes of a header.
func javaHeader(t *testing.T, java *jvm, release, class, version, text string) []byte {
	t.Helper()
	got, thrown := java.ask(t, release, "Messages.fromJson", class, version, text)
	b, err := hex.DecodeString(got)
	if thrown != "" || err != nil {
		t.Fatalf("%s v%s of %s: %s%s", class, version, text, got, thrown)
	}
	return b
}

// checkHeaderWithTags has Java read our header and write it again.
func checkHeaderWithTags(t *testing.T, java *jvm, release, class, version string, b []byte) {
	t.Helper()
	got, thrown := java.ask(t, release, "Messages.roundTrip", class, version, hex.EncodeToString(b))
	if got != hex.EncodeToString(b)+"\t0" || thrown != "" {
		t.Errorf("Java makes of %s v%s with tags %x: %s%s", class, version, b, got, thrown)
	}
}
