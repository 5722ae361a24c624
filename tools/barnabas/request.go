package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/anymsg"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// request sends any request of the protocol, given as JSON, and prints the answer
// as JSON.
func request(ctx context.Context, args []string, std streams) error {
	opts := newCommon("request", std)
	opts.operands = 2
	node := opts.flags.Int("node", -1, "the `id` of the broker to ask; without it, the first one that can be reached")
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
	conn, err := someConn(ctx, client, pool, int32(*node))
	if err != nil {
		return err
	}
	answer, err := ask(ctx, conn, req, version, text)
	if err != nil {
		return err
	}
	_, err = std.out.Write(answer)
	return err
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

// someConn gives a connection to that broker, or to any where node is -1.
func someConn(ctx context.Context, client *netclient.Client, pool *netclient.Pool, node int32) (*netclient.Conn, error) {
	if node >= 0 {
		return pool.Conn(ctx, node)
	}
	err := fmt.Errorf("the cluster names no brokers yet; 0.8 names none until it has a topic")
	brokers := slices.SortedFunc(slices.Values(client.Metadata().Brokers()), func(a, b netclient.Broker) int { return cmp.Compare(a.ID, b.ID) })
	for _, b := range brokers {
		var conn *netclient.Conn
		if conn, err = pool.Conn(ctx, b.ID); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// ask sends the request, in the highest version that both sides speak where it is
// -1, and returns the answer, indented.
func ask(ctx context.Context, conn *netclient.Conn, req anymsg.Request, version int16, text []byte) ([]byte, error) {
	if version < 0 {
		var err error
		ours, _ := req.APIKey().Versions()
		if version, err = conn.Version(req.APIKey(), ours.Max); err != nil {
			return nil, err
		}
	}
	if err := req.DecodeJSON(text, version); err != nil {
		return nil, usageError{err}
	}
	if produce, ok := req.(*msg.ProduceRequest); ok && produce.Acks == 0 {
		return nil, usagef("Produce with acks 0 is never answered")
	}
	resp, _ := anymsg.NewResponse(req.APIKey())
	if err := conn.DoVersion(ctx, version, req, resp); err != nil {
		return nil, err
	}
	answer, err := resp.AppendJSON(nil, version)
	if err != nil {
		return nil, err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, answer, "", "  "); err != nil {
		return nil, err
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}
