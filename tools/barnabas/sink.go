package main

import (
	"io"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/wire"
)

// sinkSize is how many bytes are collected before they are written.
const sinkSize = 1 << 16

// A sink writes records in large pieces, and knows which of them were written:
// only those may be committed.
type sink struct {
	w    io.Writer
	buf  []byte
	held []heldRecord
	// unwritten is, after a flush that failed, the offset of the first record of
	// each partition that was not written whole.
	unwritten map[wire.TopicPartition]int64
}

// A heldRecord is a record in the buffer.
type heldRecord struct {
	tp     wire.TopicPartition
	offset int64
	end    int // behind its last byte
}

func (s *sink) add(tp wire.TopicPartition, offset int64, f format, rec *consumer.Record) {
	s.buf = f.append(s.buf, rec)
	s.held = append(s.held, heldRecord{tp, offset, len(s.buf)})
}

func (s *sink) flushIfFull() error {
	if len(s.buf) < sinkSize {
		return nil
	}
	return s.flush()
}

func (s *sink) flush() error {
	if len(s.buf) == 0 {
		return nil
	}
	n, err := s.w.Write(s.buf)
	if err != nil {
		s.unwritten = make(map[wire.TopicPartition]int64)
		for _, h := range s.held {
			if _, ok := s.unwritten[h.tp]; !ok && h.end > n {
				s.unwritten[h.tp] = h.offset
			}
		}
	}
	s.buf, s.held = s.buf[:0], s.held[:0]
	return err
}
