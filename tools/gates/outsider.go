package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// outsiderVersion is the tag that every module is given.
const outsiderVersion = "v0.0.1"

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
		if diff := difference(strings.Split(string(listed), "\n"), strings.Split(pulled, "\n")); diff != "" {
			return fmt.Errorf("%s: whoever gets %s gets other modules with it than listed\n%s", name, m.path(), diff)
		}
		return nil
	})
}

func fixOutsider(ctx context.Context, r *repo) error {
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
// downloaded from.
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
		"GOWORK=off", "GOSUMDB=off", "GOFLAGS=-mod=mod -modcacherw", "GOMODCACHE=" + cache,
		"GOPROXY=file://" + proxy + ",file://" + filepath.Join(have.GOMODCACHE, "cache", "download") + "," + have.GOPROXY,
	}, nil
}

// get gets, builds and tests a module from an empty directory.
func get(ctx context.Context, m *module, dir string, env []string) (pulled string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	all := m.path() + "/..."
	for _, args := range [][]string{
		{"mod", "init", "example.com/outsider"},
		{"get", m.path() + "@" + outsiderVersion},
		{"get", "-t", all},
		{"build", all},
		{"test", "-short", all},
	} {
		if _, err := command(ctx, dir, env, "go", args...); err != nil {
			return "", err
		}
	}
	list, err := command(ctx, dir, env, "go", "list", "-m", "-f", "{{if not .Main}}{{.Path}} {{.Version}}{{end}}", "all")
	if err != nil {
		return "", err
	}
	var lines []string
	for line := range strings.Lines(list) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case path == "" || path == m.path():
		case strings.HasPrefix(path, prefix):
			lines = append(lines, path)
		default:
			lines = append(lines, path+" "+version)
		}
	}
	slices.Sort(lines)
	return strings.Join(append(lines, ""), "\n"), nil
}

// publish writes the module into the proxy as if it were tagged: without
// replace lines, its siblings required at that same tag.
func publish(ctx context.Context, r *repo, m *module, proxy string) error {
	goMod, err := releasedGoMod(ctx, r, m)
	if err != nil {
		return err
	}
	dir := filepath.Join(proxy, filepath.FromSlash(m.path()), "@v")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"list":                    outsiderVersion + "\n",
		outsiderVersion + ".info": fmt.Sprintf(`{"Version":%q}`, outsiderVersion),
		outsiderVersion + ".mod":  goMod,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			return err
		}
	}
	out, err := os.Create(filepath.Join(dir, outsiderVersion+".zip"))
	if err != nil {
		return err
	}
	defer out.Close()
	w := zip.NewWriter(out)
	if err := addFiles(r, m, w, goMod); err != nil {
		return err
	}
	return w.Close()
}

// releasedGoMod is the go.mod of the module's release.
func releasedGoMod(ctx context.Context, r *repo, m *module) (string, error) {
	dir, err := os.MkdirTemp("", "barnabas-mod-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	text, err := os.ReadFile(r.abs(m.dir + "/go.mod"))
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "go.mod")
	if err := os.WriteFile(name, text, 0o666); err != nil {
		return "", err
	}
	edits := []string{"mod", "edit"}
	for path := range m.replaces {
		edits = append(edits, "-dropreplace="+path)
	}
	for _, required := range m.requires {
		if strings.HasPrefix(required, prefix) {
			edits = append(edits, "-require="+required+"@"+outsiderVersion)
		}
	}
	if len(edits) > 2 {
		if _, err := command(ctx, dir, nil, "go", edits...); err != nil {
			return "", err
		}
	}
	text, err = os.ReadFile(name)
	return string(text), err
}

// addFiles writes the module's files into its zip.
func addFiles(r *repo, m *module, w *zip.Writer, goMod string) error {
	return r.files(m, func(file string) error {
		inside := strings.TrimPrefix(file, m.dir+"/")
		if inside == "go.sum" { // it speaks of versions that nobody tagged
			return nil
		}
		entry, err := w.Create(m.path() + "@" + outsiderVersion + "/" + inside)
		if err != nil {
			return err
		}
		if inside == "go.mod" {
			_, err = io.WriteString(entry, goMod)
			return err
		}
		text, err := os.ReadFile(r.abs(file))
		if err != nil {
			return err
		}
		_, err = entry.Write(text)
		return err
	})
}
