//go:build unix && !linux

package realkafka

import (
	"syscall"
	"time"
)

// attributes give a detached child a session of its own, so that no Ctrl-C
// reaches it. Nothing here makes the others die with this process.
func attributes(detach bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: detach}
}

// awaitFrozen leaves SIGSTOP the time to reach every thread.
func awaitFrozen(int) error {
	time.Sleep(100 * time.Millisecond)
	return nil
}
