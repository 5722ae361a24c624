package kafkatest

import (
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// readUncommitted is the isolation level that does not ask for aborted
// transactions. There are none, but null and empty differ.
const readUncommitted = 0

// fetch returns stored bytes, once there are as many as asked for or the client
// has waited as long as it wants to. There are no fetch sessions (KIP-227): the
// session id of every response is 0, which tells the client so.
func fetch(c *call, req *msg.FetchRequest) *msg.FetchResponse {
	if req.SessionID != 0 {
		return fetchError(c, req, wire.ErrFetchSessionIDNotFound)
	}
	f := newFetching(c, req)
	wait := time.Duration(req.MaxWaitMs) * time.Millisecond
	if f.read() || wait <= 0 {
		return f.finish()
	}
	changed := make(chan struct{}, 1)
	for _, p := range f.partitions {
		p.log.watch(changed)
		defer p.log.unwatch(changed)
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for !f.read() { // also once more now: it may have changed before we watched
		select {
		case <-changed:
		case <-timeout.C:
			return f.finish()
		case <-c.ctx.Done():
			return nil
		}
	}
	return f.finish()
}

// fetching is a fetch on its way.
type fetching struct {
	call       *call
	req        *msg.FetchRequest
	resp       *msg.FetchResponse
	partitions []fetchedPartition // those that exist
	failed     bool               // one of the others was asked for
}

type fetchedPartition struct {
	log *partition
	in  *msg.FetchRequestTopicPartition
	out *msg.FetchResponseResponsePartition
}

func newFetching(c *call, req *msg.FetchRequest) *fetching {
	f := &fetching{call: c, req: req, resp: fetchResponse(req)}
	for i := range req.Topics {
		in, out := &req.Topics[i], &f.resp.Responses[i]
		for j := range in.Partitions {
			p := fetchedPartition{in: &in.Partitions[j], out: &out.Partitions[j]}
			var code wire.ErrorCode
			if p.log, code = c.broker.cluster.partition(in.Topic, in.TopicID, p.in.Partition); code != wire.ErrNone {
				p.fail(code)
				f.failed = true
				continue
			}
			f.partitions = append(f.partitions, p)
		}
	}
	return f
}

// read fills in what there is now, and tells whether that is enough to answer.
func (f *fetching) read() bool {
	left := int(f.req.MaxBytes) // of the response
	minOne := f.call.version >= 3
	total := 0
	enough := f.failed || len(f.partitions) == 0
	for _, p := range f.partitions {
		n := p.read(f.call, left, minOne)
		if p.out.ErrorCode != wire.ErrNone {
			enough = true
		}
		if n > 0 {
			minOne = false
		}
		left = max(left-n, 0)
		total += n
	}
	return enough || total >= int(f.req.MinBytes)
}

// followersAnswer is the version of Fetch from which followers answer consumers
// too (KIP-392).
const followersAnswer = 11

// read reads at most max bytes; with minOne a whole batch, however large. It
// returns how many were read.
func (p fetchedPartition) read(c *call, max int, minOne bool) int {
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	log := &p.log.log
	code := p.log.checkLeadership(c.broker.id, p.in.CurrentLeaderEpoch, c.version >= followersAnswer)
	end := p.log.endOn(c.broker.id)
	if code == wire.ErrNone && (p.in.FetchOffset < log.start || p.in.FetchOffset > end) {
		code = wire.ErrOffsetOutOfRange
	}
	if code != wire.ErrNone {
		p.fail(code)
		return 0
	}
	data, first := log.read(p.in.FetchOffset, min(max, int(p.in.PartitionMaxBytes)), minOne)
	if end < log.end {
		data = before(data, end)
	}
	p.out.ErrorCode = wire.ErrNone
	p.out.HighWatermark, p.out.LastStableOffset, p.out.LogStartOffset = end, end, log.start
	p.out.Records = data
	if data == nil || len(data) < first && c.version >= 3 { // a first batch that is cut off is sent up to v2 only
		p.out.Records = []byte{}
	}
	return len(p.out.Records)
}

func (p fetchedPartition) fail(code wire.ErrorCode) {
	p.out.ErrorCode = code
	p.out.HighWatermark, p.out.LastStableOffset, p.out.LogStartOffset = -1, -1, -1
	p.out.Records = []byte{}
}

// finish adds what is told along with errors.
func (f *fetching) finish() *msg.FetchResponse {
	leaders := leaderHints{call: f.call, since: 12}
	for i := range f.resp.Responses {
		t := &f.resp.Responses[i]
		for j := range t.Partitions {
			p := &t.Partitions[j]
			p.CurrentLeader.LeaderID, p.CurrentLeader.LeaderEpoch = leaders.hint(p.ErrorCode, t.Topic, t.TopicID, p.PartitionIndex)
		}
	}
	if f.call.version >= 16 {
		for _, b := range leaders.brokers {
			f.resp.NodeEndpoints = append(f.resp.NodeEndpoints, msg.FetchResponseNodeEndpoint{NodeID: b.id, Host: b.host, Port: b.port})
		}
	}
	return f.resp
}

// fetchResponse makes a response for the partitions of the request.
func fetchResponse(req *msg.FetchRequest) *msg.FetchResponse {
	resp := msg.NewFetchResponse()
	resp.Responses = make([]msg.FetchResponseResponse, len(req.Topics))
	for i := range req.Topics {
		in, out := &req.Topics[i], &resp.Responses[i]
		out.SetDefaults()
		out.Topic, out.TopicID = in.Topic, in.TopicID
		out.Partitions = make([]msg.FetchResponseResponsePartition, len(in.Partitions))
		for j := range in.Partitions {
			out.Partitions[j].SetDefaults()
			out.Partitions[j].PartitionIndex = in.Partitions[j].Partition
			if req.IsolationLevel == readUncommitted {
				out.Partitions[j].AbortedTransactions = nil // not empty: nobody looked
			}
		}
	}
	return resp
}

// fetchError answers an error about the session for the whole request, any other
// for every partition.
func fetchError(c *call, req *msg.FetchRequest, code wire.ErrorCode) *msg.FetchResponse {
	resp := msg.NewFetchResponse()
	if code == wire.ErrFetchSessionIDNotFound || code == wire.ErrInvalidFetchSessionEpoch {
		resp.ErrorCode = code
		return resp
	}
	resp = fetchResponse(req)
	for i := range resp.Responses {
		for j := range resp.Responses[i].Partitions {
			fetchedPartition{out: &resp.Responses[i].Partitions[j]}.fail(code)
		}
	}
	return resp
}
