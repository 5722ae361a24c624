package main

import (
	"errors"
	"time"

	"github.com/IBM/sarama"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// sarama writes records in a Produce request and reads them in a Fetch response
// and nowhere else. Here these have one partition, so that what is around the
// records weighs nothing. Neither are sarama's records ever used again: a batch
// keeps what it was encoded to.

// saramaVersions are versions of Produce and Fetch with a message format.
func saramaVersions(f record.Format) (produce, fetch int16) {
	switch f {
	case record.V0:
		return 0, 0
	case record.V1:
		return 2, 2
	default:
		return 3, 4
	}
}

const saramaTopic = "t"

func saramaRecordsEncode(f record.Format, records []testRecord, _ []byte) ([]byte, error) {
	req := &sarama.ProduceRequest{}
	req.Version, _ = saramaVersions(f)
	if f == record.V2 {
		req.AddBatch(saramaTopic, 0, saramaBatch(records))
	} else {
		req.AddSet(saramaTopic, 0, saramaMessageSet(f, records))
	}
	return newSaramaMessage(req).encode()
}

func saramaBatch(records []testRecord) *sarama.RecordBatch {
	batch := &sarama.RecordBatch{
		PartitionLeaderEpoch: -1,
		Version:              2,
		LastOffsetDelta:      int32(len(records) - 1),
		FirstTimestamp:       time.UnixMilli(records[0].timestamp),
		MaxTimestamp:         time.UnixMilli(records[len(records)-1].timestamp),
		ProducerID:           -1,
		ProducerEpoch:        -1,
		FirstSequence:        -1,
		Records:              make([]*sarama.Record, len(records)),
	}
	for i := range records {
		batch.Records[i] = &sarama.Record{
			TimestampDelta: time.Duration(records[i].timestamp-records[0].timestamp) * time.Millisecond,
			OffsetDelta:    int64(i),
			Value:          records[i].value,
		}
	}
	return batch
}

func saramaMessageSet(f record.Format, records []testRecord) *sarama.MessageSet {
	set := &sarama.MessageSet{Messages: make([]*sarama.MessageBlock, len(records))}
	for i := range records {
		set.Messages[i] = &sarama.MessageBlock{Offset: int64(i), Msg: &sarama.Message{
			Version:   int8(f),
			Timestamp: time.UnixMilli(records[i].timestamp),
			Value:     records[i].value,
		}}
	}
	return set
}

func saramaUnwrap(encoded []byte, f record.Format) ([]byte, error) {
	version, _ := saramaVersions(f)
	var req msg.ProduceRequest
	if err := req.Decode(encoded, version); err != nil {
		return nil, err
	}
	if len(req.TopicData) != 1 || len(req.TopicData[0].PartitionData) != 1 {
		return nil, errors.New("not one partition in sarama's Produce request")
	}
	return req.TopicData[0].PartitionData[0].Records, nil
}

func saramaWrap(batch []byte, f record.Format) ([]byte, error) {
	_, version := saramaVersions(f)
	resp := msg.NewFetchResponse()
	var partition msg.FetchResponseResponsePartition
	partition.SetDefaults()
	partition.Records = batch
	resp.Responses = []msg.FetchResponseResponse{{
		Topic: saramaTopic, Partitions: []msg.FetchResponseResponsePartition{partition},
	}}
	return resp.Append(nil, version)
}

func saramaRead(f record.Format, src []byte, t *tally) error {
	_, version := saramaVersions(f)
	resp := &sarama.FetchResponse{}
	if err := newSaramaMessage(resp).decode(src, version); err != nil {
		return err
	}
	for _, records := range resp.GetBlock(saramaTopic, 0).RecordsSet {
		if batch := records.RecordBatch; batch != nil {
			for _, r := range batch.Records {
				t.add(batch.FirstOffset+r.OffsetDelta, batch.FirstTimestamp.Add(r.TimestampDelta).UnixMilli(), r.Value)
			}
		}
		if set := records.MsgSet; set != nil {
			for _, m := range set.Messages {
				timestamp := int64(-1)
				if m.Msg.Version > 0 {
					timestamp = m.Msg.Timestamp.UnixMilli()
				}
				t.add(m.Offset, timestamp, m.Msg.Value)
			}
		}
	}
	return nil
}
