package netclient

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// asker asks one request after the other.
type asker interface {
	ask(ctx context.Context, key wire.APIKey, version int16, body []byte) ([]byte, error)
	failed(key wire.APIKey, version int16, err error) error
}

// bareConn is a connection during a login, before it becomes a Conn: brokers
// before 1.0 then speak something else than requests and answers.
type bareConn struct {
	nc      net.Conn
	opts    connOptions
	id      int32
	asked   string       // what no answer has come to yet
	written int          // bytes of the last frame
	release func() error // lets go of nc; the error says that ctx ended before
}

// bareOn makes a bareConn of nc, on which reading and writing fail from when ctx
// has ended.
func bareOn(ctx context.Context, nc net.Conn, opts connOptions) *bareConn {
	b := &bareConn{nc: nc, opts: opts, id: firstCorrelationID}
	stop := context.AfterFunc(ctx, func() {
		if nc.SetDeadline(time.Unix(1, 0)) != nil { // it has none
			nc.Close()
		}
	})
	b.release = func() error {
		if stop() {
			return nil
		}
		return &waitError{what: "the answer to " + b.asked, request: b.asked, err: context.Cause(ctx)}
	}
	return b
}

func (b *bareConn) failed(key wire.APIKey, version int16, err error) error {
	return fmt.Errorf("%s v%d: %w", key, version, err)
}

// maxLoginAnswer is far above the answers that come during a login, in bytes.
const maxLoginAnswer = 1 << 20

func (b *bareConn) ask(_ context.Context, key wire.APIKey, version int16, body []byte) ([]byte, error) {
	started := time.Now()
	h := wire.RequestHeader{APIKey: key, APIVersion: version, CorrelationID: b.id, ClientID: &b.opts.clientID}
	frame, err := wire.AppendRequestHeader(make([]byte, 4), h)
	if err != nil {
		return nil, b.failed(key, version, err)
	}
	frame = append(frame, body...)
	info := RequestInfo{Addr: b.opts.addr, Node: b.opts.node, Key: key, Version: version, CorrelationID: b.id, Written: len(frame)}
	if b.opts.trace.RequestStart != nil {
		b.opts.trace.RequestStart(info)
	}
	answer, err := b.exchange(h, frame)
	if b.opts.trace.RequestDone != nil {
		info.Written, info.Read, info.Duration, info.Err = b.written, len(answer), time.Since(started), err
		b.opts.trace.RequestDone(info)
	}
	return answer, err
}

// exchange writes a request's frame and reads its answer.
func (b *bareConn) exchange(h wire.RequestHeader, frame []byte) ([]byte, error) {
	key, version := h.APIKey, h.APIVersion
	b.asked = fmt.Sprintf("%s v%d", key, version)
	if key == wire.KeyAPIVersions {
		b.asked += " (brokers of 0.9 give none: see APIVersion)"
	}
	err := b.write(frame)
	var answer []byte
	if err == nil {
		answer, err = b.read(4)
	}
	if err != nil {
		return nil, b.failed(key, version, err)
	}
	got, answer, err := wire.DecodeResponseHeader(answer, key, version)
	if err == nil && got.CorrelationID != b.id {
		err = fmt.Errorf("an answer with correlation id %d instead of %d", got.CorrelationID, b.id)
	}
	if err != nil {
		return nil, b.failed(key, version, err)
	}
	b.id++
	b.asked = ""
	return answer, nil
}

func (b *bareConn) askBare(_ context.Context, token []byte, answered bool) ([]byte, error) {
	b.asked = "a token of the login"
	err := b.write(append(make([]byte, 4), token...))
	var answer []byte
	if err == nil && answered {
		answer, err = b.read(0)
	}
	if err == nil {
		b.asked = ""
	}
	return answer, err
}

// write writes a frame whose first four bytes are left for its size.
func (b *bareConn) write(frame []byte) error {
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
	n, err := b.nc.Write(frame)
	b.written = n
	return err
}

// read reads a frame of at least least bytes, and not a byte more.
func (b *bareConn) read(least int) ([]byte, error) {
	prefix := make([]byte, 4)
	if _, err := io.ReadFull(b.nc, prefix); err != nil {
		return nil, whyReadingEnded(err)
	}
	size := int32(binary.BigEndian.Uint32(prefix))
	if int(size) < least || size > maxLoginAnswer {
		return nil, notKafka(prefix, maxLoginAnswer)
	}
	frame := make([]byte, size)
	if _, err := io.ReadFull(b.nc, frame); err != nil {
		return nil, whyReadingEnded(err)
	}
	return frame, nil
}
