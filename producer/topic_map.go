package producer

import (
	"maps"
	"sync"
	"sync/atomic"
)

// topicMap finds topics by name, without a lock but for those that are new. To add
// one costs the same beside ten others and beside ten thousand: it stays among the
// fresh ones until they were looked for as often as there are topics to copy.
type topicMap struct {
	settled atomic.Pointer[map[string]*topic] // replaced, never changed

	mu     sync.Mutex        // guards what follows, and replacing settled
	fresh  map[string]*topic // those that settled does not have
	misses int               // look-ups that had to look into fresh, since settled was replaced
}

func (m *topicMap) init() {
	m.settled.Store(&map[string]*topic{})
	m.fresh = map[string]*topic{}
}

// get returns the topic of that name, or nil.
func (m *topicMap) get(name string) *topic {
	t := (*m.settled.Load())[name]
	if t == nil {
		t = m.getFresh(name)
	}
	return t
}

// getFresh is get for topics that are not settled, as far as the caller knows.
func (m *topicMap) getFresh(name string) *topic {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.find(name)
	if t == nil {
		return nil
	}
	if m.misses++; m.misses >= len(m.fresh)+len(*m.settled.Load()) {
		all := maps.Clone(*m.settled.Load())
		maps.Copy(all, m.fresh)
		m.replace(all)
	}
	return t
}

// find is get without settling. The caller holds m.mu.
func (m *topicMap) find(name string) *topic {
	if t := m.fresh[name]; t != nil {
		return t
	}
	return (*m.settled.Load())[name]
}

// replace makes all the settled ones. The caller holds m.mu.
func (m *topicMap) replace(all map[string]*topic) {
	m.settled.Store(&all)
	m.fresh, m.misses = map[string]*topic{}, 0
}

// add returns the topic of that name: the one that is there, or else what make
// makes.
func (m *topicMap) add(name string, make func() *topic) *topic {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.find(name); t != nil {
		return t
	}
	t := make()
	m.fresh[t.name] = t
	return t
}

// all are the topics, in no order.
func (m *topicMap) all() []*topic {
	m.mu.Lock()
	defer m.mu.Unlock()
	settled := *m.settled.Load()
	all := make([]*topic, 0, len(settled)+len(m.fresh))
	for _, some := range []map[string]*topic{settled, m.fresh} {
		for _, t := range some {
			all = append(all, t)
		}
	}
	return all
}

// remove takes topics out.
func (m *topicMap) remove(gone map[*topic]bool) {
	if len(gone) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	rest := make(map[string]*topic)
	for _, some := range []map[string]*topic{*m.settled.Load(), m.fresh} {
		for name, t := range some {
			if !gone[t] {
				rest[name] = t
			}
		}
	}
	m.replace(rest)
}
