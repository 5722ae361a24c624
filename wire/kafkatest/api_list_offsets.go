package kafkatest

import (
	"io"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// Timestamps that stand for something else.
const (
	latestTimestamp        = -1
	earliestTimestamp      = -2
	maxTimestamp           = -3 // KIP-734, from v7 on
	earliestLocalTimestamp = -4 // KIP-405, from v8 on: what is not only in remote storage, which is everything here
	latestTieredTimestamp  = -5 // KIP-1005, from v9 on: what is in remote storage, which is nothing
	earliestPendingUpload  = -6 // KIP-1023, from v11 on: what is to go there, the same
)

// unsupportedTimestamp tells whether the version is too low for what the
// timestamp stands for. Releases that know none of that take it for a time.
func (r release) unsupportedTimestamp(version int16, timestamp int64) bool {
	if !r.at(3) {
		return false
	}
	switch timestamp {
	case maxTimestamp:
		return version < 7
	case earliestLocalTimestamp:
		return version < 8
	case latestTieredTimestamp:
		return version < 9
	case earliestPendingUpload:
		return version < 11
	default:
		return false
	}
}

// listOffsets finds offsets by time.
func listOffsets(c *call, req *msg.ListOffsetsRequest) *msg.ListOffsetsResponse {
	resp := listOffsetsResponse(req)
	for i := range req.Topics {
		in, out := &req.Topics[i], &resp.Topics[i]
		for j := range in.Partitions {
			p, code := c.broker.cluster.partition(in.Name, wire.UUID{}, in.Partitions[j].PartitionIndex)
			if code != wire.ErrNone {
				out.Partitions[j].ErrorCode = code
				continue
			}
			c.listOffset(p, &in.Partitions[j], &out.Partitions[j])
		}
	}
	return resp
}

// listOffset answers for one partition.
func (c *call) listOffset(p *partition, in *msg.ListOffsetsRequestTopicPartition, out *msg.ListOffsetsResponseTopicPartition) {
	r := c.broker.cluster.config.release
	p.mu.Lock()
	log := &p.log
	start, end := log.start, log.end
	timestamp := in.Timestamp
	var chunks []byte
	out.ErrorCode = p.checkLeadership(c.broker.id, in.CurrentLeaderEpoch, false)
	switch {
	case out.ErrorCode != wire.ErrNone:
	case c.version == 0:
		out.OldStyleOffsets = log.offsetsBefore(timestamp, int(in.MaxNumOffsets), time.Now())
	case r.unsupportedTimestamp(c.version, timestamp):
		out.ErrorCode = wire.ErrUnsupportedVersion
	case timestamp == latestTimestamp:
		out.Offset = end
	case timestamp == earliestTimestamp, timestamp == earliestLocalTimestamp && r.at(3):
		out.Offset = start
	case timestamp == latestTieredTimestamp && r.at(3), timestamp == earliestPendingUpload && r.at(3):
	case timestamp == maxTimestamp && r.at(3):
		if timestamp = log.maxTimestamp(); timestamp >= 0 {
			chunks = log.chunksFrom(timestamp)
		}
	default:
		chunks = log.chunksFrom(timestamp)
	}
	p.mu.Unlock()

	if chunks != nil {
		out.Offset, out.Timestamp = firstAt(chunks, timestamp, start, c.broker.cluster.codecs)
	}
	if c.version >= 4 && out.Offset >= 0 {
		p.mu.Lock()
		out.LeaderEpoch = log.epochOf(out.Offset)
		p.mu.Unlock()
	}
}

// firstAt finds the first record at or after the timestamp and returns its offset
// and its timestamp; -1 and -1 when there is none.
func firstAt(data []byte, timestamp, start int64, codecs record.Codecs) (offset, at int64) {
	for reader := record.NewReader(data); ; {
		b, err := reader.Next()
		if err != nil {
			return -1, -1 // the end
		}
		records, err := b.Records(codecs, nil, maxUnpacked)
		for rec := (record.Record{}); err == nil; {
			var ok bool
			if ok, err = records.Next(&rec); err == nil && !ok {
				err = io.EOF
			}
			if ok && rec.Timestamp >= timestamp && rec.Offset >= start {
				return rec.Offset, rec.Timestamp
			}
		}
	}
}

// listOffsetsResponse makes a response for the partitions of the request.
func listOffsetsResponse(req *msg.ListOffsetsRequest) *msg.ListOffsetsResponse {
	resp := msg.NewListOffsetsResponse()
	resp.Topics = make([]msg.ListOffsetsResponseTopic, len(req.Topics))
	for i := range req.Topics {
		in, out := &req.Topics[i], &resp.Topics[i]
		out.SetDefaults()
		out.Name = in.Name
		out.Partitions = make([]msg.ListOffsetsResponseTopicPartition, len(in.Partitions))
		for j := range in.Partitions {
			out.Partitions[j].SetDefaults()
			out.Partitions[j].PartitionIndex = in.Partitions[j].PartitionIndex
		}
	}
	return resp
}

func listOffsetsError(_ *call, req *msg.ListOffsetsRequest, code wire.ErrorCode) *msg.ListOffsetsResponse {
	resp := listOffsetsResponse(req)
	for i := range resp.Topics {
		for j := range resp.Topics[i].Partitions {
			resp.Topics[i].Partitions[j].ErrorCode = code
		}
	}
	return resp
}
