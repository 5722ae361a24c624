package netclient

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// Since 2.0 a broker that a client asks too much of, by its quotas, answers at
// once and says for how long it wants to hear nothing more on that connection
// (KIP-219). Older brokers hold the answer back and say afterwards for how long.
// Only the version tells one from the other.

// throttleFrom is the version of an API from which its answers leave the pause
// to the client; these are the versions that came with 2.0, or later.
func throttleFrom(key wire.APIKey) int16 {
	switch key {
	case wire.KeyFetch:
		return 8
	case wire.KeyProduce, wire.KeyMetadata:
		return 6
	case wire.KeyOffsetCommit, wire.KeyOffsetFetch:
		return 4
	case wire.KeyListOffsets, wire.KeyJoinGroup, wire.KeyCreateTopics:
		return 3
	case wire.KeyFindCoordinator, wire.KeyHeartbeat, wire.KeyLeaveGroup, wire.KeySyncGroup, wire.KeyDescribeGroups, wire.KeyListGroups,
		wire.KeyAPIVersions, wire.KeyDeleteTopics, wire.KeyOffsetForLeaderEpoch, wire.KeyDescribeConfigs:
		return 2
	case wire.KeySaslHandshake, wire.KeySaslAuthenticate, wire.KeyWriteTxnMarkers, wire.KeyDescribeQuorum:
		return math.MaxInt16 // they say nothing of it
	}
	switch _, known := key.Versions(); {
	case !known:
		return math.MaxInt16
	case key < wire.KeyElectLeaders: // the oldest that is younger than 2.0
		return 1
	}
	return 0
}

// throttleTime is how long the broker that gave this answer wants to hear
// nothing, 0 for an answer that can't be read: whoever decodes it will say so.
func throttleTime(key wire.APIKey, version int16, body []byte) time.Duration {
	if version < throttleFrom(key) {
		return 0
	}
	return max(0, time.Duration(throttleTimeMs(key, version, body))*time.Millisecond)
}

func throttleTimeMs(key wire.APIKey, version int16, body []byte) int32 {
	switch key {
	case wire.KeyProduce:
		return decoded[msg.ProduceResponse](version, body).ThrottleTimeMs
	case wire.KeyAPIVersions:
		if firstCode(body) != wire.ErrNone {
			return 0 // the answer may be in another version than was asked
		}
		return decoded[msg.APIVersionsResponse](version, body).ThrottleTimeMs
	case wire.KeyCreateDelegationToken:
		return decoded[msg.CreateDelegationTokenResponse](version, body).ThrottleTimeMs
	case wire.KeyRenewDelegationToken:
		return decoded[msg.RenewDelegationTokenResponse](version, body).ThrottleTimeMs
	case wire.KeyExpireDelegationToken:
		return decoded[msg.ExpireDelegationTokenResponse](version, body).ThrottleTimeMs
	case wire.KeyDescribeDelegationToken:
		return decoded[msg.DescribeDelegationTokenResponse](version, body).ThrottleTimeMs
	case wire.KeyOffsetDelete:
		return decoded[msg.OffsetDeleteResponse](version, body).ThrottleTimeMs
	}
	if len(body) < 4 { // all others begin with it
		return 0
	}
	return int32(binary.BigEndian.Uint32(body))
}

// decoded is the zero M where body is none.
func decoded[M any, P interface {
	*M
	wire.Response
}](version int16, body []byte) M {
	var m, none M
	if P(&m).Decode(body, version) != nil {
		return none
	}
	return m
}

// throttle obeys a throttle time: nothing is written before it is over. The
// caller holds c.mu.
func (c *Conn) throttle(d time.Duration, now time.Time) {
	until := now.Add(d)
	if until.Before(c.pausedUntil) {
		return
	}
	c.pausedUntil = until
	c.requests.paused = true
	c.armTimer(now)
}

// unpause lets the writing go on when its time has come, and gives the requests
// that could not wait so long. The caller holds c.mu.
func (c *Conn) unpause(now time.Time) (late []pending) {
	if !c.requests.paused {
		return nil
	}
	if now.Before(c.pausedUntil) {
		return c.requests.takeLate(now)
	}
	c.requests.paused = false
	c.wakeWriter()
	return nil
}

// throttled reports whether the connection writes nothing for now because the
// broker said so.
func (c *Conn) throttled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests.paused
}

// throttledBy tells those who watch.
func (c *Conn) throttledBy(p *pending, d time.Duration, now time.Time) {
	c.meter.throttled(d, now)
	if c.onThrottle != nil {
		c.onThrottle(ThrottleInfo{Addr: c.addr, Node: c.Node(), Key: p.Key, Duration: d})
	}
}

// connThrottled is every Conn's onThrottle.
func (c *Client) connThrottled(info ThrottleInfo) {
	if c.cfg.Trace.Throttled != nil {
		c.cfg.Trace.Throttled(info)
	}
	if c.cfg.Logger.Enabled(context.Background(), slog.LevelDebug) {
		c.cfg.Logger.Debug("kafka: the broker's quota pauses the connection", "addr", info.Addr, "node", info.Node,
			"by", info.Key, "for", info.Duration)
	}
}
