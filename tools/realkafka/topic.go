package realkafka

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"
)

// CreateTopic makes a topic and waits until every running broker knows a leader
// for each of its partitions. From 0.10.1 on it asks the controller, before that
// the release's own tool. Without a deadline ctx is given three minutes.
func (c *Cluster) CreateTopic(ctx context.Context, name string, partitions, replicas int) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	create := c.askForTopic
	if c.version.before(0, 10, 1) {
		create = c.topicByTool
	}
	err := create(ctx, name, partitions, replicas)
	if err == nil {
		err = c.awaitTopic(ctx, name, partitions)
	}
	if err != nil {
		return fmt.Errorf("creating topic %q with %d partitions and %d replicas on Kafka %s: %w", name, partitions, replicas, c.release, err)
	}
	return nil
}

// running are the brokers that can answer.
func (c *Cluster) running() []*Broker {
	var running []*Broker
	for _, b := range c.brokers {
		if b.State() == "running" {
			running = append(running, b)
		}
	}
	return running
}

// askForTopic sends a CreateTopics request to the controller, after a change of
// controller to the new one.
func (c *Cluster) askForTopic(ctx context.Context, name string, partitions, replicas int) error {
	const notController, timedOut = 41, 7
	for {
		code, message, err := c.tryTopic(ctx, name, partitions, replicas)
		switch {
		case err == nil && code == 0:
			return nil
		case err == nil && code != notController && code != timedOut:
			return fmt.Errorf("the controller refuses with error code %d %s", code, message)
		case err == nil:
			err = fmt.Errorf("error code %d %s", code, message)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w (the last answer: %w)", context.Cause(ctx), err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (c *Cluster) tryTopic(ctx context.Context, name string, partitions, replicas int) (code int16, message string, err error) {
	controller, err := c.controller(ctx)
	if err != nil {
		return 0, "", err
	}
	version := int16(0)
	if controller.software.Load().version.from(4) {
		version = 2
	}
	response, err := roundTrip(ctx, controller.addr, keyCreateTopics, version, createTopics(version, name, partitions, replicas))
	if err != nil {
		return 0, "", err
	}
	return parseCreateTopics(response, version)
}

// createTopics is the body of a request for one topic.
func createTopics(version int16, name string, partitions, replicas int) []byte {
	b := appendString(appendInt32(nil, 1), name)
	b = appendInt16(appendInt32(b, int32(partitions)), int16(replicas))
	b = appendInt32(b, 0)      // no assignment of replicas
	b = appendInt32(b, 0)      // no settings
	b = appendInt32(b, 10_000) // milliseconds until code 7
	if version >= 1 {
		b = append(b, 0) // really do it
	}
	return b
}

func parseCreateTopics(response []byte, version int16) (code int16, message string, err error) {
	d := decoder{rest: response}
	if version >= 2 {
		d.int32() // throttle time
	}
	n := d.count()
	d.string() // its name
	code = d.int16()
	if version >= 1 {
		message = d.string()
	}
	if d.failed || n != 1 {
		return 0, "", fmt.Errorf("its answer to a CreateTopics request is damaged")
	}
	return code, message, nil
}

// controller is whom the first answering broker takes for it.
func (c *Cluster) controller(ctx context.Context) (*Broker, error) {
	err := fmt.Errorf("no broker is running")
	for _, b := range c.running() {
		var m metadata
		if m, err = b.metadata(ctx); err != nil {
			continue
		}
		for _, other := range c.brokers {
			if other.id == m.controller {
				return other, nil
			}
		}
		err = fmt.Errorf("broker %d knows no controller", b.id)
	}
	return nil, err
}

// topicByTool runs the class that made topics before there was a request for it.
func (c *Cluster) topicByTool(ctx context.Context, name string, partitions, replicas int) error {
	class := "kafka.admin.TopicCommand"
	args := []string{"--create", "--zookeeper", c.zookeeper.addr, "--topic", name,
		"--partitions", strconv.Itoa(partitions), "--replication-factor", strconv.Itoa(replicas)}
	if c.version.before(0, 8, 1) {
		class = "kafka.admin.CreateTopicCommand"
		args = []string{"--zookeeper", c.zookeeper.addr, "--topic", name,
			"--partition", strconv.Itoa(partitions), "--replica", strconv.Itoa(replicas)}
	}
	out, err := c.program(class, "-Xmx128m", "", args...).run(ctx)
	// They say that they failed, but their exit status doesn't.
	if err == nil && (bytes.Contains(out, []byte("Error while")) || bytes.Contains(out, []byte("failed"))) {
		err = fmt.Errorf("it failed")
	}
	if err != nil {
		return fmt.Errorf("%s: %w; it said:\n%s", class, err, lastLines(out, 6))
	}
	return nil
}

// awaitTopic waits until the running brokers know the topic.
func (c *Cluster) awaitTopic(ctx context.Context, name string, partitions int) error {
	for _, b := range c.running() {
		err := poll(ctx, b.process, func(ctx context.Context) error {
			m, err := b.metadata(ctx)
			if err != nil {
				return err
			}
			topic := m.topics[name]
			led := 0
			for _, leader := range topic.partitions {
				if leader >= 0 {
					led++
				}
			}
			if led != partitions {
				return fmt.Errorf("%d of %d partitions have a leader (the topic's error code is %d)", led, partitions, topic.code)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("broker %d at %s: %w", b.id, b.addr, err)
		}
	}
	return nil
}
