package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

// clustersDir has a directory for each cluster that runs.
func clustersDir() (string, error) {
	cache, err := realkafka.CacheDir()
	return filepath.Join(cache, "clusters"), err
}

func newDir(version string) (string, error) {
	dir, err := clustersDir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	return os.MkdirTemp(dir, version+"-")
}

// running are the clusters that were started and not stopped, whether their
// brokers live or not. A directory without a state file is one that is being
// started, or what is left of a failed start.
func running() ([]*realkafka.Cluster, error) {
	dir, err := clustersDir()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", realkafka.StateFile))
	if err != nil {
		return nil, err
	}
	var clusters []*realkafka.Cluster
	for _, file := range files {
		c, err := realkafka.Attach(filepath.Dir(file))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has just been stopped
		}
		if err != nil {
			return nil, err
		}
		clusters = append(clusters, c)
	}
	return clusters, nil
}

// find is the broker with an address, and its cluster.
func find(clusters []*realkafka.Cluster, addr string) (*realkafka.Cluster, *realkafka.Broker, error) {
	for _, c := range clusters {
		if i := slices.Index(c.Addrs(), addr); i >= 0 {
			return c, c.Broker(i), nil
		}
	}
	return nil, nil, fmt.Errorf("no broker at %s was started by this command; 'list' prints those that were", addr)
}
