package realkafka

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// attributes make a child die with this process, however that ends; a detached
// one gets a session of its own, so that no Ctrl-C reaches it.
func attributes(detach bool) *syscall.SysProcAttr {
	if detach {
		return &syscall.SysProcAttr{Setsid: true}
	}
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// awaitFrozen waits until SIGSTOP has reached every thread: those that run on
// another processor go on for a moment after the signal was sent.
func awaitFrozen(pid int) error {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if allStopped(pid) {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("process %d still runs 5s after SIGSTOP", pid)
		}
	}
}

func allStopped(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, thread := range threads {
		stat, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		// The state follows the name, which is in parentheses and may hold any.
		if i := strings.LastIndex(string(stat), ") "); i < 0 || !strings.HasPrefix(string(stat[i+2:]), "T") {
			return false
		}
	}
	return true
}
