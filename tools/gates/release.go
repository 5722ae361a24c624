package main

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// outsiderVersion is the tag that every module is given.
const outsiderVersion = "v0.0.1"

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
	for _, file := range r.files(m) {
		if err := addFile(r, m, w, file, goMod); err != nil {
			return err
		}
	}
	return w.Close()
}

// addFile writes one of the module's files into its zip.
func addFile(r *repo, m *module, w *zip.Writer, file, goMod string) error {
	inside := strings.TrimPrefix(file, m.dir+"/")
	if inside == "go.sum" { // it lacks the siblings, which nobody has tagged; only a main module's is read
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
