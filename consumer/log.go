package consumer

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"time"
)

// logger writes lines of log, in order, from a goroutine of its own that ends with the last of
// them. So a line may be logged whatever lock is held: a handler that blocks holds up the log and
// nothing else, and one that calls the Consumer does not wait for itself.
type logger struct {
	to *slog.Logger

	mu      sync.Mutex // guards what follows; taken alone, or last
	lines   []slog.Record
	dropped int           // lines, because too many wait
	idle    chan struct{} // closed when all are written; nil: they are
}

// maxLines is how many lines may wait for a slow handler.
const maxLines = 1000

func (l *logger) Debug(msg string, args ...any) { l.add(slog.LevelDebug, msg, args) }
func (l *logger) Info(msg string, args ...any)  { l.add(slog.LevelInfo, msg, args) }
func (l *logger) Warn(msg string, args ...any)  { l.add(slog.LevelWarn, msg, args) }

func (l *logger) add(level slog.Level, msg string, args []any) {
	if !l.to.Enabled(context.Background(), level) {
		return
	}
	var caller [1]uintptr
	runtime.Callers(3, caller[:])
	line := slog.NewRecord(time.Now(), level, msg, caller[0])
	line.Add(args...)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) >= maxLines {
		l.dropped++
		return
	}
	l.lines = append(l.lines, line)
	if l.idle == nil {
		l.idle = make(chan struct{})
		go l.write()
	}
}

func (l *logger) write() {
	for line, ok := l.next(); ok; line, ok = l.next() {
		l.to.Handler().Handle(context.Background(), line)
	}
}

// next takes the next line; false when there is none, and write ends.
func (l *logger) next() (line slog.Record, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(l.lines) > 0:
		line, l.lines = l.lines[0], l.lines[1:]
	case l.dropped > 0:
		line = slog.NewRecord(time.Now(), slog.LevelWarn, "lines of log were dropped, because the handler is slow", 0)
		line.Add("lines", l.dropped)
		l.dropped = 0
	default:
		close(l.idle)
		l.idle, l.lines = nil, nil
		return line, false
	}
	return line, true
}

// wait returns when all lines are written, or when ctx ends.
func (l *logger) wait(ctx context.Context) {
	l.mu.Lock()
	idle := l.idle
	l.mu.Unlock()
	if idle == nil {
		return
	}
	select {
	case <-idle:
	case <-ctx.Done():
	}
}
