package netclient

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// detector finds out what a broker speaks, by questions that harm nobody.
//
// ApiVersions can't be the first one: it came with 0.10, and a broker of 0.9
// that gets a request it does not know throws inside its network thread and
// loses the requests of other clients that it read in the same round. And an
// answer to a new version proves nothing: before 0.10 brokers read most
// requests as the version they know. So what is looked at is the layout of the
// answer:
//
//	Metadata v1 for no topics    answered in v1: 0.10 or later, ask ApiVersions
//	                             answered in v0: before 0.10
//	Heartbeat v0 of no group     error 25: 0.9; error -1: 0.8.2; closed: older
//	OffsetFetch v0 of no topics  answered: 0.8.1; closed: 0.8.0
//
// Nothing of it has a side effect on any of these brokers.
type detector struct {
	dial  func(context.Context) (*Conn, error)
	meant *identity
	lacks string // what a listener may want and this client does not have
	conn  *Conn  // nil or closed: dial before asking
}

// run asks until it knows. d.conn stands afterwards, if there is no error.
func (d *detector) run(ctx context.Context) (*versions, error) {
	if err := d.connect(ctx); err != nil {
		return nil, err
	}
	answer, err := d.askTwice(ctx, wire.KeyMetadata, 1, emptyArray)
	if closedByPeer(err) {
		return d.whoCloses(ctx, err)
	}
	if err != nil {
		return nil, err
	}
	switch metadataLayout(answer) {
	case 1:
		return askVersions(ctx, d, d.meant)
	case 0:
		return d.askOld(ctx)
	}
	return nil, d.failed(wire.KeyMetadata, 1, fmt.Errorf("%w: neither layout of a Metadata answer fits", ErrNotKafka))
}

// identity is which broker a connection is meant for, as far as that is known.
// Brokers from 4.4 on refuse with REBOOTSTRAP_REQUIRED when they are another one,
// because the address has changed hands or something between leads elsewhere
// (KIP-1242).
type identity struct {
	clusterID string
	node      int32
}

// checkIdentity reports whether a broker that speaks this has to be asked, on each
// connection, if it is the one that is meant.
func (v *versions) checkIdentity(meant *identity) bool {
	return meant != nil && v.lookUp(wire.KeyAPIVersions).Max >= 5
}

// askVersions asks a broker of 0.10 or later. It asks in the newest version known
// here; a broker that lacks it says so, from 2.4 on in v0 with the versions that
// it has (KIP-511). Not every server keeps to that, so only the code counts, and
// where there is nothing better v0 is asked, which all have.
func askVersions(ctx context.Context, a asker, meant *identity) (*versions, error) {
	ours, _ := wire.KeyAPIVersions.Versions()
	req := msg.NewAPIVersionsRequest()
	req.ClientSoftwareName, req.ClientSoftwareVersion = softwareName, softwareVersion
	if meant != nil {
		req.ClusterID, req.NodeID = &meant.clusterID, meant.node
	}
	version := ours.Max
	resp, err := askVersionsIn(ctx, a, req, version)
	for err == nil && resp.ErrorCode == wire.ErrUnsupportedVersion && version > 0 {
		version = nextToAsk(resp, version)
		resp, err = askVersionsIn(ctx, a, req, version)
	}
	if err != nil {
		return nil, err
	}
	if resp.ErrorCode != 0 {
		return nil, a.failed(wire.KeyAPIVersions, version, resp.ErrorCode)
	}
	ranges := make(map[wire.APIKey]wire.VersionRange, len(resp.APIKeys))
	for _, k := range resp.APIKeys {
		ranges[wire.APIKey(k.APIKey)] = wire.VersionRange{Min: k.MinVersion, Max: k.MaxVersion}
	}
	return newVersions(releaseOf(ranges), ranges), nil
}

// nextToAsk is a version of ApiVersions below the one that the broker lacks.
func nextToAsk(resp *msg.APIVersionsResponse, lacks int16) int16 {
	for _, k := range resp.APIKeys {
		if wire.APIKey(k.APIKey) == wire.KeyAPIVersions && k.MaxVersion > 0 && k.MaxVersion < lacks {
			return k.MaxVersion
		}
	}
	return 0
}

// What ApiVersions tells the broker about this program, from v3 on (KIP-511).
const (
	softwareName    = "barnabas"
	softwareVersion = "0.1.0"
)

func askVersionsIn(ctx context.Context, a asker, req *msg.APIVersionsRequest, version int16) (*msg.APIVersionsResponse, error) {
	body, err := req.Append(nil, version)
	if err != nil {
		return nil, err
	}
	answer, err := a.ask(ctx, wire.KeyAPIVersions, version, body)
	if err != nil {
		return nil, err
	}
	var resp msg.APIVersionsResponse
	code := firstCode(answer)
	if code == wire.ErrUnsupportedVersion {
		version = 0
	}
	if err := resp.Decode(answer, version); err != nil && code != wire.ErrNone {
		return &msg.APIVersionsResponse{ErrorCode: code}, nil // what else it says can't be read, and need not be
	} else if err != nil {
		return nil, a.failed(wire.KeyAPIVersions, version, err)
	}
	return &resp, nil
}

// firstCode is the error code of an answer that begins with one in every version.
func firstCode(answer []byte) wire.ErrorCode {
	if len(answer) < 2 {
		return wire.ErrNone
	}
	return wire.ErrorCode(int16(answer[0])<<8 | int16(answer[1]))
}

// askOld tells the brokers before 0.10 apart.
func (d *detector) askOld(ctx context.Context) (*versions, error) {
	answer, err := d.askTwice(ctx, wire.KeyHeartbeat, 0, heartbeatOfNobody)
	switch {
	case closedByPeer(err):
		return d.askOldest(ctx)
	case err != nil:
		return nil, err
	case len(answer) == 2 && int16(answer[0])<<8|int16(answer[1]) == -1:
		return namedVersions("0.8.2"), nil
	}
	return namedVersions("0.9"), nil
}

// askOldest tells 0.8.1 from 0.8.0, and leaves a fresh connection behind.
func (d *detector) askOldest(ctx context.Context) (*versions, error) {
	name := "0.8.1"
	if _, err := d.askTwice(ctx, wire.KeyOffsetFetch, 0, slices.Concat(emptyString, emptyArray)); closedByPeer(err) {
		name = "0.8.0"
	} else if err != nil {
		return nil, err
	}
	return namedVersions(name), d.connect(ctx)
}

// whoCloses is for what closes the connection on Metadata v1, twice, which
// brokers before 0.10 never do: a listener that wants a client to authenticate
// first, a broker so new that it has dropped that version, or no broker.
func (d *detector) whoCloses(ctx context.Context, cause error) (*versions, error) {
	v, err := askVersions(ctx, d, d.meant)
	if err != nil {
		if closedByPeer(err) {
			err = fmt.Errorf("%w, whatever it is asked: check that this is a broker's port, and one for clients without a login (this client has %s set up; see security.protocol)", bare(cause), d.lacks)
		}
		return nil, err
	}
	if v.lookUp(wire.KeyMetadata).Min <= 1 {
		return nil, fmt.Errorf("%w, and this client has %s set up (see security.protocol): it answers ApiVersions and nothing else (%w)", ErrSASLPort, d.lacks, bare(cause))
	}
	return v, nil
}

// askTwice asks, and once more when the peer closed the connection: a broker
// that goes down just then must not be taken for one that refuses.
func (d *detector) askTwice(ctx context.Context, key wire.APIKey, version int16, body []byte) ([]byte, error) {
	answer, err := d.ask(ctx, key, version, body)
	if closedByPeer(err) {
		answer, err = d.ask(ctx, key, version, body)
	}
	return answer, err
}

func (d *detector) ask(ctx context.Context, key wire.APIKey, version int16, body []byte) ([]byte, error) {
	if err := d.connect(ctx); err != nil {
		return nil, err
	}
	answer, err := d.conn.ask(ctx, Call{Key: key, Version: version, Body: [][]byte{body}})
	if closedByPeer(err) {
		d.conn.Close()
		d.conn = nil
	}
	return answer, err
}

func (d *detector) failed(key wire.APIKey, version int16, err error) error {
	return d.conn.failure(&pending{Call: Call{Key: key, Version: version}}, err, false)
}

func (d *detector) connect(ctx context.Context) error {
	if d.conn != nil {
		return nil
	}
	conn, err := d.dial(ctx)
	if err != nil {
		return err
	}
	d.conn = conn
	return nil
}

// bare is the cause of a ConnError, for an error that will name the address
// itself.
func bare(err error) error {
	if e, ok := err.(*ConnError); ok {
		return e.Err
	}
	return err
}

func namedVersions(name string) *versions {
	v, _ := parsePin(name)
	return v
}

var (
	emptyArray  = []byte{0, 0, 0, 0}
	emptyString = []byte{0, 0}

	// group "", generation -1, member ""
	heartbeatOfNobody = []byte{0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0}
)

// metadataLayout tells in which version a broker answered Metadata v1 for no
// topics: 1, 0, or -1 for neither.
//
// No answer fits both. The v1 one ends in rack, controller and a count of no
// topics; the rack of a v0 answer's last broker would have to be the number of
// its topics, and what follows is longer than the rest of v1 as soon as there is
// one topic, and shorter with none. (That of an empty cluster is 8 zero bytes,
// where v1 has 12.) Should hostile bytes fit both, v0 is the careful choice.
func metadataLayout(answer []byte) int {
	for version := range 2 {
		r := layoutReader{left: answer}
		r.brokers(version)
		if version == 0 {
			r.topics()
		} else {
			r.skip(4) // controller
			if r.int32() != 0 {
				continue
			}
		}
		if r.err == nil && len(r.left) == 0 {
			return version
		}
	}
	return -1
}

// layoutReader walks over a Metadata answer without keeping anything. (The
// messages' own decoders accept bytes that are left over, as brokers do.)
type layoutReader struct {
	left []byte
	err  error
}

var errLayout = errors.New("does not fit")

func (r *layoutReader) skip(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.left) {
		r.err = errLayout
		return make([]byte, 4)
	}
	b := r.left[:n]
	r.left = r.left[n:]
	return b
}

func (r *layoutReader) int32() int {
	b := r.skip(4)
	return int(int32(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])))
}

func (r *layoutReader) string(nullable bool) {
	b := r.skip(2)
	n := int(int16(uint16(b[0])<<8 | uint16(b[1])))
	if n == -1 && nullable {
		return
	}
	r.skip(n)
}

// each runs element as often as the array says, unless the bytes end first.
func (r *layoutReader) each(element func()) {
	n := r.int32()
	if n < 0 {
		r.err = errLayout
	}
	for i := 0; i < n && r.err == nil; i++ {
		element()
	}
}

func (r *layoutReader) brokers(version int) {
	r.each(func() {
		r.skip(4)
		r.string(false)
		r.skip(4)
		if version >= 1 {
			r.string(true)
		}
	})
}

func (r *layoutReader) topics() {
	r.each(func() {
		r.skip(2)
		r.string(false)
		r.each(func() { // partitions: error, id, leader, replicas, in-sync replicas
			r.skip(2 + 4 + 4)
			r.each(func() { r.skip(4) })
			r.each(func() { r.skip(4) })
		})
	})
}
