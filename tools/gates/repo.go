package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// prefix is what all module paths of the repository begin with.
const prefix = "github.com/barnabas-kafka/barnabas/"

// A repo is the repository, by its modules.
type repo struct {
	root    string
	all     []string  // paths of all files, with slashes
	modules []*module // sorted by directory
}

// A module is a module of the repository.
type module struct {
	dir      string // relative to the root, with slashes: wire/compress
	requires []string
	versions map[string]string // of what it requires, by module path
	replaces map[string]string // module path to directory
}

func (m *module) path() string { return prefix + m.dir }

// library tells whether users import the module.
func (m *module) library() bool { return !strings.HasPrefix(m.dir, "tools") }

func (m *module) fileName() string { return strings.ReplaceAll(m.dir, "/", "-") }

// openRepo reads every go.mod below the root.
func openRepo(ctx context.Context, root string) (*repo, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	r := &repo{root: root}
	if r.all, err = allFiles(ctx, root); err != nil {
		return nil, err
	}
	for _, file := range r.all {
		if path.Base(file) != "go.mod" || strings.Contains(file, "testdata/") {
			continue
		}
		m, err := readModule(ctx, root, path.Dir(file))
		if err != nil {
			return nil, err
		}
		r.modules = append(r.modules, m)
	}
	if len(r.modules) == 0 {
		return nil, fmt.Errorf("no modules below %s", root)
	}
	slices.SortFunc(r.modules, func(a, b *module) int { return strings.Compare(a.dir, b.dir) })
	return r, nil
}

// allFiles lists the files of the repository: what git knows or would add. A
// copy that is not a checkout has only such files.
func allFiles(ctx context.Context, root string) (files []string, err error) {
	if _, err := os.Stat(filepath.Join(root, ".git")); err == nil {
		list, err := command(ctx, root, nil, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
		if err != nil {
			return nil, err
		}
		for file := range strings.SplitSeq(strings.TrimSuffix(list, "\x00"), "\x00") {
			if _, err := os.Stat(filepath.Join(root, file)); err == nil { // else it was removed, and that not committed
				files = append(files, file)
			}
		}
		return files, nil
	}
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, name)
		files = append(files, filepath.ToSlash(rel))
		return err
	})
	return files, err
}

func readModule(ctx context.Context, root, dir string) (*module, error) {
	out, err := command(ctx, filepath.Join(root, dir), nil, "go", "mod", "edit", "-json")
	if err != nil {
		return nil, fmt.Errorf("%s/go.mod: %w", dir, err)
	}
	var file struct {
		Module  struct{ Path string }
		Require []struct{ Path, Version string }
		Replace []struct{ Old, New struct{ Path string } }
	}
	if err := json.Unmarshal([]byte(out), &file); err != nil {
		return nil, fmt.Errorf("%s/go.mod: %w", dir, err)
	}
	m := &module{dir: dir, versions: map[string]string{}, replaces: map[string]string{}}
	if file.Module.Path != m.path() {
		return nil, fmt.Errorf("%s/go.mod: the module is %s, want %s", dir, file.Module.Path, m.path())
	}
	for _, require := range file.Require {
		m.requires = append(m.requires, require.Path)
		m.versions[require.Path] = require.Version
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

// owner is the module that a file belongs to: the innermost one.
func (r *repo) owner(file string) *module {
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		if m := r.module(dir); m != nil {
			return m
		}
	}
	return nil
}

// files are the files of the module, by their paths relative to the root: those
// of modules within it are not its own.
func (r *repo) files(m *module) (files []string) {
	for _, file := range r.all {
		if strings.HasPrefix(file, m.dir+"/") && r.owner(file) == m {
			files = append(files, file)
		}
	}
	return files
}

// goFiles are the module's Go files.
func (r *repo) goFiles(m *module) []string {
	return slices.DeleteFunc(r.files(m), func(file string) bool { return path.Ext(file) != ".go" })
}

func (r *repo) abs(path string) string { return filepath.Join(r.root, filepath.FromSlash(path)) }

// command runs a command in a directory and returns what it prints; if it
// fails, that is in the error.
func command(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, strings.TrimSpace(stdout.String()+stderr.String()))
	}
	return stdout.String(), nil
}
