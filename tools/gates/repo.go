package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// prefix is what all module paths of the repository begin with.
const prefix = "github.com/barnabas-kafka/barnabas/"

// A repo is the repository, by its modules.
type repo struct {
	root    string
	modules []*module // sorted by directory
}

// A module is a module of the repository.
type module struct {
	dir      string // relative to the root, with slashes: wire/compress
	requires []string
	replaces map[string]string // module path to directory
}

func (m *module) path() string { return prefix + m.dir }

// library tells whether users import the module.
func (m *module) library() bool { return !strings.HasPrefix(m.dir, "tools") }

func (m *module) fileName() string { return strings.ReplaceAll(m.dir, "/", "-") }

// openRepo reads every go.mod below the root.
func openRepo(root string) (*repo, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	r := &repo{root: root}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata"):
			return fs.SkipDir
		case d.Name() != "go.mod":
			return nil
		}
		m, err := readModule(root, filepath.Dir(path))
		if err == nil {
			r.modules = append(r.modules, m)
		}
		return err
	})
	if err == nil && len(r.modules) == 0 {
		err = fmt.Errorf("no modules below %s", root)
	}
	slices.SortFunc(r.modules, func(a, b *module) int { return strings.Compare(a.dir, b.dir) })
	return r, err
}

func readModule(root, dir string) (*module, error) {
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s/go.mod: %w", rel, err)
	}
	var file struct {
		Module  struct{ Path string }
		Require []struct{ Path string }
		Replace []struct{ Old, New struct{ Path string } }
	}
	if err := json.Unmarshal(out, &file); err != nil {
		return nil, err
	}
	m := &module{dir: filepath.ToSlash(rel), replaces: map[string]string{}}
	if file.Module.Path != m.path() {
		return nil, fmt.Errorf("%s/go.mod: the module is %s, want %s", rel, file.Module.Path, m.path())
	}
	for _, require := range file.Require {
		m.requires = append(m.requires, require.Path)
	}
	for _, replace := range file.Replace {
		m.replaces[replace.Old.Path] = replace.New.Path
	}
	return m, nil
}

func (r *repo) module(dir string) *module {
	i := slices.IndexFunc(r.modules, func(m *module) bool { return m.dir == dir })
	if i < 0 {
		return nil
	}
	return r.modules[i]
}

// owner is the module that a directory belongs to.
func (r *repo) owner(dir string) *module {
	for ; dir != "." && dir != ""; dir = filepath.ToSlash(filepath.Dir(dir)) {
		if m := r.module(dir); m != nil {
			return m
		}
	}
	return nil
}

// goFiles calls f for each Go file of the module, by its path relative to the
// root.
func (r *repo) goFiles(m *module, f func(path string) error) error {
	return r.files(m, func(path string) error {
		if filepath.Ext(path) != ".go" {
			return nil
		}
		return f(path)
	})
}

// files calls f for each file of the module: those of modules within it are
// not its own.
func (r *repo) files(m *module, f func(path string) error) error {
	return filepath.WalkDir(filepath.Join(r.root, m.dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(r.root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel != m.dir && r.module(rel) != nil {
				return fs.SkipDir
			}
			return nil
		}
		return f(rel)
	})
}

func (r *repo) abs(path string) string { return filepath.Join(r.root, filepath.FromSlash(path)) }

// command runs a command in a directory and returns what it prints as an error,
// if it fails.
func command(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}
