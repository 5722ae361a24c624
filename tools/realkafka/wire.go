package realkafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// The requests that a runner needs, by hand: it must not stand on the code that
// is tested with it.
const (
	keyMetadata     = 3
	keyCreateTopics = 19
)

// maxResponse is far above any answer of a cluster made for a test.
const maxResponse = 16 << 20

// metadata is a broker's view of the cluster.
type metadata struct {
	brokers    map[int32]string
	controller int32 // -1 when unknown
	topics     map[string]topicMetadata
}

type topicMetadata struct {
	code       int16
	partitions map[int32]int32 // to the leader, -1 for none
}

// metadata asks the broker about all topics. That creates none.
func (b *Broker) metadata(ctx context.Context) (metadata, error) {
	version, all := int16(1), int32(-1)
	if b.software.Load().version.before(0, 10) {
		version, all = 0, 0 // where an empty list means all
	}
	response, err := roundTrip(ctx, b.addr, keyMetadata, version, appendInt32(nil, all))
	if err != nil {
		return metadata{}, err
	}
	return parseMetadata(response, version)
}

func parseMetadata(response []byte, version int16) (metadata, error) {
	d := decoder{rest: response}
	m := metadata{brokers: map[int32]string{}, controller: -1, topics: map[string]topicMetadata{}}
	for range d.count() {
		id, host, port := d.int32(), d.string(), d.int32()
		if version >= 1 {
			d.string() // the rack
		}
		m.brokers[id] = net.JoinHostPort(host, strconv.Itoa(int(port)))
	}
	if version >= 1 {
		m.controller = d.int32()
	}
	for range d.count() {
		topic := topicMetadata{code: d.int16(), partitions: map[int32]int32{}}
		name := d.string()
		if version >= 1 {
			d.bytes(1) // whether it is internal
		}
		for range d.count() {
			d.int16() // an error that is told by the leader, too
			id := d.int32()
			topic.partitions[id] = d.int32()
			d.bytes(4 * d.count()) // replicas
			d.bytes(4 * d.count()) // those in sync
		}
		m.topics[name] = topic
	}
	if d.failed {
		return metadata{}, errors.New("its answer to a Metadata request is damaged")
	}
	return m, nil
}

// roundTrip sends one request on a connection of its own.
func roundTrip(ctx context.Context, addr string, key, version int16, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()

	request := appendInt32(nil, 0) // the size, set below
	request = appendInt16(appendInt16(request, key), version)
	request = appendInt32(request, 1) // correlation id
	request = appendString(request, "realkafka")
	request = append(request, body...)
	binary.BigEndian.PutUint32(request, uint32(len(request)-4))
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	var head [8]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, fmt.Errorf("no answer to request %d version %d from %s: %w", key, version, addr, err)
	}
	size := binary.BigEndian.Uint32(head[:])
	if size < 4 || size > maxResponse {
		return nil, fmt.Errorf("%s announces an answer of %d bytes", addr, size)
	}
	response := make([]byte, size-4)
	if _, err := io.ReadFull(conn, response); err != nil {
		return nil, fmt.Errorf("half an answer to request %d version %d from %s: %w", key, version, addr, err)
	}
	return response, nil
}

func appendInt16(b []byte, n int16) []byte { return binary.BigEndian.AppendUint16(b, uint16(n)) }
func appendInt32(b []byte, n int32) []byte { return binary.BigEndian.AppendUint32(b, uint32(n)) }
func appendString(b []byte, s string) []byte {
	return append(appendInt16(b, int16(len(s))), s...)
}

// A decoder reads an answer; past its end, everything is zero.
type decoder struct {
	rest   []byte
	failed bool
}

func (d *decoder) bytes(n int) []byte {
	if n < 0 || n > len(d.rest) {
		d.failed, d.rest = true, nil
		return make([]byte, 4)
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) int16() int16 { return int16(binary.BigEndian.Uint16(d.bytes(2))) }
func (d *decoder) int32() int32 { return int32(binary.BigEndian.Uint32(d.bytes(4))) }

// string reads null as "".
func (d *decoder) string() string {
	n := int(d.int16())
	if n <= 0 {
		return ""
	}
	b := d.bytes(n)
	if d.failed {
		return ""
	}
	return string(b)
}

// count is the length of an array, never more than there are bytes left.
func (d *decoder) count() int {
	n := int(d.int32())
	if n > len(d.rest) {
		d.failed, d.rest = true, nil
	}
	if d.failed || n < 0 {
		return 0
	}
	return n
}
