package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// jsonMessage is a message's schema as the jars hold it.
type jsonMessage struct {
	APIKey           *int         `json:"apiKey"`
	Type             string       `json:"type"`
	Listeners        []string     `json:"listeners"`
	Name             string       `json:"name"`
	ValidVersions    string       `json:"validVersions"`
	FlexibleVersions string       `json:"flexibleVersions"`
	Unstable         bool         `json:"latestVersionUnstable"`
	Fields           []*jsonField `json:"fields"`
	CommonStructs    []struct {
		Name   string       `json:"name"`
		Fields []*jsonField `json:"fields"`
	} `json:"commonStructs"`
}

type jsonField struct {
	Name             string       `json:"name"`
	Type             string       `json:"type"`
	Versions         string       `json:"versions"`
	NullableVersions string       `json:"nullableVersions"`
	Tag              any          `json:"tag"`
	Default          any          `json:"default"`
	Ignorable        bool         `json:"ignorable"`
	Fields           []*jsonField `json:"fields"`
}

// notForClients are the APIs that brokers keep among themselves though their
// listener is the clients': those of the share groups' state.
var notForClients = map[int]bool{83: true, 84: true, 85: true, 86: true, 87: true}

// neverReleased are versions that stand in the schemas but that no released
// broker speaks without being told to.
var neverReleased = map[int]versions{76: {0, 0}, 77: {0, 0}, 78: {0, 0}, 79: {0, 0}}

// dataMessages travel inside other messages or records; clients read and write
// them.
var dataMessages = []string{
	"ConsumerProtocolSubscription", "ConsumerProtocolAssignment", "EndTxnMarker", "AbortedTxn", "ControlRecordTypeSchema",
	"LeaderChangeMessage", "KRaftVersionRecord", "SnapshotHeaderRecord", "SnapshotFooterRecord", "VotersRecord",
}

// importJars writes the definitions anew.
func importJars(newJar, oldJar, defs string) error {
	latest, err := readJar(newJar)
	if err != nil {
		return err
	}
	old, err := readJar(oldJar)
	if err != nil {
		return err
	}
	restore(latest, old)
	files, err := toFiles(latest, old)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(defs, 0o777); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(defs, f.fileName()), []byte(f.String()), 0o666); err != nil {
			return err
		}
	}
	return nil
}

func readJar(name string) (map[string]*jsonMessage, error) {
	jar, err := zip.OpenReader(name)
	if err != nil {
		return nil, err
	}
	defer jar.Close()
	messages := map[string]*jsonMessage{}
	for _, entry := range jar.File {
		if !strings.HasPrefix(entry.Name, "common/message/") || path.Ext(entry.Name) != ".json" {
			continue
		}
		m, err := readJSON(entry)
		if err != nil {
			return nil, fmt.Errorf("%s in %s: %w", entry.Name, name, err)
		}
		messages[m.Name] = m
	}
	if len(messages) == 0 {
		return nil, fmt.Errorf("%s holds no message schemas", name)
	}
	return messages, nil
}

func readJSON(entry *zip.File) (*jsonMessage, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var plain bytes.Buffer // without the comment lines
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(bytes.TrimSpace(line), []byte("//")) {
			plain.Write(line)
		}
	}
	var m jsonMessage
	return &m, json.Unmarshal(plain.Bytes(), &m)
}

// dropped are the fields that 4.0 removed together with the versions that had
// them, and the field that each came after.
var dropped = []struct{ message, path, field, after string }{
	{"ListOffsetsRequest", "Topics.Partitions", "MaxNumOffsets", "Timestamp"},
	{"ListOffsetsResponse", "Topics.Partitions", "OldStyleOffsets", "ErrorCode"},
	{"OffsetCommitRequest", "Topics.Partitions", "CommitTimestamp", "CommittedOffset"},
	{"DescribeConfigsResponse", "Results.Configs", "IsDefault", "ReadOnly"},
}

// restore puts the dropped fields back from the old schemas.
func restore(latest, old map[string]*jsonMessage) {
	for _, d := range dropped {
		from := at(old[d.message].Fields, d.path)
		to := at(latest[d.message].Fields, d.path)
		byName := func(name string) func(*jsonField) bool { return func(f *jsonField) bool { return f.Name == name } }
		if slices.ContainsFunc(to.Fields, byName(d.field)) {
			continue
		}
		field := from.Fields[slices.IndexFunc(from.Fields, byName(d.field))]
		to.Fields = slices.Insert(to.Fields, slices.IndexFunc(to.Fields, byName(d.after))+1, field)
	}
}

// at finds the struct field at the path.
func at(fields []*jsonField, path string) *jsonField {
	head, rest, more := strings.Cut(path, ".")
	i := slices.IndexFunc(fields, func(f *jsonField) bool { return f.Name == head })
	if !more {
		return fields[i]
	}
	return at(fields[i].Fields, rest)
}

// toFiles makes the definitions: an API a file, for the APIs of clients, and
// the data messages.
func toFiles(latest, old map[string]*jsonMessage) ([]*file, error) {
	var files []*file
	for _, name := range slices.Sorted(maps.Keys(latest)) {
		m := latest[name]
		var f *file
		var err error
		switch {
		case m.Type == "request" && slices.Contains(m.Listeners, "broker") && !notForClients[*m.APIKey]:
			apiName := strings.TrimSuffix(name, "Request")
			f, err = toFile(apiName, *m.APIKey, old[name], m, latest[apiName+"Response"])
		case slices.Contains(dataMessages, name):
			f, err = toFile(name, -1, nil, m)
		default:
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files = append(files, f)
	}
	return files, nil
}

func toFile(name string, key int, old *jsonMessage, messages ...*jsonMessage) (*file, error) {
	valid, err := parseVersions(messages[0].ValidVersions)
	if err != nil {
		return nil, err
	}
	if messages[0].Unstable {
		valid.max--
	}
	if old != nil {
		before, err := parseVersions(old.ValidVersions)
		if err != nil {
			return nil, err
		}
		valid.min = min(valid.min, before.min)
	}
	if never, ok := neverReleased[key]; ok {
		valid.min = max(valid.min, never.max+1)
	}
	flexible, err := parseVersions(messages[0].FlexibleVersions)
	if err != nil {
		return nil, err
	}
	f := &file{name: name, key: key, valid: valid, flexible: flexible}
	for _, m := range messages {
		fields, err := toFields(m.Fields, valid)
		if err != nil {
			return nil, err
		}
		made := &message{name: m.Name, kind: m.Type, file: f, fields: fields}
		if key < 0 {
			made.kind = "data"
		}
		for _, c := range m.CommonStructs {
			fields, err := toFields(c.Fields, valid)
			if err != nil {
				return nil, err
			}
			made.commons = append(made.commons, &common{name: c.Name, fields: fields})
		}
		f.messages = append(f.messages, made)
	}
	return f, nil
}

// toFields leaves out what no version has.
func toFields(from []*jsonField, within versions) ([]*field, error) {
	var fields []*field
	for _, j := range from {
		f := &field{name: j.Name, tag: -1, ignorable: j.Ignorable}
		have, err := parseVersions(j.Versions)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", j.Name, err)
		}
		if have.intersect(within).empty() {
			continue
		}
		f.versions = have
		if f.nullable, err = parseVersions(j.NullableVersions); err != nil {
			return nil, fmt.Errorf("%s: %w", j.Name, err)
		}
		f.nullable = f.nullable.intersect(have)
		if j.Tag != nil {
			if f.tag, err = strconv.Atoi(fmt.Sprint(j.Tag)); err != nil {
				return nil, fmt.Errorf("%s: tag %v", j.Name, j.Tag)
			}
		}
		if j.Default != nil {
			f.def = fmt.Sprint(j.Default)
			if number, ok := j.Default.(float64); ok {
				f.def = strconv.FormatFloat(number, 'f', -1, 64)
			}
		}
		f.typ, f.array = strings.CutPrefix(j.Type, "[]")
		if _, scalar := scalars[f.typ]; !scalar && len(j.Fields) > 0 {
			f.typ = "struct"
		}
		if f.fields, err = toFields(j.Fields, have.intersect(within)); err != nil {
			return nil, fmt.Errorf("%s: %w", j.Name, err)
		}
		fields = append(fields, f)
	}
	return fields, nil
}
