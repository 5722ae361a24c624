package producer

import (
	"errors"
	"fmt"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
)

// silent is what was written to a broker that does not answer, because of acks=0.
// Such a broker has one way to refuse records: it closes the connection, and
// loses what was written behind them. It does not say which those are.
type silent struct {
	records, batches int
	last             TopicPartition
	at               time.Time // when the last of them was written
}

// writtenSilently notes a batch. What was written before a pause of RequestTimeout, the
// broker has taken.
func (s *sender) writtenSilently(br *broker, b *batch, now time.Time) {
	w := &br.silent
	if now.Sub(w.at) > s.cfg.RequestTimeout {
		*w = silent{}
	}
	w.records += int(b.records)
	w.batches++
	w.last, w.at = b.partition.name(), now
}

// ended takes the end of a connection on which nothing is answered: nothing else
// shows that records were refused.
func (s *sender) ended(node int32, l link, err error, now time.Time) {
	br := s.brokers[node]
	if br.link != l {
		return
	}
	w := br.silent
	br.silent = silent{}
	if w.records == 0 || now.Sub(w.at) > s.cfg.RequestTimeout || errors.Is(err, netclient.ErrClosed) {
		return
	}
	s.reports.add("producer: a broker closed the connection, which with acks=0 is how it refuses records; of those written last, some may be lost", &DeliveryError{
		TopicPartition: w.last, Records: w.records, Node: node, Attempts: 1, MaybeWritten: true, Err: fmt.Errorf("with acks=0, %w", err),
	}, w.batches)
}
