package realkafka

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// state is what another process needs to know to go on with a detached cluster.
// The rest is in the files beside it.
type state struct {
	Version     string        `json:"version"`
	Mode        string        `json:"mode"`
	LibDir      string        `json:"libDir"`
	JavaOptions []string      `json:"javaOptions,omitempty"`
	RemoveDir   bool          `json:"removeDir,omitempty"`
	ZooKeeper   *serverState  `json:"zookeeper,omitempty"`
	Brokers     []serverState `json:"brokers"`
}

type serverState struct {
	Addr      string            `json:"addr"`
	Version   string            `json:"version,omitempty"` // a broker's; empty: the cluster's
	LibDir    string            `json:"libDir,omitempty"`  // beside Version
	Listeners map[string]string `json:"listeners,omitempty"`
	PID       int               `json:"pid"` // 0 when it is down
	Frozen    bool              `json:"frozen,omitempty"`
}

// StateFile is the name of the file in Config.Dir by which Attach knows a
// detached cluster.
const StateFile = "cluster.json"

// save writes down the state of a detached cluster. A reader sees the old file
// or the new one, never a half.
func (c *Cluster) save() error {
	if !c.detach {
		return nil
	}
	c.saving.Lock()
	defer c.saving.Unlock()
	s := state{Version: c.release, Mode: c.mode, LibDir: c.libDir, JavaOptions: c.java, RemoveDir: c.removeDir}
	if z := c.zookeeper; z != nil {
		s.ZooKeeper = &serverState{Addr: z.addr, PID: z.process.pid()}
	}
	for _, b := range c.brokers {
		b.mu.Lock()
		one := serverState{Addr: b.addr, Listeners: b.listeners, PID: b.process.pid(), Frozen: b.frozen}
		if now := b.software.Load(); now.release != c.release {
			one.Version, one.LibDir = now.release, now.libDir
		}
		s.Brokers = append(s.Brokers, one)
		b.mu.Unlock()
	}
	return s.write(filepath.Join(c.dir, StateFile))
}

func (s state) write(path string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append(b, '\n'), 0o666); err != nil {
		return fmt.Errorf("writing down the state of the cluster: %w", err)
	}
	return os.Rename(path+".new", path)
}

func readState(path string) (s state, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("%s is damaged: %w", path, err)
	}
	if len(s.Brokers) == 0 {
		return s, fmt.Errorf("%s names no brokers", path)
	}
	return s, nil
}

// Attach finds a cluster that was started with Config.Detach, maybe by another
// process, by its Config.Dir. Brokers that have ended since are down.
func Attach(dir string) (*Cluster, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s, err := readState(filepath.Join(dir, StateFile))
	if err != nil {
		return nil, fmt.Errorf("looking for a cluster in %s: %w", dir, err)
	}
	own, err := newSoftware(s.Version, s.Mode)
	if err != nil {
		return nil, fmt.Errorf("looking for a cluster in %s: %w", dir, err)
	}
	own.libDir = s.LibDir
	if s.Mode == modeZooKeeper && s.ZooKeeper == nil {
		return nil, fmt.Errorf("looking for a cluster in %s: %w", dir, errors.New(StateFile+" names no ZooKeeper"))
	}
	c := &Cluster{
		software: *own, mode: s.Mode, dir: dir, removeDir: s.RemoveDir,
		java: s.JavaOptions, detach: true, log: io.Discard,
	}
	if s.ZooKeeper != nil {
		c.zookeeper = &zooKeeper{addr: s.ZooKeeper.Addr}
		c.zookeeper.process = attachProcess(s.ZooKeeper.PID, c.zookeeper.propertiesFile(c))
	}
	for id, saved := range s.Brokers {
		b := &Broker{cluster: c, id: int32(id), addr: saved.Addr, listeners: saved.Listeners, frozen: saved.Frozen}
		b.software.Store(&c.software)
		if saved.Version != "" {
			now, err := newSoftware(saved.Version, s.Mode)
			if err != nil {
				return nil, fmt.Errorf("looking for a cluster in %s: broker %d: %w", dir, id, err)
			}
			now.libDir = saved.LibDir
			b.software.Store(now)
		}
		b.process = attachProcess(saved.PID, b.propertiesFile())
		c.brokers = append(c.brokers, b)
	}
	return c, nil
}
