package netclient

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// A request for metadata says of all its topics alike whether the brokers may
// create them, from v4 (0.11) on. Before, they create what is named, if they are
// configured so; so what must not be created is not named there, and looked for
// among all topics.
const saysWhetherToCreate = 4

// askRound asks one broker what the round is for, and makes the next snapshot.
func (f *metadataFetch) askRound(conn *Conn) (*Metadata, error) {
	version, err := conn.Version(wire.KeyMetadata, maxVersion)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", conn.name(), err)
	}
	md := f.c.Metadata()
	if f.round.whole || len(f.round.topics) > 0 {
		if md, err = f.askWithoutCreating(conn, version, md); err != nil {
			return nil, err
		}
	}
	create := slices.DeleteFunc(namesIn(f.round.create), func(name string) bool {
		t := md.topics.get(name)
		return t != nil && t.Err == wire.ErrNone
	})
	if len(create) == 0 {
		return md, nil
	}
	resp, err := f.askMetadata(conn, version, create, true)
	if err != nil {
		return nil, err
	}
	return md.merge(f.answered(conn, version, resp, true)), nil
}

func (f *metadataFetch) askWithoutCreating(conn *Conn, version int16, md *Metadata) (*Metadata, error) {
	names := namesIn(f.round.topics)
	if !f.round.all && (version >= saysWhetherToCreate || version > 0 && len(names) == 0) {
		resp, err := f.askMetadata(conn, version, names, false)
		if err != nil {
			return nil, err
		}
		return md.merge(f.answered(conn, version, resp, !f.round.whole)), nil
	}
	resp, err := f.askMetadata(conn, version, nil, false)
	if err != nil {
		return nil, err
	}
	absent := maps.Clone(f.round.topics)
	resp.Topics = slices.DeleteFunc(resp.Topics, func(t msg.MetadataResponseTopic) bool {
		_, named := absent[deref(t.Name)]
		delete(absent, deref(t.Name))
		return !named && !f.round.all
	})
	a := f.answered(conn, version, resp, !f.round.whole)
	if version < saysWhetherToCreate {
		a.absent = namesIn(absent)
		return md.merge(a), nil
	}
	md = md.merge(a)
	if len(absent) == 0 {
		return md, nil
	}
	resp, err = f.askMetadata(conn, version, namesIn(absent), false) // for the reason
	if err != nil {
		return nil, err
	}
	return md.merge(f.answered(conn, version, resp, true)), nil
}

func (f *metadataFetch) answered(conn *Conn, version int16, resp *msg.MetadataResponse, partial bool) answered {
	return answered{resp: resp, version: version, source: conn.addr, release: conn.Release(), at: time.Now(), partial: partial}
}

// askMetadata asks for topics; nil means all.
func (f *metadataFetch) askMetadata(conn *Conn, version int16, topics []string, create bool) (*msg.MetadataResponse, error) {
	ctx, cancel := hurry(f.ctx, f.patience)
	defer cancel()
	req := msg.NewMetadataRequest()
	req.AllowAutoTopicCreation = create || version < saysWhetherToCreate
	req.Topics = nil
	if topics != nil || version == 0 { // which has no null: none means all
		req.Topics = make([]msg.MetadataRequestTopic, len(topics))
	}
	for i := range topics {
		req.Topics[i].Name = &topics[i]
	}
	var resp msg.MetadataResponse
	if err := conn.DoVersion(ctx, version, req, &resp); err != nil {
		return nil, err
	}
	if resp.ErrorCode == wire.ErrRebootstrapRequired {
		f.c.mu.Lock()
		f.c.refresh.rebootstrap = true
		f.c.mu.Unlock()
	}
	if resp.ErrorCode != 0 {
		return nil, fmt.Errorf("%s: Metadata v%d: %w", conn.name(), version, resp.ErrorCode)
	}
	return &resp, nil
}

// namesIn is never nil, which would mean all.
func namesIn(set map[string]struct{}) []string {
	return slices.AppendSeq(make([]string, 0, len(set)), maps.Keys(set))
}
