package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/anymsg"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// request sends any request of the protocol, given as JSON, and prints the answer
// as JSON, and what errors are in it.
func request(ctx context.Context, args []string, std streams) error {
	opts := newCommon("request", std)
	opts.operands = 2
	node := opts.flags.Int("node", -1, "the `id` of the broker to ask; without it, the one that is responsible for what the request names: the leader, the coordinator, the controller, or any")
	if err := opts.parse(args); err != nil {
		return err
	}
	req, version, err := parseRequest(opts.flags.Arg(0))
	if err != nil {
		return err
	}
	text := []byte(cmp.Or(opts.flags.Arg(1), "{}"))
	if opts.flags.Arg(1) == "-" {
		if text, err = io.ReadAll(std.in); err != nil {
			return fmt.Errorf("reading the request: %w", err)
		}
	}
	client, ctx, err := opts.dial(ctx, std)
	if err != nil {
		return err
	}
	defer client.Close()
	pool := client.NewPool(netclient.PoolConfig{Name: "request"})
	defer pool.Close()
	q := question{client: client, pool: pool, node: int32(*node), req: req, version: version, text: text}
	deadline, _ := ctx.Deadline()
	defer saying(time.Until(deadline), std.err, "the answer")()
	return q.ask(ctx, std.out)
}

// parseRequest reads Name or Name/VERSION; the version is -1 where it is left out.
func parseRequest(s string) (anymsg.Request, int16, error) {
	name, number, pinned := strings.Cut(s, "/")
	if name == "" {
		return nil, 0, usagef("which request? want Name or Name/VERSION, such as Metadata/1")
	}
	keys := anymsg.Keys()
	i := slices.IndexFunc(keys, func(k wire.APIKey) bool { return strings.EqualFold(k.String(), name) })
	if i < 0 {
		var names []string
		for _, key := range keys {
			names = append(names, key.String())
		}
		return nil, 0, usagef("no request %q; there are %s", name, strings.Join(names, ", "))
	}
	req, _ := anymsg.NewRequest(keys[i])
	if !pinned {
		return req, -1, nil
	}
	version, err := strconv.ParseInt(number, 10, 16)
	if have, _ := keys[i].Versions(); err != nil || !have.Contains(int16(version)) {
		return nil, 0, usagef("%s: want a version from %d to %d", s, have.Min, have.Max)
	}
	return req, int16(version), nil
}

// A question is a request that is not sent yet.
type question struct {
	client  *netclient.Client
	pool    *netclient.Pool
	node    int32 // -1: whoever is responsible
	req     anymsg.Request
	version int16 // -1: the highest that both sides speak
	text    []byte
}

// ask sends the request, and prints the answer. Errors inside the answer are
// errors too.
func (q *question) ask(ctx context.Context, out io.Writer) error {
	conn, version, err := q.find(ctx)
	if err != nil {
		return err
	}
	if produce, ok := q.req.(*msg.ProduceRequest); ok && produce.Acks == 0 {
		return usagef("Produce with acks 0 is never answered")
	}
	resp, _ := anymsg.NewResponse(q.req.APIKey())
	if err := conn.DoVersion(ctx, version, q.req, resp); err != nil {
		return err
	}
	if err := printJSON(out, resp, version); err != nil {
		return err
	}
	var failed []error
	for _, e := range netclient.ErrorsIn(resp) {
		failed = append(failed, &e)
	}
	return errors.Join(failed...)
}

// find decodes the request, and returns a connection to the broker that it is for
// and the version to send it in. Which broker that is can depend on what the text
// says, what the text may say on the version, and the version on the broker: they
// may be of two releases. So it decodes for any broker first.
func (q *question) find(ctx context.Context) (*netclient.Conn, int16, error) {
	conn, err := q.conn(ctx, q.node)
	if err != nil {
		return nil, 0, err
	}
	version, err := q.decode(conn)
	if err != nil || q.node >= 0 {
		return conn, version, err
	}
	node, err := q.client.Responsible(ctx, q.req)
	if err != nil || node == netclient.AnyBroker || node == conn.Node() {
		return conn, version, err
	}
	if conn, err = q.conn(ctx, node); err == nil {
		version, err = q.decode(conn)
	}
	return conn, version, err
}

// conn returns a connection to that broker, or to any where node is -1.
func (q *question) conn(ctx context.Context, node int32) (*netclient.Conn, error) {
	if node >= 0 {
		return q.pool.Conn(ctx, node)
	}
	err := fmt.Errorf("the cluster names no brokers yet; 0.8 names none until it has a topic")
	brokers := slices.SortedFunc(slices.Values(q.client.Metadata().Brokers()), func(a, b netclient.Broker) int { return cmp.Compare(a.ID, b.ID) })
	for _, b := range brokers {
		var conn *netclient.Conn
		if conn, err = q.pool.Conn(ctx, b.ID); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// decode reads the text as the version says that this broker is asked in.
func (q *question) decode(conn *netclient.Conn) (version int16, err error) {
	if version = q.version; version < 0 {
		ours, _ := q.req.APIKey().Versions()
		if version, err = conn.Version(q.req.APIKey(), ours.Max); err != nil {
			return 0, err
		}
	}
	if err := q.req.DecodeJSON(q.text, version); err != nil {
		return 0, usageError{err}
	}
	return version, nil
}

func printJSON(out io.Writer, resp anymsg.Response, version int16) error {
	answer, err := resp.AppendJSON(nil, version)
	if err != nil {
		return err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, answer, "", "  "); err != nil {
		return err
	}
	indented.WriteByte('\n')
	_, err = out.Write(indented.Bytes())
	return err
}
