package kafkatest

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// maxRequest is the largest request that is read (socket.request.max.bytes).
const maxRequest = 100 << 20

// A connection answers the requests of one client, one after the other, as a
// broker does: a request that waits holds up those behind it. It belongs to one
// goroutine.
type connection struct {
	broker *broker
	run    *run
	conn   net.Conn
	reader *bufio.Reader
	sasl   saslState

	// Reused from one request to the next.
	frame    []byte
	out      []byte
	parts    [][]byte
	requests map[wire.APIKey]wire.Request
}

func newConnection(b *broker, r *run, conn net.Conn) *connection {
	return &connection{broker: b, run: r, conn: conn, reader: bufio.NewReaderSize(conn, 16<<10), requests: make(map[wire.APIKey]wire.Request)}
}

// serve answers requests until the connection ends.
func (c *connection) serve() {
	for {
		frame, err := wire.ReadFrame(c.reader, c.frame, maxRequest)
		if err == nil {
			c.frame = frame
			err = c.answer(frame)
		}
		if err == nil {
			err = c.sasl.failed
		}
		if err != nil {
			c.say("closing a connection", err)
			return
		}
	}
}

// say logs why something was not done. That a client has gone is no news.
func (c *connection) say(what string, err error) {
	logger := c.broker.cluster.config.logger
	if err == io.EOF || c.run.ctx.Err() != nil || !logger.Enabled(c.run.ctx, slog.LevelDebug) {
		return
	}
	logger.Debug("kafkatest: "+what, "broker", c.broker.id, "client", c.conn.RemoteAddr().String(), "reason", err)
}

// A refusal is why a broker does not answer a request. Most close the
// connection; 0.9 stays silent, and the connection goes on.
type refusal struct{ reason string }

func (r refusal) Error() string { return r.reason }

func refuse(format string, args ...any) error { return refusal{fmt.Sprintf(format, args...)} }

// answer answers one request. An error closes the connection.
func (c *connection) answer(frame []byte) error {
	if c.sasl.raw && c.sasl.exchange != nil {
		return c.takeRaw(frame)
	}
	err := c.handle(frame)
	if refused, ok := errors.AsType[refusal](err); ok && c.broker.cluster.config.release.staysSilent() {
		c.say("not answering", refused)
		return nil
	}
	return err
}

// A call is a request in the hands of its handler.
type call struct {
	ctx      context.Context // ends when the broker stops
	broker   *broker
	conn     *connection
	version  int16
	clientID string
	host     string // the client's, as DescribeGroups shows it
	err      error  // set by the handler when the connection is to be closed, or a refusal
}

// handle reads the request, has it handled and writes the response.
func (c *connection) handle(frame []byte) error {
	cluster := c.broker.cluster
	if !cluster.config.release.at(0, 10) {
		if err := cluster.settleVersion(frame); err != nil {
			return err
		}
	}
	if h, ok := cluster.tooNewAPIVersions(frame); ok {
		return c.write(h, 0, c.broker.unsupportedAPIVersions())
	}
	h, body, err := wire.DecodeRequestHeader(frame)
	if err != nil {
		return refuse("%v", err)
	}
	api, ok := apis[h.APIKey]
	if supported, known := cluster.versions[h.APIKey]; !ok || !known || !cluster.accepts(h.APIKey, h.APIVersion) {
		if h.APIKey == wire.KeyAPIVersions && known {
			return c.write(h, 0, c.broker.unsupportedAPIVersions())
		}
		return refuse("%v v%d: this is %v, which has v%v", h.APIKey, h.APIVersion, cluster.config.release, supported)
	}
	if err := c.mayAsk(h.APIKey); err != nil {
		return err
	}
	request, err := c.decode(api, h, body)
	if err != nil {
		return refuse("%v", err)
	}
	if !c.broker.waitWhileFrozen(c.run) {
		return net.ErrClosed
	}
	cl := &call{ctx: c.run.ctx, broker: c.broker, conn: c, version: h.APIVersion}
	if h.ClientID != nil {
		cl.clientID = *h.ClientID
	}
	if host, _, err := net.SplitHostPort(c.conn.RemoteAddr().String()); err == nil {
		cl.host = "/" + host
	}
	response, err := c.act(cl, api, h, request)
	if err != nil || response == nil {
		return err
	}
	if !c.broker.waitWhileFrozen(c.run) {
		return net.ErrClosed
	}
	return c.write(h, h.APIVersion, response)
}

// decode reads the request into the struct that the last one of its kind was
// read into.
func (c *connection) decode(api api, h wire.RequestHeader, body []byte) (wire.Request, error) {
	request := c.requests[h.APIKey]
	if request == nil {
		request = api.newRequest()
		c.requests[h.APIKey] = request
	}
	err := request.Decode(body, h.APIVersion)
	if err != nil && h.APIKey == wire.KeyOffsetCommit && c.broker.cluster.config.release.takesForNoTopics(body) {
		request.SetDefaults()
		err = nil
	}
	return request, err
}

// act does what the request asks for, or what a control function says. There may
// be no response.
func (c *connection) act(cl *call, api api, h wire.RequestHeader, request wire.Request) (response wire.Response, err error) {
	action, err := c.broker.cluster.faults.decide(c.run.ctx, Request{
		Node: c.broker.id, Key: h.APIKey, Version: h.APIVersion, CorrelationID: h.CorrelationID, ClientID: cl.clientID, Message: request,
	})
	if err == nil {
		err = c.wait(action)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case action.Response != nil:
		response = action.Response
	case action.Error != wire.ErrNone:
		response = api.fail(cl, request, action.Error)
	case !action.Lose:
		response = api.handle(cl, request)
	}
	switch {
	case action.Close:
		return nil, errors.New("as a control function said")
	case action.NoAnswer:
		return nil, nil
	default:
		return response, cl.err
	}
}

// wait waits for what the action says.
func (c *connection) wait(action Action) error {
	if action.Hold != nil {
		select {
		case <-action.Hold:
		case <-c.run.ctx.Done():
			return net.ErrClosed
		}
	}
	if action.Delay > 0 {
		select {
		case <-time.After(action.Delay):
		case <-c.run.ctx.Done():
			return net.ErrClosed
		}
	}
	return nil
}

// write writes the response. Fetched records are written from where they are.
func (c *connection) write(h wire.RequestHeader, version int16, response wire.Response) error {
	head := append(c.out[:0], 0, 0, 0, 0) // the size
	head, err := wire.AppendResponseHeader(head, h.APIKey, h.APIVersion, wire.ResponseHeader{CorrelationID: h.CorrelationID})
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	if fetched, ok := response.(*msg.FetchResponse); ok {
		parts, err := fetched.AppendParts(c.parts[:0], head, version)
		if err != nil {
			return fmt.Errorf("encoding: %w", err)
		}
		c.parts, c.out = parts, parts[0]
		size := -4
		for _, part := range parts {
			size += len(part)
		}
		binary.BigEndian.PutUint32(parts[0], uint32(size))
		writing := net.Buffers(parts) // it is emptied by writing
		_, err = writing.WriteTo(c.conn)
		clear(parts)
		return err
	}
	frame, err := response.Append(head, version)
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	c.out = frame
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
	_, err = c.conn.Write(frame)
	return err
}
