//go:build !unix

package realkafka

import (
	"context"
	"syscall"
)

// Where there are no such signals, brokers can only be killed.
const (
	sigTerm = syscall.SIGKILL
	sigKill = syscall.SIGKILL
	sigStop = syscall.Signal(0)
	sigCont = syscall.Signal(0)
)

func commandLine(int) string { return "" }

func attributes(bool) *syscall.SysProcAttr { return nil }

// lockFile trusts the rename at the end of a download.
func lockFile(context.Context, string) (func(), error) { return func() {}, nil }

func awaitFrozen(int) error { return nil }
