package realkafka

import "syscall"

// attributes make a child die with this process, however that ends; a detached
// one gets a session of its own, so that no Ctrl-C reaches it.
func attributes(detach bool) *syscall.SysProcAttr {
	if detach {
		return &syscall.SysProcAttr{Setsid: true}
	}
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
