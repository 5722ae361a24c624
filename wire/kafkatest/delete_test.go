package kafkatest

import (
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

func TestDeleteTopics(t *testing.T) {
	c := Start(t, Version("3.9.2"), Topic("a", 1), Topic("b", 1), Topic("c", 1))
	remove := func(version int16, req *msg.DeleteTopicsRequest) (codes []wire.ErrorCode) {
		for _, r := range ask(dial(t, c, 1), version, req, new(msg.DeleteTopicsResponse)).Responses {
			codes = append(codes, r.ErrorCode)
		}
		return codes
	}
	want := func(got []wire.ErrorCode, first, second wire.ErrorCode) {
		t.Helper()
		if len(got) != 2 || got[0] != first || got[1] != second {
			t.Errorf("answered %v, want %v and %v", got, first, second)
		}
	}
	id := c.topics["b"].id
	req := msg.NewDeleteTopicsRequest()
	req.TopicNames = []string{"a", "none"}
	want(remove(5, req), wire.ErrNone, wire.ErrUnknownTopicOrPartition)
	req = msg.NewDeleteTopicsRequest()
	req.Topics = []msg.DeleteTopicsRequestTopic{{TopicID: id}, {TopicID: id}}
	want(remove(6, req), wire.ErrNone, wire.ErrUnknownTopicID)
	if c.topics["a"] != nil || c.topics["b"] != nil || c.topics["c"] == nil {
		t.Errorf("there are %v", c.topics)
	}
}

func TestDeleteGroups(t *testing.T) {
	c := Start(t, Topic("t", 1))
	c.groups.ensureTopic()
	remove := func(id string) wire.ErrorCode {
		req := msg.NewDeleteGroupsRequest()
		req.GroupsNames = []string{id}
		return ask(dial(t, c, 1), 2, req, new(msg.DeleteGroupsResponse)).Results[0].ErrorCode
	}
	if code := remove("g"); code != wire.ErrGroupIDNotFound {
		t.Errorf("a group that does not exist: %v", code)
	}
	c.groups.mu.Lock()
	c.groups.offsets.commit("g", wire.TopicPartition{Topic: "t"}, committedOffset{offset: 1})
	g := newGroup("g", newest, 0)
	g.members = []*member{{id: "m"}}
	c.groups.groups["g"] = g
	c.groups.mu.Unlock()
	if code := remove("g"); code != wire.ErrNonEmptyGroup {
		t.Errorf("a group with a member: %v", code)
	}
	c.groups.mu.Lock()
	g.members = nil
	c.groups.mu.Unlock()
	if code := remove("g"); code != wire.ErrNone || c.groups.offsets["g"] != nil {
		t.Errorf("a group without members: %v, and what it committed: %v", code, c.groups.offsets["g"])
	}
}
