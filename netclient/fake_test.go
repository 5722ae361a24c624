package netclient

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// fakeBroker is a broker of one release that knows what is needed here, on a
// loopback port. It notes each request that it reads.
type fakeBroker struct {
	t  *testing.T
	ln net.Listener

	turn sync.Mutex // held while special runs

	mu      sync.Mutex
	asked   []string // "1:Metadata v1": connection number, request
	conns   map[net.Conn]int
	made    int
	ranges  map[wire.APIKey]wire.VersionRange // what ApiVersions answers; nil before 0.10
	line    string
	topics  map[string]wire.ErrorCode // what Metadata says of them
	special func(wire.RequestHeader, []byte) (answer, bool)
	port    int32 // that it advertises
}

// answer is what the fake does with a request.
type answer struct {
	body   []byte
	close  bool
	silent bool
}

func startFake(t *testing.T, line string) *fakeBroker {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeBroker{t: t, ln: ln, conns: map[net.Conn]int{}, topics: map[string]wire.ErrorCode{}}
	f.become(line)
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	n, _ := strconv.Atoi(port)
	f.port = int32(n)
	var wg sync.WaitGroup
	wg.Go(func() { f.accept(&wg) })
	t.Cleanup(func() {
		ln.Close()
		f.dropAll()
		wg.Wait()
	})
	return f
}

// become makes the fake a broker of another release.
func (f *fakeBroker) become(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.line, f.ranges = line, nil
	offered, err := wire.VersionsOf(line)
	if err != nil {
		f.t.Error(err)
	}
	if _, answers := offered[wire.KeyAPIVersions]; answers {
		produce := offered[wire.KeyProduce]
		offered[wire.KeyProduce] = wire.VersionRange{Min: 0, Max: produce.Max} // as Kafka 4 says, though it closes on 0 to 2
		f.ranges = offered
	}
}

func (f *fakeBroker) addr() string { return f.ln.Addr().String() }

// requests gives what was asked since the last call.
func (f *fakeBroker) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := f.asked
	f.asked = nil
	return asked
}

// dropAll ends all connections, as a broker does that goes down.
func (f *fakeBroker) dropAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for nc := range f.conns {
		nc.Close()
	}
}

func (f *fakeBroker) accept(wg *sync.WaitGroup) {
	for {
		nc, err := f.ln.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.made++
		f.conns[nc] = f.made
		f.mu.Unlock()
		wg.Go(func() { f.serve(nc) })
	}
}

func (f *fakeBroker) serve(nc net.Conn) {
	defer func() {
		nc.Close()
		f.mu.Lock()
		delete(f.conns, nc)
		f.mu.Unlock()
	}()
	for {
		frame, err := wire.ReadFrame(nc, nil, 1<<24)
		if err != nil {
			return
		}
		h, body, err := wire.DecodeRequestHeader(frame)
		if err != nil {
			return
		}
		f.mu.Lock()
		f.asked = append(f.asked, fmt.Sprintf("%d:%s v%d", f.conns[nc], h.APIKey, h.APIVersion))
		special := f.special
		f.mu.Unlock()
		a, done := answer{}, false
		if special != nil {
			f.turn.Lock()
			a, done = special(h, bytes.Clone(body))
			f.turn.Unlock()
		}
		if !done {
			a = f.answer(h, body)
		}
		if a.close {
			return
		}
		if a.silent {
			continue
		}
		if _, err := nc.Write(frameOf(h, a.body)); err != nil {
			return
		}
	}
}

// frameOf is a whole answer to a request.
func frameOf(h wire.RequestHeader, body []byte) []byte {
	head, _ := wire.AppendResponseHeader(nil, h.APIKey, h.APIVersion, wire.ResponseHeader{CorrelationID: h.CorrelationID})
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(head)+len(body)))
	return slices.Concat(frame, head, body)
}

// answer does what a broker of that release does.
func (f *fakeBroker) answer(h wire.RequestHeader, body []byte) answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ranges != nil {
		return f.answerModern(h, body)
	}
	highest := map[string]wire.APIKey{"0.8.0": 7, "0.8.1": 9, "0.8.2": 12, "0.9": 16}[f.line]
	switch {
	case h.APIKey > highest && f.line == "0.9":
		f.t.Errorf("%v was sent to a broker of 0.9, which harms its other clients", h.APIKey)
		return answer{silent: true}
	case h.APIKey > highest:
		return answer{close: true}
	case h.APIKey == wire.KeyMetadata:
		return f.metadata(0, h, body) // whatever version was asked
	case h.APIKey == wire.KeyOffsetFetch:
		return answer{body: []byte{0, 0, 0, 0}}
	case h.APIKey == wire.KeyFindCoordinator:
		return f.coordinator(h)
	case h.APIKey == wire.KeyHeartbeat && f.line == "0.8.2":
		return answer{body: []byte{0xff, 0xff}}
	case h.APIKey == wire.KeyHeartbeat:
		return answer{body: []byte{0, 25}}
	}
	f.t.Errorf("the fake of %s does not know %v", f.line, h.APIKey)
	return answer{close: true}
}

func (f *fakeBroker) answerModern(h wire.RequestHeader, body []byte) answer {
	have, ok := f.ranges[h.APIKey]
	switch {
	case h.APIKey == wire.KeyAPIVersions:
		return f.apiVersions(h)
	case !ok || !have.Contains(h.APIVersion):
		return answer{close: true}
	case h.APIKey == wire.KeyMetadata:
		return f.metadata(h.APIVersion, h, body)
	case h.APIKey == wire.KeyFindCoordinator:
		return f.coordinator(h)
	}
	return answer{close: true}
}

func (f *fakeBroker) apiVersions(h wire.RequestHeader) answer {
	var resp msg.APIVersionsResponse
	version := h.APIVersion
	add := func(key wire.APIKey) {
		resp.APIKeys = append(resp.APIKeys, msg.APIVersionsResponseAPIKey{APIKey: int16(key), MinVersion: f.ranges[key].Min, MaxVersion: f.ranges[key].Max})
	}
	if !f.ranges[wire.KeyAPIVersions].Contains(version) {
		version, resp.ErrorCode = 0, wire.ErrUnsupportedVersion
		if f.ranges[wire.KeyAPIVersions].Max >= 3 { // since 2.4
			add(wire.KeyAPIVersions)
		}
	} else {
		for _, key := range slices.Sorted(maps.Keys(f.ranges)) {
			add(key)
		}
	}
	return answer{body: f.encode(&resp, version)}
}

// metadata answers in the given layout: for the topics asked for, or all.
func (f *fakeBroker) metadata(layout int16, h wire.RequestHeader, body []byte) answer {
	var req msg.MetadataRequest
	if err := req.Decode(body, h.APIVersion); err != nil {
		f.t.Errorf("Metadata v%d: %v", h.APIVersion, err)
	}
	resp := msg.NewMetadataResponse()
	resp.Brokers = []msg.MetadataResponseBroker{{NodeID: 1, Host: "127.0.0.1", Port: f.port}}
	resp.ControllerID = 1
	var names []string
	for _, t := range req.Topics {
		names = append(names, *t.Name)
	}
	if req.Topics == nil || layout == 0 && len(names) == 0 {
		names = slices.Sorted(maps.Keys(f.topics))
	}
	making := false
	for _, name := range names {
		code, known := f.topics[name]
		if !known { // is made by being asked for; usable when asked for again
			code, making = wire.ErrLeaderNotAvailable, true
			f.topics[name] = wire.ErrNone
		}
		var topic msg.MetadataResponseTopic
		topic.SetDefaults()
		topic.Name, topic.ErrorCode = &name, code
		if code == wire.ErrNone {
			p := msg.MetadataResponseTopicPartition{LeaderID: 1, ReplicaNodes: []int32{1}, IsrNodes: []int32{1}}
			topic.Partitions = []msg.MetadataResponseTopicPartition{p}
		}
		resp.Topics = append(resp.Topics, topic)
	}
	if layout == 0 && f.line != "0.9" && (making || len(f.topics) == 0) {
		resp.Brokers = nil
	}
	return answer{body: f.encode(resp, layout)}
}

func (f *fakeBroker) coordinator(h wire.RequestHeader) answer {
	resp := msg.NewFindCoordinatorResponse()
	resp.NodeID, resp.Host, resp.Port = 1, "127.0.0.1", f.port
	if h.APIVersion >= 4 {
		resp.Coordinators = []msg.FindCoordinatorResponseCoordinator{{Key: "g", NodeID: 1, Host: "127.0.0.1", Port: f.port}}
		resp.NodeID, resp.Host, resp.Port = 0, "", 0
	}
	return answer{body: f.encode(resp, h.APIVersion)}
}

func (f *fakeBroker) encode(m wire.Message, version int16) []byte {
	b, err := m.Append(nil, version)
	if err != nil {
		f.t.Errorf("the fake can't encode: %v", err)
	}
	return b
}

// newTestClient is a client of these brokers with short waits.
func newTestClient(t *testing.T, change func(*Config), addrs ...string) *Client {
	t.Helper()
	cfg := quickConfig(addrs...)
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
