package realkafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// A process is a running Java program. Either this process started it, and
// hears of its end, or another one did, and asks.
type process struct {
	os   *os.Process
	mark string        // a path in its command line, by which it is known again
	done chan struct{} // closed at its end; nil when another process started it
}

// A program is what to run: a class of the release's jars, and its log.
type program struct {
	libDir  string
	options []string // of Java
	class   string
	args    []string // the first one names a file of this program only
	log     string
	detach  bool
}

// command is the program as a command line.
func (p program) command(ctx context.Context) (*exec.Cmd, error) {
	java, err := lookTool("java")
	if err != nil {
		return nil, err
	}
	args := append([]string{}, p.options...)
	args = append(args, "-cp", filepath.Join(p.libDir, "*"), p.class)
	return exec.CommandContext(ctx, java, append(args, p.args...)...), nil
}

// start runs the program in the background. Its output is appended to its log.
func (p program) start() (*process, error) {
	cmd, err := p.command(context.Background()) // it outlives the start
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the program has its own
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes(p.detach)

	proc := &process{mark: p.args[0], done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// Linux ends a child when the thread that started it ends, so this
		// thread has to stay for as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(proc.done)
		err := cmd.Start()
		proc.os = cmd.Process
		started <- err
		if err == nil {
			cmd.Wait() // why it ended is in its log
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return proc, nil
}

// run runs the program to its end and returns what it said.
func (p program) run(ctx context.Context) ([]byte, error) {
	cmd, err := p.command(ctx)
	if err != nil {
		return nil, err
	}
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return out, err
}

// attachProcess finds a process that another one started; nil when it is gone.
func attachProcess(pid int, mark string) *process {
	found, err := os.FindProcess(pid)
	if err != nil {
		return nil
	}
	p := &process{os: found, mark: mark}
	if !p.alive() {
		return nil
	}
	return p
}

// alive is safe to ask of no process. A process id that now belongs to another
// program doesn't count.
func (p *process) alive() bool {
	if p == nil {
		return false
	}
	if p.done == nil {
		return strings.Contains(commandLine(p.os.Pid), p.mark)
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

func (p *process) pid() int {
	if !p.alive() {
		return 0
	}
	return p.os.Pid
}

// signal does nothing to a process that has ended.
func (p *process) signal(sig os.Signal) error {
	if !p.alive() {
		return nil
	}
	if err := p.os.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %v to process %d: %w", sig, p.os.Pid, err)
	}
	return nil
}

// wait waits for the end, and says whether it came in time.
func (p *process) wait(timeout time.Duration) bool {
	if p == nil {
		return true
	}
	if p.done != nil {
		select {
		case <-p.done:
			return true
		case <-time.After(timeout):
			return false
		}
	}
	for end := time.Now().Add(timeout); p.alive(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// kill ends the process at once, even a frozen one, and waits until it is gone.
func (p *process) kill() error {
	if err := p.signal(sigKill); err != nil {
		return err
	}
	if !p.wait(10 * time.Second) {
		return fmt.Errorf("process %d is still there 10s after SIGKILL", p.os.Pid)
	}
	return nil
}

// terminate asks the process to end, and kills it when the grace is over.
func (p *process) terminate(grace time.Duration) (killed bool, err error) {
	if err := p.signal(sigTerm); err != nil {
		return false, err
	}
	p.signal(sigCont) // a frozen one would not hear
	if p.wait(grace) {
		return false, nil
	}
	return true, p.kill()
}

// tail is the end of a log file.
func tail(path string) string {
	const most = 8 << 10
	f, err := os.Open(path)
	if err != nil {
		return "  (it can't be read: " + err.Error() + ")"
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > most {
		f.Seek(-most, io.SeekEnd)
	}
	out, _ := io.ReadAll(io.LimitReader(f, most))
	if len(out) == 0 {
		return "  (it is empty)"
	}
	return lastLines(out, 20)
}
