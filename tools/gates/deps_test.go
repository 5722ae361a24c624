package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n) }
	update := func(of time.Time) *struct {
		Version string
		Time    time.Time
	} {
		return &struct {
			Version string
			Time    time.Time
		}{"v1.9.0", of}
	}
	for _, c := range []struct {
		what string
		info moduleInfo
		want string // "" when it may be used
	}{
		{"the newest, however old", moduleInfo{Time: day(-3000)}, ""},
		{"behind by a year to the day", moduleInfo{Time: day(0), Update: update(day(365))}, ""},
		{"behind by more", moduleInfo{Time: day(0), Update: update(day(366))}, "is of 2026-01-01, and v1.9.0 of 2027-01-02 is out"},
		{"retracted", moduleInfo{Retracted: []string{"it writes what nobody can read"}}, "is retracted: it writes what nobody can read"},
		{"retracted without a word", moduleInfo{Retracted: []string{""}}, "is retracted"},
		{"deprecated", moduleInfo{Deprecated: "use another"}, "is deprecated: use another"},
	} {
		err := judge(&c.info)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

// TestRetracted wants the gate to find a version that is in fact retracted.
func TestRetracted(t *testing.T) {
	if testing.Short() {
		t.Skip("it asks the module proxy")
	}
	root := t.TempDir()
	write(t, root, "wire/go.mod", "module "+prefix+"wire\n\ngo 1.26\n\nrequire github.com/klauspost/compress v1.18.1\n")
	r, err := openRepo(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := command(t.Context(), root, []string{"GOWORK=off"}, "go", "list", "-m", "github.com/klauspost/compress@latest"); err != nil {
		t.Skipf("the module proxy does not answer: %v", err)
	}
	err = checkReleases(t.Context(), r)
	if err == nil || !strings.Contains(err.Error(), "github.com/klauspost/compress v1.18.1 (required by wire) is retracted") {
		t.Errorf("the gate says %v", err)
	}
}

// TestVulnerable gives govulncheck a database in which a dependency is vulnerable.
func TestVulnerable(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds govulncheck")
	}
	root := copyRepo(t)
	db := t.TempDir()
	put := func(name string, value any) {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		write(t, db, name, string(text))
	}
	type object = map[string]any
	const id, module, modified = "GO-2026-9999", "github.com/golang/snappy", "2026-01-01T00:00:00Z"
	put("index/db.json", object{"modified": modified})
	put("index/modules.json", []object{{"path": module, "vulns": []object{{"id": id, "modified": modified}}}})
	put("index/vulns.json", []object{{"id": id, "modified": modified}})
	put("ID/"+id+".json", object{
		"schema_version": "1.3.1", "id": id, "modified": modified, "published": modified, "details": "made up for a test",
		"affected": []object{{
			"package": object{"name": module, "ecosystem": "Go"},
			"ranges":  []object{{"type": "SEMVER", "events": []object{{"introduced": "0"}}}},
		}},
	})
	r, err := openRepo(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	err = checkVulnerabilities(t.Context(), r, "file://"+filepath.ToSlash(db))
	if err == nil || !strings.Contains(err.Error(), "wire/compress requires "+module) || !strings.Contains(err.Error(), id) {
		t.Errorf("the gate says %v", err)
	}
}
