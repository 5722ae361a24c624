package producer

import (
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// maxProduceVersion is the highest version of Produce that is sent. 12 changes
// what transactions mean (KIP-890), and from 13 on topics go by their ids.
const maxProduceVersion = 11

// formatOf is the message format that a version of Produce carries.
func formatOf(version int16) record.Format {
	switch {
	case version >= 3:
		return record.V2
	case version == 2:
		return record.V1
	}
	return record.V0
}

// zstdSince is the first version of Produce that allows zstd (KIP-110).
const zstdSince = 7

// request is a Produce request on its way: one batch each of some partitions.
type request struct {
	broker  *broker
	link    link
	version int16
	batches []*batch
	size    int // bytes of the batches
	started time.Time
	maker   *requestMaker

	partitions []*partition // of the batches

	body []byte // the answer
	err  error  // or why there is none
	done func([]byte, error)

	parts   [][]byte // of the encoded request, as long as it is in flight
	scratch []byte
}

func (r *request) add(b *batch) {
	r.batches = append(r.batches, b)
	r.partitions = append(r.partitions, b.partition)
	r.size += len(b.data)
}

// requestMaker makes requests, and uses them again. It belongs to the sender.
type requestMaker struct {
	acks    int16
	timeout time.Duration
	answer  func(*request) // called on a goroutine of the connection

	free   []*request
	msg    msg.ProduceRequest
	topics map[string]int // in msg, while a request is encoded
}

// get makes an empty request.
func (m *requestMaker) get(br *broker, version int16) *request {
	var r *request
	if n := len(m.free); n > 0 {
		r = m.free[n-1]
		m.free = m.free[:n-1]
	} else {
		r = &request{maker: m}
		r.done = func(body []byte, err error) {
			r.body, r.err = body, err
			m.answer(r)
		}
	}
	r.broker, r.link, r.version = br, br.link, version
	return r
}

// put takes back a request that nobody writes or waits for any more.
func (m *requestMaker) put(r *request) {
	clear(r.batches)
	clear(r.partitions)
	clear(r.parts)
	r.batches, r.partitions, r.parts = r.batches[:0], r.partitions[:0], r.parts[:0]
	r.link, r.body, r.err, r.size = nil, nil, nil, 0
	m.free = append(m.free, r)
}

// graceForAnswer is how much longer than the broker this side waits, so that the
// broker can say which partitions timed out, before the connection is given up.
const graceForAnswer = 500 * time.Millisecond

// encode makes the call of a request. The records stay where they are.
func (r *request) encode() (netclient.Call, error) {
	m := r.maker
	m.fill(r.batches)
	// Enough for what comes around the records: growing would be for once only.
	need := 32 + 64*len(r.batches)
	for i := range m.msg.TopicData {
		need += 32 + len(m.msg.TopicData[i].Name)
	}
	if cap(r.scratch) < need {
		r.scratch = make([]byte, 0, need)
	}
	parts, err := m.msg.AppendParts(r.parts[:0], r.scratch[:0], r.version)
	r.parts = parts
	return netclient.Call{
		Key: wire.KeyProduce, Version: r.version, Body: parts,
		NoResponse: m.acks == 0, Timeout: m.timeout + graceForAnswer, Done: r.done,
	}, err
}

// fill makes the message of some batches, grouped by topic.
func (m *requestMaker) fill(batches []*batch) {
	if m.topics == nil {
		m.topics = map[string]int{}
	}
	clear(m.topics)
	m.msg.Acks, m.msg.TimeoutMs = m.acks, int32(m.timeout.Milliseconds())
	topics := m.msg.TopicData[:0]
	for _, b := range batches {
		name := b.partition.topic
		i, known := m.topics[name]
		if !known {
			i = len(topics)
			m.topics[name] = i
			topics = grow(topics)
			topics[i].Name, topics[i].PartitionData = name, topics[i].PartitionData[:0]
		}
		data := grow(topics[i].PartitionData)
		last := &data[len(data)-1]
		last.Index, last.Records = b.partition.id, b.data
		topics[i].PartitionData = data
	}
	m.msg.TopicData = topics
}

// grow lengthens s by one element, which is what was there before if s was
// longer once.
func grow[T any](s []T) []T {
	if len(s) < cap(s) {
		return s[:len(s)+1]
	}
	var zero T
	return append(s, zero)
}
