package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// removeTime bounds the deletion of the demo's topic, and that of its group.
const removeTime = 10 * time.Second

// withTopic makes the demo's topic, calls f, and deletes the topic and the group
// again, whatever happened, and also when ctx has ended. That something stays is
// said, and is no failure of the demo.
func (d *demoRun) withTopic(ctx context.Context, wait time.Duration, warnings io.Writer, f func() error) error {
	defer func() {
		d.client.ForgetTopics(d.topic) // so that no refresh of the metadata makes it again
		ctx := context.WithoutCancel(ctx)
		for _, remove := range []func(context.Context) error{d.deleteGroup, d.deleteTopic} {
			bounded, cancel := context.WithTimeout(ctx, removeTime)
			if err := remove(bounded); err != nil {
				fmt.Fprintf(warnings, "barnabas: %v\n", err)
			}
			cancel()
		}
	}()
	var topic *netclient.Topic
	err := waitFor(ctx, wait, warnings, fmt.Sprintf("the topic %q", d.topic), func(ctx context.Context) (err error) {
		if err = d.createTopic(ctx); err == nil {
			topic, err = d.client.EnsureTopic(ctx, d.topic)
		}
		return err
	})
	if err == nil {
		err = d.look(ctx, topic)
	}
	if err == nil {
		err = f()
	}
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// createTopic makes the topic with demoPartitions partitions where brokers can be
// asked for that, from 0.10.1 on. Older ones make it when it is asked for, with as
// many partitions as they are configured to.
func (d *demoRun) createTopic(ctx context.Context) error {
	if d.created {
		return nil // by an earlier try
	}
	replicas := min(3, len(d.client.Metadata().Brokers()))
	err := d.askController(ctx, func(conn *netclient.Conn) (wire.ErrorCode, error) {
		version, err := conn.Version(wire.KeyCreateTopics, 7)
		if err != nil {
			return 0, err
		}
		topic := msg.CreateTopicsRequestTopic{}
		topic.SetDefaults()
		topic.Name, topic.NumPartitions, topic.ReplicationFactor = d.topic, demoPartitions, int16(replicas)
		if version >= 4 {
			topic.ReplicationFactor = -1 // the brokers' default (KIP-464)
		}
		req, resp := msg.NewCreateTopicsRequest(), msg.NewCreateTopicsResponse()
		req.Topics = []msg.CreateTopicsRequestTopic{topic}
		if err := conn.DoVersion(ctx, version, req, resp); err != nil || len(resp.Topics) == 0 {
			return 0, err
		}
		return resp.Topics[0].ErrorCode, nil
	})
	if errors.Is(err, wire.ErrTopicAlreadyExists) || isUnsupported(err) {
		err = nil // made by a try whose answer did not come; or to be made by asking for it
	}
	if err != nil {
		return fmt.Errorf("creating the topic %q: %w", d.topic, err)
	}
	d.created = true
	return nil
}

func (d *demoRun) deleteTopic(ctx context.Context) error {
	err := d.askController(ctx, func(conn *netclient.Conn) (wire.ErrorCode, error) {
		version, err := conn.Version(wire.KeyDeleteTopics, 5) // later ones name topics in another place
		if err != nil {
			return 0, err
		}
		req, resp := msg.NewDeleteTopicsRequest(), msg.NewDeleteTopicsResponse()
		req.TopicNames, req.TimeoutMs = []string{d.topic}, int32((removeTime / 2).Milliseconds())
		if err := conn.DoVersion(ctx, version, req, resp); err != nil || len(resp.Responses) == 0 {
			return 0, err
		}
		return resp.Responses[0].ErrorCode, nil
	})
	switch {
	case err == nil:
		fmt.Fprintf(d.w, "the topic %s is deleted\n", d.topic)
	case errors.Is(err, wire.ErrUnknownTopicOrPartition): // it was never made
	case isUnsupported(err):
		return fmt.Errorf("the topic %s stays: brokers can be asked to delete one from 0.10.1 on", d.topic)
	default:
		return fmt.Errorf("the topic %s stays: %w (is delete.topic.enable on?)", d.topic, err)
	}
	return nil
}

func (d *demoRun) deleteGroup(ctx context.Context) error {
	if !d.groups {
		return nil
	}
	req, resp := msg.NewDeleteGroupsRequest(), msg.NewDeleteGroupsResponse()
	req.GroupsNames = []string{d.group()}
	err := d.client.Route(ctx, req, resp)
	for _, e := range netclient.ErrorsIn(resp) {
		err = &e
	}
	switch {
	case err == nil:
		fmt.Fprintf(d.w, "the group %s is deleted\n", d.group())
	case errors.Is(err, wire.ErrGroupIDNotFound): // it was never made
	case isUnsupported(err):
		return fmt.Errorf("the group %s stays until its offsets expire: brokers can be asked to delete one from 1.1 on", d.group())
	default:
		return fmt.Errorf("the group %s stays: %w", d.group(), err)
	}
	return nil
}

func (d *demoRun) group() string { return "group-of-" + d.topic }

// askController asks the broker that is the controller, and the next one when it
// is so no longer.
func (d *demoRun) askController(ctx context.Context, ask func(*netclient.Conn) (wire.ErrorCode, error)) error {
	pool := d.client.NewPool(netclient.PoolConfig{Name: "demo-admin"})
	defer pool.Close()
	for {
		md, err := d.client.RefreshMetadata(ctx)
		if err != nil {
			return err
		}
		var code wire.ErrorCode
		if node := md.ControllerID(); node >= 0 {
			var conn *netclient.Conn
			if conn, err = pool.Conn(ctx, node); err == nil {
				code, err = ask(conn)
			}
			if err != nil {
				return err
			}
		} else if code = wire.ErrNotController; !d.client.Release(-1).AtLeast("0.10") {
			return errNoController
		}
		switch {
		case code == 0:
			return nil
		case code != wire.ErrNotController || !sleep(ctx, 100*time.Millisecond):
			return code
		}
	}
}

// errNoController: the release has no requests for controllers, and names none.
var errNoController = errors.New("no controller")

func isUnsupported(err error) bool {
	if errors.Is(err, errNoController) {
		return true
	}
	_, ok := errors.AsType[*netclient.UnsupportedError](err)
	return ok
}
