package realkafka

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeMaven puts an mvn first in PATH that runs a shell script, with $lib as the
// directory to fill, and gives the test a cache of its own.
func fakeMaven(t *testing.T, script string) (cache string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	bin := t.TempDir()
	text := "#!/bin/sh\nfor a; do lib=${a#-DoutputDirectory=}; done\n" + script
	if err := os.WriteFile(filepath.Join(bin, "mvn"), []byte(text), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	cache = filepath.Join(t.TempDir(), "cache")
	t.Setenv("BARNABAS_KAFKA_CACHE", cache)
	return cache
}

// TestFetchOnce: however many ask at once, one downloads, and later ones find
// what is there.
func TestFetchOnce(t *testing.T) {
	cache := fakeMaven(t, `echo run >>"$BARNABAS_KAFKA_CACHE/runs"; mkdir "$lib" && sleep 0.1 && echo jar >"$lib/kafka.jar"`)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			lib, err := Fetch(t.Context(), "0.9.0.1")
			if err != nil || lib != filepath.Join(cache, "0.9.0.1", "lib") {
				t.Errorf("Fetch: %q, %v", lib, err)
			}
			if !exists(filepath.Join(lib, "kafka.jar")) {
				t.Error("Fetch returned before the jar was there")
			}
		})
	}
	wg.Wait()
	runs, _ := os.ReadFile(filepath.Join(cache, "runs"))
	if n := strings.Count(string(runs), "run"); n != 1 {
		t.Errorf("mvn ran %d times", n)
	}
	noTemporaries(t, cache)
}

func TestFetchFails(t *testing.T) {
	cache := fakeMaven(t, `mkdir "$lib"; echo half >"$lib/kafka.jar"; echo "no such artifact"; exit 1`)
	_, err := Fetch(t.Context(), "4.4.99")
	if err == nil || !strings.Contains(err.Error(), "no such artifact") || !strings.Contains(err.Error(), "4.4.99") {
		t.Errorf("the error does not say what Maven said: %v", err)
	}
	if exists(filepath.Join(cache, "4.4.99")) {
		t.Error("half a download is in the cache")
	}
	noTemporaries(t, cache)
}

func TestFetchBringsNothing(t *testing.T) {
	fakeMaven(t, `mkdir "$lib"`)
	if _, err := Fetch(t.Context(), "4.4.0"); err == nil {
		t.Error("no jars are accepted")
	}
}

func TestFetchCancelled(t *testing.T) {
	cache := fakeMaven(t, `exec sleep 60`)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := Fetch(ctx, "4.4.0"); err == nil || time.Since(began) > 20*time.Second {
		t.Errorf("ended after %v with %v", time.Since(began), err)
	}
	noTemporaries(t, cache)
}

func TestToolsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("JAVA_HOME", "")
	t.Setenv("BARNABAS_KAFKA_CACHE", t.TempDir())
	const install = "apt-get install openjdk-17-jre-headless maven"
	if _, err := Fetch(t.Context(), "4.4.0"); err == nil || !strings.Contains(err.Error(), install) {
		t.Errorf("without mvn: %v", err)
	}
	if _, err := Start(t.Context(), Config{Version: "4.4.0"}); err == nil || !strings.Contains(err.Error(), install) {
		t.Errorf("without java: %v", err)
	}
}

func noTemporaries(t *testing.T, cache string) {
	t.Helper()
	if left, _ := filepath.Glob(filepath.Join(cache, ".fetch-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
