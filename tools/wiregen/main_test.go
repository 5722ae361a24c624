package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const repository = "../.."

// What is committed is what the definitions give.
func TestGeneratedIsUpToDate(t *testing.T) {
	wire, dir := filepath.Join(repository, "wire"), t.TempDir()
	if err := generate(filepath.Join(wire, "defs"), dir); err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for _, name := range generated(t, dir) {
		made[name] = true
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(wire, name)); err != nil || string(got) != string(want) {
			t.Errorf("wire/%s is not what wire/defs says: go run ./tools/wiregen generate (%v)", name, err)
		}
	}
	for _, name := range generated(t, wire) {
		if !made[name] {
			t.Errorf("wire/%s has no definition", name)
		}
	}
	if len(made) < 80 {
		t.Errorf("only %d files", len(made))
	}
}

func generated(t *testing.T, dir string) (names []string) {
	t.Helper()
	for _, pattern := range []string{"*_gen.go", "*/*_gen.go"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			name, err = filepath.Rel(dir, name)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
	}
	return names
}

// A file without a definition is taken away.
func TestGenerateRemovesOldFiles(t *testing.T) {
	defs, dir := t.TempDir(), t.TempDir()
	old := filepath.Join(dir, "msg", "gone_gen.go")
	if err := os.MkdirAll(filepath.Dir(old), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{old: "package msg\n", filepath.Join(defs, "thing.def"): "data Thing versions 0 flexible none\n\ndata\n  A int8 0+\n"} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := generate(defs, dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", old, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "msg", "thing_gen.go")); err != nil {
		t.Error(err)
	}
}

// Reading a definition and writing it gives the same file under the same name.
func TestDefinitionsStay(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(repository, "wire", "defs", "*.def"))
	if err != nil || len(names) < 80 {
		t.Fatalf("%d definitions, %v", len(names), err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parseDef(string(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f.String() != string(text) {
			t.Errorf("%s became\n%s", name, f)
		}
		if f.fileName() != filepath.Base(name) {
			t.Errorf("%s should be named %s", name, f.fileName())
		}
	}
}

func TestBadDefinitions(t *testing.T) {
	const head = "api 3 Metadata versions 0-13 flexible 9+\n\nrequest\n"
	for _, c := range []struct{ text, want string }{
		{"", "no definition"},
		{"# only this\n", "no definition"},
		{"api x Metadata versions 0-13 flexible 9+\n", `line 1: key "x"`},
		{"api 3 Metadata versions 0-13\n", "line 1: want: api KEY NAME"},
		{"api 3 Metadata versions 13-0 flexible 9+\n", `line 1: versions "13-0"`},
		{"api 3 Metadata versions 0-13 flexible 9+-12\n", `line 1: versions "9+-12"`},
		{"api 3 Metadata versions 0-13 flexible 9+\n  Topics string 0+\n", "line 2: before any request"},
		{"api 3 Metadata versions 0-13 flexible 9+\n  common Topic\n", "line 2: before any request"},
		{"api 3 Metadata versions 0-13 flexible 9+\n\nreqest\n", `line 3: "reqest": want request`},
		{head, "it has [request], and must have [request response]"},
		{"data Thing versions 0+ flexible none\n\ndata\n  A int8 0+\n", "versions 0+: want the first and the last"},
		{head + "  Name\n", "line 4: want: NAME TYPE VERSIONS"},
		{head + "   Name string 0+\n", "line 4: indent with two spaces"},
		{head + "\tName string 0+\n", "line 4: indent with two spaces"},
		{head + "      Name string 0+\n", "line 4: indented too far"},
		{head + "  Name string 0+ nul 1+\n", `line 4: "nul": want null, tag, default or ignorable`},
		{head + "  Name string 0+ tag\n", `line 4: "tag": a word is missing`},
		{head + "  Name string 0+ tag x\n", "line 4: strconv.Atoi"},
		{head + "  A int8 0+\n  Name text 0+\nresponse\n", "line 5: no type text"},
		{head + "  A []struct 0+\nresponse\n", "line 4: a struct without fields"},
		{head + "  A int8 0+\n    B int8 0+\nresponse\n", "line 4: int8 has no fields inside"},
		{head + "  A int8 0+ null 1+\nresponse\n", "line 4: int8 can't be null"},
		{head + "  A string 3+ null 1+\nresponse\n", "line 4: null in versions 1+, of 3+"},
		{head + "  A string 0+ default null\nresponse\n", "line 4: null is the default of what can't be null"},
		{head + "  A int8 0+ default 128\nresponse\n", "line 4: default 128 of int8"},
		{head + "  A bool 0+ default yes\nresponse\n", "line 4: default yes of bool"},
		{head + "  A []int8 0+ default 1\nresponse\n", "line 4: default 1: only null"},
		{head + "  A int8 none\nresponse\n", "line 4: A is in no version"},
		{head + "  A int8 8+ tag 0\nresponse\n", "line 4: a tag in versions 8+, and only 9+ are flexible"},
		{head + "  A int8 9+ tag 0\n  B int8 9+ tag 0\nresponse\n", "line 5: tag 0 is there twice"},
		{head + "  A []struct 0+\n    TopicId int8 0+\n    TopicID int8 0+\nresponse\n", "line 6: TopicID is there twice"},
		{head + "  A []Thing 0+\n\n  common Thing\n    B text 0+\nresponse\n", "line 7: no type text"},
	} {
		f, err := parseDef(c.text)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: %v, %v; want %s", c.text, f, err, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	for kafka, want := range map[string]string{
		"TopicId": "TopicID", "TopicIds": "TopicIDs", "Idle": "Idle", "ClientIdNotes": "ClientIDNotes", "ApiVersions": "APIVersions", "Apiary": "Apiary",
		"timeoutMs": "TimeoutMs", "GenerationIdOrMemberEpoch": "GenerationIDOrMemberEpoch", "InitProducerId": "InitProducerID", "IsIdentical": "IsIdentical",
	} {
		if got := goName(kafka); got != want {
			t.Errorf("%s is %s, want %s", kafka, got, want)
		}
	}
	for plural, want := range map[string]string{"Topics": "Topic", "Entries": "Entry", "Batches": "Batch", "TopicData": "TopicData", "Addresses": "Address", "Progress": "Progress"} {
		if got := singular(plural); got != want {
			t.Errorf("one of %s is %s, want %s", plural, got, want)
		}
	}
}
