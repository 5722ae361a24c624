package realkafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// CacheDir is where the jars are kept: the environment's BARNABAS_KAFKA_CACHE,
// else barnabas/kafka in the user's cache directory.
func CacheDir() (string, error) {
	if dir := os.Getenv("BARNABAS_KAFKA_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place for Kafka's jars (%w); set BARNABAS_KAFKA_CACHE to a directory", err)
	}
	return filepath.Join(dir, "barnabas", "kafka"), nil
}

// Fetch gets the jars of a Kafka release through Maven, unless they are in the
// cache already, and returns the directory that holds them. It may be called
// from several goroutines and processes at once: one of them downloads.
func Fetch(ctx context.Context, release string) (libDir string, err error) {
	v, err := parseVersion(release)
	if err != nil {
		return "", err
	}
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	lib := filepath.Join(cache, release, "lib")
	if exists(lib) {
		return lib, nil
	}
	if err := os.MkdirAll(cache, 0o777); err != nil {
		return "", fmt.Errorf("a place for the jars of Kafka %s: %w", release, err)
	}
	unlock, err := lockFile(ctx, filepath.Join(cache, ".lock"))
	if err != nil {
		return "", fmt.Errorf("waiting for another download of Kafka's jars: %w", err)
	}
	defer unlock()
	if exists(lib) {
		return lib, nil
	}
	if err := download(ctx, cache, release, v.pom(release)); err != nil {
		return "", fmt.Errorf("getting the jars of Kafka %s through Maven: %w", release, err)
	}
	return lib, nil
}

// download fills a directory aside and moves it in place when it is complete,
// so that an interrupted download never looks like a finished one.
func download(ctx context.Context, cache, release, pom string) error {
	mvn, err := lookTool("mvn")
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(cache, ".fetch-"+release+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp) // nothing is left of it after the rename
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	pomFile := filepath.Join(tmp, "pom.xml")
	if err := os.WriteFile(pomFile, []byte(pom), 0o666); err != nil {
		return err
	}
	lib := filepath.Join(tmp, "lib")
	cmd := exec.CommandContext(ctx, mvn, "-q", "-B", "-f", pomFile,
		"dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+lib)
	// Time to clean up when ctx ends, before it is killed.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%w; is the network there, and is this a released version? Maven said:\n%s", err, lastLines(out, 12))
	}
	if jars, _ := filepath.Glob(filepath.Join(lib, "*.jar")); len(jars) == 0 {
		return errors.New("Maven was content, but brought no jars")
	}
	if err := os.Rename(tmp, filepath.Join(cache, release)); err != nil && !exists(filepath.Join(cache, release, "lib")) {
		return err
	}
	return nil
}

// lookTool finds java or mvn, and says how to get them.
func lookTool(name string) (string, error) {
	if home := os.Getenv("JAVA_HOME"); home != "" && name == "java" {
		if path, err := exec.LookPath(filepath.Join(home, "bin", name)); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is needed to run Kafka brokers and was not found (%w); install a headless Java 17 and Maven: "+
			"apt-get install openjdk-17-jre-headless maven", name, err)
	}
	return path, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// lastLines is the end of a program's output.
func lastLines(out []byte, n int) string {
	lines := strings.Split(string(bytes.TrimSpace(out)), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return "  " + strings.Join(lines, "\n  ")
}
