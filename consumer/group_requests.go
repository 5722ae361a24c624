package consumer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/assignors"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// This file holds the requests that a member sends to its coordinator. Each is one try; what to do
// about a failure is for the protocol to say.

// findCoordinator looks the coordinator up and sees whether it knows groups at all.
func (c *Consumer) findCoordinator(from groupProtocol) {
	ctx, stop := c.shortly()
	defer stop()
	var conn *netclient.Conn
	broker, err := c.client.Coordinator(ctx, netclient.GroupCoordinator, c.cfg.GroupID)
	if err == nil {
		conn, err = c.group.Conn(ctx, broker.ID)
	}
	if err == nil {
		_, err = conn.Version(wire.KeyJoinGroup, math.MaxInt16)
	}
	_, unsupported := errors.AsType[*netclient.UnsupportedError](err)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.due.protocol != from || c.ctx.Err() != nil:
	case unsupported || errors.Is(err, netclient.ErrNoCoordinator):
		c.log.Info("these brokers know no groups (they came with 0.9): this consumer reads all partitions of its topics", "group", c.cfg.GroupID)
		c.due.protocol = &local{}
		c.step(evSubscribe{topics: c.subs.topics})
		c.step(evPoll{})
		c.wake()
	default:
		if err != nil {
			c.due.trouble.note(time.Now(), fmt.Errorf("looking for the coordinator of group %q: %w", c.cfg.GroupID, err))
			c.client.ForgetCoordinator(netclient.GroupCoordinator, c.cfg.GroupID)
		}
		c.step(evCoordinator{node: broker.ID, err: err})
		c.wake()
	}
}

// ask sends a request to the coordinator, on the group's own connection.
func (c *Consumer) ask(ctx context.Context, node int32, timeout time.Duration, req wire.Request, resp wire.Response) error {
	conn, err := c.group.Conn(ctx, node)
	if err != nil {
		return err
	}
	return conn.DoTimeout(ctx, timeout, req, resp)
}

// rebalance sends a request that is answered when all members have sent theirs: MaxPollInterval is
// how long they have for that. Brokers before 0.10.1, whose JoinGroup does not name it, give them
// SessionTimeout.
func (c *Consumer) rebalance(ctx context.Context, node int32, req wire.Request, resp wire.Response) error {
	conn, err := c.group.Conn(ctx, node)
	if err != nil {
		return err
	}
	wait := max(c.cfg.SessionTimeout, c.cfg.RequestTimeout)
	if version, err := conn.Version(wire.KeyJoinGroup, 1); err != nil || version > 0 {
		wait = max(wait, c.cfg.MaxPollInterval)
	}
	return conn.DoTimeout(ctx, wait+5*time.Second, req, resp)
}

func (c *Consumer) instanceID() *string {
	if c.cfg.GroupInstanceID == "" {
		return nil
	}
	return &c.cfg.GroupInstanceID
}

// groupErr names a refused request; the protocol finds the code in it.
func (c *Consumer) groupErr(what string, code wire.ErrorCode) error {
	if code == 0 {
		return nil
	}
	return fmt.Errorf("consumer: %s group %q: %w", what, c.cfg.GroupID, code)
}

func (c *Consumer) join(ctx context.Context, a actJoin) event {
	req := msg.NewJoinGroupRequest()
	req.GroupID = c.cfg.GroupID
	req.SessionTimeoutMs = milliseconds(c.cfg.SessionTimeout)
	req.RebalanceTimeoutMs = milliseconds(c.cfg.MaxPollInterval)
	req.MemberID = a.memberID
	req.GroupInstanceID = c.instanceID()
	req.ProtocolType = consumerProtocolType
	for _, assignor := range c.cfg.Assignors {
		metadata, err := encodeSubscription(assignor, a.topics)
		if err != nil {
			return evJoined{round: a.round, err: err}
		}
		req.Protocols = append(req.Protocols, msg.JoinGroupRequestProtocol{Name: assignor.Protocol().Name, Metadata: metadata})
	}
	var resp msg.JoinGroupResponse
	err := c.rebalance(ctx, a.node, req, &resp)
	if err == nil {
		err = c.groupErr("join", resp.ErrorCode)
	}
	ev := evJoined{round: a.round, err: err, memberID: resp.MemberID, generation: resp.GenerationID}
	if err != nil {
		return ev
	}
	if resp.ProtocolName != nil {
		ev.protocol = *resp.ProtocolName
	}
	ev.leader = resp.Leader == resp.MemberID && !resp.SkipAssignment
	for _, m := range resp.Members {
		member := joinedMember{id: m.MemberID, metadata: slices.Clone(m.Metadata)}
		if m.GroupInstanceID != nil {
			member.instanceID = *m.GroupInstanceID
		}
		ev.members = append(ev.members, member)
	}
	c.log.Debug("joined a group", "group", c.cfg.GroupID, "member", ev.memberID, "generation", ev.generation, "protocol", ev.protocol, "leader", ev.leader)
	return ev
}

// assignMembers is the leader's work: who gets which partitions.
func (c *Consumer) assignMembers(ctx context.Context, a actAssign) event {
	ctx, stop := c.bound(ctx)
	defer stop()
	fail := func(err error) event { return evAssigned{round: a.round, err: err} }
	i := slices.IndexFunc(c.cfg.Assignors, func(x assignors.Assignor) bool { return x.Protocol().Name == a.protocol })
	if i < 0 {
		return fail(fmt.Errorf("consumer: group %q chose the assignor %q, which this member did not offer", c.cfg.GroupID, a.protocol))
	}
	members, topics := c.decodeMembers(a.members)
	md, err := c.client.RefreshMetadata(ctx, topics...)
	if err != nil {
		return fail(err)
	}
	c.mu.Lock()
	counts := c.partitionCounts(md, topics)
	c.mu.Unlock()
	if unseen := slices.DeleteFunc(slices.Clone(topics), func(t string) bool { return counts[t] > 0 }); len(unseen) > 0 {
		c.log.Warn("this leader of the group does not see some of its topics: nobody gets their partitions for now", "group", c.cfg.GroupID,
			"topics", len(unseen), "example", unseen[0])
	}
	assignments, err := assign(c.cfg.Assignors[i], members, counts)
	if err != nil {
		return fail(err)
	}
	return evAssigned{round: a.round, assignments: assignments, counts: counts}
}

func (c *Consumer) sync(ctx context.Context, a actSync) event {
	req := msg.NewSyncGroupRequest()
	req.GroupID = c.cfg.GroupID
	req.GenerationID = a.generation
	req.MemberID = a.memberID
	req.GroupInstanceID = c.instanceID()
	req.ProtocolType = new(consumerProtocolType)
	req.ProtocolName = &a.protocol
	for id, assignment := range a.assignments {
		req.Assignments = append(req.Assignments, msg.SyncGroupRequestAssignment{MemberID: id, Assignment: assignment})
	}
	var resp msg.SyncGroupResponse
	err := c.rebalance(ctx, a.node, req, &resp)
	if err == nil {
		err = c.groupErr("sync with", resp.ErrorCode)
	}
	ev := evSynced{round: a.round, err: err}
	if err == nil {
		ev.partitions, ev.err = decodeAssignment(resp.Assignment)
	}
	return ev
}

func (c *Consumer) heartbeat(ctx context.Context, a actHeartbeat) event {
	req := msg.NewHeartbeatRequest()
	req.GroupID = c.cfg.GroupID
	req.GenerationID = a.generation
	req.MemberID = a.memberID
	req.GroupInstanceID = c.instanceID()
	sent := time.Now()
	var resp msg.HeartbeatResponse
	// Half a session leaves time to try once more on another connection.
	err := c.ask(ctx, a.node, min(c.cfg.SessionTimeout/2, c.cfg.RequestTimeout), req, &resp)
	if err == nil {
		err = c.groupErr("heartbeat in", resp.ErrorCode)
		c.meter.heartbeat(time.Since(sent), time.Now())
	}
	return evHeartbeat{beat: a.beat, sent: sent, err: err}
}

// leave tells the coordinator that this member is gone. It is tried once; the session ends by
// itself if that fails.
func (c *Consumer) leave(a actLeave) {
	ctx, stop := c.bound(c.ctx)
	defer stop()
	if a.joining && a.node >= 0 {
		c.group.Disconnect(a.node) // behind a join that waits, LeaveGroup would wait too
	}
	if a.memberID == "" {
		return
	}
	if a.node < 0 {
		broker, err := c.client.Coordinator(ctx, netclient.GroupCoordinator, c.cfg.GroupID)
		if err != nil {
			c.log.Warn("could not tell the group that this consumer leaves", "group", c.cfg.GroupID, "error", err)
			return
		}
		a.node = broker.ID
	}
	req := msg.NewLeaveGroupRequest()
	req.GroupID = c.cfg.GroupID
	var resp msg.LeaveGroupResponse
	conn, err := c.group.Conn(ctx, a.node)
	if err == nil {
		var version int16
		if version, err = conn.Version(wire.KeyLeaveGroup, math.MaxInt16); version < 3 {
			req.MemberID = a.memberID
		} else {
			req.Members = []msg.LeaveGroupRequestMember{{MemberID: a.memberID, Reason: &a.reason}}
		}
	}
	if err == nil {
		err = conn.Do(ctx, req, &resp)
	}
	if err == nil {
		err = resp.ErrorCode.Err()
	}
	if err != nil && c.ctx.Err() == nil {
		c.log.Warn("could not tell the group that this consumer leaves", "group", c.cfg.GroupID, "error", err)
	}
}

// noteGroup remembers what keeps the group from making progress, as an answer to one of its
// requests says. The caller holds c.mu.
func (c *Consumer) noteGroup(ev event) {
	var err error
	switch ev := ev.(type) {
	case evJoined:
		err = ev.err
	case evSynced:
		err = ev.err
	case evHeartbeat:
		err = ev.err
	default:
		return
	}
	switch code, answered := errorCode(err); {
	case err == nil:
		c.due.trouble.over()
	case !answered || code == wire.ErrCoordinatorLoadInProgress || code == wire.ErrCoordinatorNotAvailable || code == wire.ErrNotCoordinator:
		c.due.trouble.note(time.Now(), err)
	}
}

func milliseconds(d time.Duration) int32 { return int32(min(d.Milliseconds(), math.MaxInt32)) }
