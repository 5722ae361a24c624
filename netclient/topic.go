package netclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire"
)

// Topic returns a topic with its partitions, asking the cluster until it has them.
// It never creates a topic. The topic is in use from then on, until nobody has
// looked it up in the metadata for MetadataMaxIdle, as Metadata.Topic,
// Metadata.Leader and this do. Partitions may be without a leader.
//
// All callers that wait for a topic wait for the same questions, which are asked
// with RetryBackoff. When ctx ends first, or the cluster refuses for good (the
// name is invalid, or not for this client to see), the error is a *TopicError with
// what the cluster said last.
func (c *Client) Topic(ctx context.Context, name string) (*Topic, error) {
	return c.awaitTopic(ctx, topicQuestion{name, false})
}

// EnsureTopic is Topic for those that write: brokers that create topics by
// themselves (auto.create.topics.enable) create this one if it does not exist,
// unless Config.NoTopicCreation is set, or the client knows that it has existed
// before: a topic that someone has deleted is not created again.
func (c *Client) EnsureTopic(ctx context.Context, name string) (*Topic, error) {
	return c.awaitTopic(ctx, topicQuestion{name, !c.cfg.NoTopicCreation})
}

// topicQuestion is what a caller that waits for a topic wants.
type topicQuestion struct {
	name   string
	create bool
}

func (c *Client) awaitTopic(ctx context.Context, q topicQuestion) (*Topic, error) {
	if t := c.Metadata().Topic(q.name); t != nil && t.usable() && c.inUse(q.name) {
		return t, nil
	}
	t, what, err := c.topics.get(ctx, q)
	switch {
	case err == nil:
		return t, nil
	case what == nil:
		if _, ok := err.(*TopicError); !ok {
			err = &TopicError{Topic: q.name, Err: err, Wait: err}
		}
		return nil, err
	case what.trying:
		err = &waitError{what: "the cluster's metadata", err: err, last: c.refreshTrouble()}
		return nil, c.topicError(q, cmp.Or(what.last, err), err)
	}
	return nil, c.topicError(q, what.last, fmt.Errorf("after %d answers: %w", what.tries, err))
}

func (c *Client) topicError(q topicQuestion, cause, wait error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, existed := c.refresh.existed[q.name]
	return &TopicError{Topic: q.name, Err: cause, Wait: wait, Existed: existed}
}

// askForTopic asks once.
func (c *Client) askForTopic(ctx context.Context, q topicQuestion, failures int) (t *Topic, again bool, err error) {
	md, err := c.refreshNow(ctx, wanted{topics: []string{q.name}, create: q.create, urgent: true})
	if err != nil {
		return nil, false, err
	}
	switch t := md.Topic(q.name); {
	case t == nil:
		return nil, true, errors.New("the cluster said nothing about it")
	case t.usable():
		return t, false, nil
	case t.Err == wire.ErrNone:
		return nil, true, errors.New("it has no partitions yet")
	case t.Err == wire.ErrTopicAuthorizationFailed:
		return nil, false, &TopicError{Topic: q.name, Err: t.Err}
	case t.Err == wire.ErrInvalidTopicException:
		return nil, false, &TopicError{Topic: q.name, Err: t.Err, Collides: c.collision(ctx, q.name)}
	case t.Err == wire.ErrUnknownTopicOrPartition && q.create && failures == askAfter:
		if other := c.collision(ctx, q.name); other != "" {
			return nil, false, &TopicError{Topic: q.name, Err: t.Err, Collides: other}
		}
		fallthrough
	default:
		return nil, true, t.Err
	}
}

// inUse reports whether the next refresh will ask for the topic.
func (c *Client) inUse(topic string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.refresh.inUse[topic]
	return ok
}

// validTopic reports whether a topic can have that name: 1 to 249 letters,
// digits, dots, underscores and hyphens, and not "." or "..".
func validTopic(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-' {
			return false
		}
	}
	return name != "" && name != "." && name != ".." && len(name) <= 249
}

func (t *Topic) usable() bool { return t.Err == wire.ErrNone && len(t.Partitions) > 0 }
