package kafkatest

import (
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// deleteTopics deletes topics at once, where a real cluster takes a moment.
func deleteTopics(c *call, req *msg.DeleteTopicsRequest) *msg.DeleteTopicsResponse {
	cluster := c.broker.cluster
	if running, _ := cluster.upBrokers(); !cluster.config.release.kraft() && len(running) > 0 && running[0] != c.broker {
		return deleteTopicsError(c, req, wire.ErrNotController)
	}
	return deleteTopicsResponse(req, func(out *msg.DeleteTopicsResponseResponse) wire.ErrorCode {
		if out.Name == nil {
			t := cluster.topic("", out.TopicID)
			if t == nil {
				return wire.ErrUnknownTopicID
			}
			out.Name = &t.name
		}
		return codeOf(cluster.deleteTopic(*out.Name))
	})
}

// deleteTopicsResponse answers for each topic, by name or, from version 6 on, by id.
func deleteTopicsResponse(req *msg.DeleteTopicsRequest, remove func(*msg.DeleteTopicsResponseResponse) wire.ErrorCode) *msg.DeleteTopicsResponse {
	resp := msg.NewDeleteTopicsResponse()
	add := func(name *string, id wire.UUID) {
		out := msg.DeleteTopicsResponseResponse{}
		out.SetDefaults()
		out.Name, out.TopicID = name, id
		out.ErrorCode = remove(&out)
		resp.Responses = append(resp.Responses, out)
	}
	for i := range req.TopicNames {
		add(&req.TopicNames[i], wire.UUID{})
	}
	for _, t := range req.Topics {
		add(t.Name, t.TopicID)
	}
	return resp
}

func deleteTopicsError(_ *call, req *msg.DeleteTopicsRequest, code wire.ErrorCode) *msg.DeleteTopicsResponse {
	return deleteTopicsResponse(req, func(out *msg.DeleteTopicsResponseResponse) wire.ErrorCode {
		if out.Name == nil {
			out.Name = new("") // versions before 6 have no null
		}
		return code
	})
}
