package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// maxBehind is how much older than its newest release a dependency may be.
const maxBehind = 365 * 24 * time.Hour

// govulncheck is the tool that knows of vulnerable modules, at a fixed version.
const govulncheck = "golang.org/x/vuln/cmd/govulncheck@v1.9.0"

// checkDeps fails on what a user should not be made to build: a dependency that
// its author has retracted, one with a known vulnerability, one that is a year
// behind. What it could not ask, because the module proxy or the database of
// vulnerabilities did not answer, it prints: a gate that needs the network must
// not stop work without it.
func checkDeps(ctx context.Context, r *repo) error {
	return errors.Join(checkReleases(ctx, r), checkVulnerabilities(ctx, r, "https://vuln.go.dev"))
}

// A dependency is a version of somebody else's module, and who requires it.
type dependency struct {
	path, version string
	by            []string
}

func (d *dependency) String() string {
	return fmt.Sprintf("%s %s (required by %s)", d.path, d.version, strings.Join(d.by, ", "))
}

// dependencies lists what the modules require of others, sorted.
func (r *repo) dependencies() []*dependency {
	found := map[string]*dependency{}
	for _, m := range r.modules {
		for path, version := range m.versions {
			if strings.HasPrefix(path, prefix) {
				continue
			}
			key := path + "@" + version
			if found[key] == nil {
				found[key] = &dependency{path: path, version: version}
			}
			found[key].by = append(found[key].by, m.dir)
		}
	}
	var list []*dependency
	for _, d := range found {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b *dependency) int { return cmp.Compare(a.path+"@"+a.version, b.path+"@"+b.version) })
	return list
}

// A moduleInfo is what go list says of a version.
type moduleInfo struct {
	Path, Version string
	Time          time.Time
	Retracted     []string
	Deprecated    string
	Update        *struct {
		Version string
		Time    time.Time
	}
	Error *struct{ Err string }
}

// checkReleases asks the module proxy about every dependency.
func checkReleases(ctx context.Context, r *repo) error {
	dir, err := os.MkdirTemp("", "barnabas-deps-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/deps\n"), 0o666); err != nil {
		return err
	}
	deps := r.dependencies()
	args := []string{"list", "-m", "-e", "-u", "-retracted", "-json"}
	for _, d := range deps {
		args = append(args, d.path+"@"+d.version)
	}
	out, err := command(ctx, dir, []string{"GOWORK=off", "GOFLAGS=-mod=mod"}, "go", args...)
	if err != nil {
		note("deps", "could not ask about retracted and outdated dependencies: %v", err)
		return nil
	}
	var problems []error
	for decoder, i := json.NewDecoder(strings.NewReader(out)), 0; i < len(deps); i++ {
		var info moduleInfo
		if err := decoder.Decode(&info); err != nil {
			return fmt.Errorf("go list about %s: %w", deps[i], err)
		}
		if info.Error != nil {
			note("deps", "could not ask about %s: %s", deps[i], info.Error.Err)
			continue
		}
		if err := judge(&info); err != nil {
			problems = append(problems, fmt.Errorf("%s %w", deps[i], err))
		}
	}
	return errors.Join(problems...)
}

// judge returns why a version should not be used.
func judge(info *moduleInfo) error {
	switch {
	case info.Retracted != nil:
		return fmt.Errorf("is retracted: %s", strings.Join(info.Retracted, "; "))
	case info.Deprecated != "":
		return fmt.Errorf("is deprecated: %s", info.Deprecated)
	case info.Update != nil && info.Update.Time.Sub(info.Time) > maxBehind:
		return fmt.Errorf("is of %s, and %s of %s is out", info.Time.Format(time.DateOnly), info.Update.Version, info.Update.Time.Format(time.DateOnly))
	}
	return nil
}

// checkVulnerabilities runs govulncheck in every library module and in the
// command, which people run. What it says of the standard library is the
// toolchain's matter, not ours.
func checkVulnerabilities(ctx context.Context, r *repo, db string) error {
	bin, err := os.MkdirTemp("", "barnabas-vuln-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)
	if _, err := command(ctx, bin, []string{"GOWORK=off", "GOBIN=" + bin}, "go", "install", govulncheck); err != nil {
		note("deps", "could not get govulncheck: %v", err)
		return nil
	}
	var problems []error
	for _, m := range r.modules {
		if !m.library() && m.dir != "tools/barnabas" {
			continue
		}
		out, err := command(ctx, r.abs(m.dir), []string{"GOWORK=off"}, filepath.Join(bin, "govulncheck"), "-db", db, "-scan", "module", "-format", "json")
		if err != nil {
			note("deps", "could not ask about vulnerabilities: %s", lastLine(err.Error()))
			break // it is one database for all
		}
		found, err := vulnerable(out)
		if err != nil {
			return fmt.Errorf("what govulncheck says of %s: %w", m.dir, err)
		}
		for _, f := range found {
			problems = append(problems, fmt.Errorf("%s requires %s", m.dir, f))
		}
	}
	return errors.Join(problems...)
}

// vulnerable lists the vulnerable modules in govulncheck's output.
func vulnerable(out string) (found []string, err error) {
	for decoder := json.NewDecoder(strings.NewReader(out)); ; {
		var message struct {
			Finding *struct {
				OSV   string
				Fixed string `json:"fixed_version"`
				Trace []struct{ Module, Version string }
			}
		}
		if err := decoder.Decode(&message); err == io.EOF {
			slices.Sort(found)
			return slices.Compact(found), nil
		} else if err != nil {
			return nil, err
		}
		if f := message.Finding; f != nil && len(f.Trace) > 0 && f.Trace[0].Module != "stdlib" {
			found = append(found, fmt.Sprintf("%s %s, which is vulnerable: %s (fixed in %s)", f.Trace[0].Module, f.Trace[0].Version, f.OSV, cmp.Or(f.Fixed, "no version")))
		}
	}
}

// lastLine is where govulncheck, after the messages on its progress, says what
// went wrong.
func lastLine(text string) string { return text[strings.LastIndexByte(text, '\n')+1:] }

// note prints what a gate could not check; it fails nothing.
func note(gate, format string, args ...any) {
	fmt.Printf("note  %s\n%s\n", gate, indent(fmt.Sprintf(format, args...)))
}
