package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxModuleBytes is how large a module may be in a user's module cache: room for
// wire's generated code and test data, none for a file that got in by mistake.
const maxModuleBytes = 4 << 20

// checkOutsider does what a stranger does: gets each library module alone, into
// an empty directory with an empty cache, builds it and runs its tests. Only
// this finds a module that uses something of a sibling which the sibling's
// released version does not have, or a file that a release leaves out.
func checkOutsider(ctx context.Context, r *repo) error {
	return outsiders(ctx, r, func(m *module, pulled string) error {
		name := outsiderList(m)
		listed, err := os.ReadFile(r.abs(name))
		if err != nil {
			return fmt.Errorf("%s: no listing (write it with: go run ./tools/gates -fix outsider)", name)
		}
		if diff := difference(string(listed), pulled); diff != "" {
			return fmt.Errorf("%s: whoever gets %s gets other modules with it than listed\n%s", name, m.path(), diff)
		}
		return nil
	})
}

func fixOutsider(ctx context.Context, r *repo) error {
	if err := os.MkdirAll(r.abs(apiDir), 0o777); err != nil {
		return err
	}
	return outsiders(ctx, r, func(m *module, pulled string) error {
		return os.WriteFile(r.abs(outsiderList(m)), []byte(pulled), 0o666)
	})
}

func outsiderList(m *module) string { return apiDir + "/" + m.fileName() + ".modules.txt" }

// outsiders gets each library module and hands over the list of modules that
// came along.
func outsiders(ctx context.Context, r *repo, each func(m *module, pulled string) error) error {
	dir, err := os.MkdirTemp("", "barnabas-outsider-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	proxy := filepath.Join(dir, "proxy")
	for _, m := range r.modules {
		if m.library() {
			if err := publish(ctx, r, m, proxy); err != nil {
				return fmt.Errorf("%s: %w", m.dir, err)
			}
		}
	}
	env, err := outsiderEnv(ctx, proxy, filepath.Join(dir, "cache"))
	if err != nil {
		return err
	}
	var problems []error
	for _, m := range r.modules {
		if !m.library() {
			continue
		}
		pulled, err := get(ctx, m, filepath.Join(dir, m.fileName()), env)
		if err == nil {
			err = each(m, pulled)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s as an outsider gets it: %w", m.dir, err))
		}
	}
	return errors.Join(problems...)
}

// outsiderEnv lets the go command find our modules in the proxy made here, and
// those of others in what was downloaded before or where they are otherwise
// downloaded from. Without paths in what is built (-trimpath) the build cache
// serves the next run, too.
func outsiderEnv(ctx context.Context, proxy, cache string) ([]string, error) {
	out, err := command(ctx, "", nil, "go", "env", "-json", "GOPROXY", "GOMODCACHE")
	if err != nil {
		return nil, err
	}
	var have struct{ GOPROXY, GOMODCACHE string }
	if err := json.Unmarshal([]byte(out), &have); err != nil {
		return nil, err
	}
	return []string{
		"GOWORK=off", "GOSUMDB=off", "GOFLAGS=-mod=mod -modcacherw -trimpath", "GOMODCACHE=" + cache,
		"GOPROXY=file://" + proxy + ",file://" + filepath.Join(have.GOMODCACHE, "cache", "download") + "," + have.GOPROXY,
	}, nil
}

// get gets, builds and tests a module from an empty directory. pulled lists the
// modules that came along, a line each.
func get(ctx context.Context, m *module, dir string, env []string) (pulled string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	do := func(args ...string) (out string) {
		if err == nil {
			out, err = command(ctx, dir, env, "go", args...)
		}
		return out
	}
	all := m.path() + "/..."
	do("mod", "init", "example.com/outsider")
	do("get", m.path()+"@"+outsiderVersion)
	list := do("list", "-m", "-f", "{{if not .Main}}{{.Path}} {{.Version}}{{end}}", "all")
	where := do("list", "-m", "-f", "{{.Dir}}", m.path())
	if err == nil {
		err = checkRelease(strings.TrimSpace(where))
	}
	do("get", "-t", all) // what only tests need
	do("build", all)
	do("test", "-short", "-timeout=5m", all)
	return siblingsBare(list, m), err
}

// siblingsBare is a list of modules without the module itself, sorted, and
// without the versions of its siblings, which are made up here.
func siblingsBare(list string, m *module) string {
	var lines []string
	for line := range strings.Lines(list) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case path == "" || path == m.path():
		case strings.HasPrefix(path, prefix):
			lines = append(lines, path+"\n")
		default:
			lines = append(lines, path+" "+version+"\n")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// checkRelease looks at a module as it arrived in the module cache.
func checkRelease(dir string) error {
	var problems []error
	for _, name := range []string{"LICENSE", "README.md"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			problems = append(problems, fmt.Errorf("the release has no %s", name))
		}
	}
	size := int64(0)
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if d.Name() == "go.mod" && filepath.Dir(name) != dir {
			problems = append(problems, fmt.Errorf("the release holds another module, %s", name))
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if size > maxModuleBytes {
		problems = append(problems, fmt.Errorf("the release has %d bytes, more than %d", size, maxModuleBytes))
	}
	return errors.Join(append(problems, err)...)
}
