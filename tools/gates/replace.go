package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// wantReplaces are the replace lines that a module needs: one for each sibling
// that it requires, or that a sibling requires. Without them its build, apart
// from the workspace, would look for versions that nobody has tagged.
func wantReplaces(r *repo, m *module) (map[string]string, error) {
	want := map[string]string{}
	var visit func(*module) error
	visit = func(from *module) error {
		for _, required := range from.requires {
			dir, ours := strings.CutPrefix(required, prefix)
			if !ours || want[required] != "" || dir == m.dir {
				continue
			}
			sibling := r.module(dir)
			if sibling == nil {
				return fmt.Errorf("%s/go.mod requires %s, which is not in the repository", from.dir, required)
			}
			rel, err := filepath.Rel(m.dir, dir)
			if err != nil {
				return err
			}
			if rel = filepath.ToSlash(rel); !strings.HasPrefix(rel, "..") {
				rel = "./" + rel
			}
			want[required] = rel
			if err := visit(sibling); err != nil {
				return err
			}
		}
		return nil
	}
	return want, visit(m)
}

// workspace are the directories that go.work uses.
func workspace(ctx context.Context, r *repo) (dirs []string, err error) {
	out, err := command(ctx, r.root, nil, "go", "work", "edit", "-json", "go.work")
	if err != nil {
		return nil, err
	}
	var file struct{ Use []struct{ DiskPath string } }
	if err := json.Unmarshal([]byte(out), &file); err != nil {
		return nil, fmt.Errorf("go.work: %w", err)
	}
	for _, use := range file.Use {
		dirs = append(dirs, path.Clean(use.DiskPath))
	}
	return dirs, nil
}

func checkReplace(ctx context.Context, r *repo) error {
	used, err := workspace(ctx, r)
	if err != nil {
		return err
	}
	var problems []error
	for _, m := range r.modules {
		if m.library() && !slices.Contains(used, m.dir) {
			problems = append(problems, fmt.Errorf("go.work does not use ./%s, so the test command passes it over", m.dir))
		}
		want, err := wantReplaces(r, m)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		for _, path := range slices.Sorted(maps.Keys(want)) {
			if have := m.replaces[path]; strings.TrimSuffix(have, "/") != want[path] {
				problems = append(problems, fmt.Errorf("%s/go.mod: want 'replace %s => %s', have %q", m.dir, path, want[path], have))
			}
		}
		for _, path := range slices.Sorted(maps.Keys(m.replaces)) {
			if want[path] == "" {
				problems = append(problems, fmt.Errorf("%s/go.mod: replaces %s, which it does not need", m.dir, path))
			}
		}
	}
	return errors.Join(problems...)
}

func fixReplace(ctx context.Context, r *repo) error {
	for _, m := range r.modules {
		want, err := wantReplaces(r, m)
		if err != nil {
			return err
		}
		var edits []string
		for path := range m.replaces {
			if want[path] == "" {
				edits = append(edits, "-dropreplace="+path)
			}
		}
		for path, dir := range want {
			edits = append(edits, "-replace="+path+"="+dir)
		}
		if len(edits) == 0 {
			continue
		}
		slices.Sort(edits)
		if _, err := command(ctx, r.abs(m.dir), nil, "go", append([]string{"mod", "edit"}, edits...)...); err != nil {
			return err
		}
		m.replaces = want
	}
	return nil
}
