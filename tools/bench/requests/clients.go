//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/barnabas-kafka/barnabas/metrics"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// All clients ask in this version, with this client id; so the bytes are the same.
const (
	heartbeatVersion = 4
	clientID         = "requests"
	group            = "no such group"
)

func heartbeat() *msg.HeartbeatRequest {
	req := msg.NewHeartbeatRequest()
	req.GroupID, req.MemberID = group, "nobody"
	return req
}

// checkAnswer makes sure that it was understood.
func checkAnswer(code wire.ErrorCode) error {
	if code != wire.ErrNotCoordinator {
		return fmt.Errorf("the broker said %v", code)
	}
	return nil
}

// connectBare writes the same bytes again and again, and reads as many as the
// answer has.
func connectBare(ctx context.Context, addr string) (client, error) {
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return client{}, err
	}
	request, err := wire.AppendRequest(nil, heartbeatVersion, 7, clientID, heartbeat())
	if err != nil {
		return client{}, err
	}
	want, err := wire.AppendResponse(nil, heartbeatVersion, 7, &msg.HeartbeatResponse{ErrorCode: wire.ErrNotCoordinator})
	if err != nil {
		return client{}, err
	}
	got := make([]byte, len(want))
	ask := func(context.Context) error {
		if _, err := nc.Write(request); err != nil {
			return err
		}
		if _, err := io.ReadFull(nc, got); err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("the broker answered %x, want %x", got, want)
		}
		return nil
	}
	return client{"bare", ask, func() { nc.Close() }}, nil
}

func connectOurs(ctx context.Context, addr string) (client, error) {
	return connectNetclient(ctx, "ours", addr, nil)
}

// connectMeasured is ours with all of its metrics.
func connectMeasured(ctx context.Context, addr string) (client, error) {
	return connectNetclient(ctx, "ours, with metrics", addr, metrics.New(metrics.Config{}))
}

func connectNetclient(ctx context.Context, name, addr string, registry *metrics.Registry) (client, error) {
	ours, err := netclient.New(netclient.Config{BootstrapServers: []string{addr}, ClientID: clientID, Metrics: registry})
	if err != nil {
		return client{}, err
	}
	if err := ours.Ping(ctx); err != nil {
		return client{}, err
	}
	conn, err := ours.NewPool(netclient.PoolConfig{}).Conn(ctx, firstBroker)
	if err != nil {
		return client{}, err
	}
	ask := func(ctx context.Context) error {
		var resp msg.HeartbeatResponse
		if err := conn.Do(ctx, heartbeat(), &resp); err != nil {
			return err
		}
		return checkAnswer(resp.ErrorCode)
	}
	return client{name, ask, func() { ours.Close() }}, nil
}

func connectFranz(ctx context.Context, addr string) (client, error) {
	franz, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ClientID(clientID))
	if err != nil {
		return client{}, err
	}
	if err := franz.Ping(ctx); err != nil {
		return client{}, err
	}
	b := franz.Broker(firstBroker)
	ask := func(ctx context.Context) error {
		req := kmsg.NewPtrHeartbeatRequest()
		req.Group, req.MemberID = group, "nobody"
		resp, err := b.Request(ctx, req)
		if err != nil {
			return err
		}
		return checkAnswer(wire.ErrorCode(resp.(*kmsg.HeartbeatResponse).ErrorCode))
	}
	return client{"franz-go", ask, franz.Close}, nil
}
