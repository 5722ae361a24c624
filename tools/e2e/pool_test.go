package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/producer"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

const (
	poolMember     = "BARNABAS_E2E_POOL_MEMBER" // the environment variable that makes this binary one
	poolTopic      = "pool"
	poolGroup      = "pools"
	poolPartitions = 3
	poolRecords    = 3000
)

// TestPoolOfWorkers has a process with a pool of workers killed and started again: what is committed
// never passes a record that is not finished, so none is skipped.
func TestPoolOfWorkers(t *testing.T) {
	for _, version := range []string{"0.8.2.2", "0.9.0.1", "4.4.0"} {
		t.Run(version, func(t *testing.T) {
			cluster := startCluster(t, realkafka.Config{Version: version, Partitions: poolPartitions})
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			client := netclient.Config{BootstrapServers: cluster.Addrs(), Logger: slog.New(slog.DiscardHandler)}
			fillPoolTopic(ctx, t, client)
			p := &pool{t: t, client: client, done: map[int32]map[int64]bool{}}
			for life := range 4 {
				p.live(ctx, addrs(cluster), 500)
				p.check(ctx, fmt.Sprintf("after %d kills", life+1))
			}
			p.live(ctx, addrs(cluster), poolRecords)
			if committed := p.check(ctx, "at the end"); committed != poolRecords {
				t.Errorf("%d records are committed, of %d", committed, poolRecords)
			}
		})
	}
}

func fillPoolTopic(ctx context.Context, t *testing.T, client netclient.Config) {
	t.Helper()
	p, err := producer.Dial(client, producer.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range poolRecords {
		if _, err := p.Send(ctx, producer.Record{Topic: poolTopic, Key: fmt.Append(nil, i), Value: fmt.Append(nil, i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

// pool knows what all processes have done.
type pool struct {
	t      *testing.T
	client netclient.Config
	done   map[int32]map[int64]bool
	n      int
}

// live starts a process and kills it when it has done that many more records; when none is left to be
// done, it may end in good order.
func (p *pool) live(ctx context.Context, brokers string, more int) {
	p.t.Helper()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), poolMember+"="+brokers)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	before, ending := p.n, false
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var partition int32
		var offset int64
		if _, err := fmt.Sscan(lines.Text(), &partition, &offset); err != nil {
			continue // it was cut off
		}
		if p.done[partition] == nil {
			p.done[partition] = map[int64]bool{}
		}
		if !p.done[partition][offset] {
			p.done[partition][offset] = true
			p.n++
		}
		switch {
		case ending:
		case p.n == poolRecords:
			ending = true
			stdin.Close()
		case p.n-before >= more:
			ending = true
			cmd.Process.Kill()
		}
	}
	if err := cmd.Wait(); p.n == poolRecords && err != nil {
		p.t.Errorf("the process that did the last record: %v", err)
	}
}

// check compares what is committed with what was done, and returns how many records are committed.
func (p *pool) check(ctx context.Context, when string) (committed int64) {
	p.t.Helper()
	c, err := consumer.Dial(p.client, consumer.Config{GroupID: poolGroup})
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	var tps []consumer.TopicPartition
	for id := range int32(poolPartitions) {
		tps = append(tps, consumer.TopicPartition{Topic: poolTopic, Partition: id})
	}
	offsets, err := c.Committed(ctx, tps...)
	if err != nil {
		p.t.Fatal(err)
	}
	for tp, o := range offsets {
		for at := range o.Offset {
			if !p.done[tp.Partition][at] {
				p.t.Fatalf("%s: %v is committed up to %d, and %d is not done", when, tp, o.Offset, at)
			}
		}
		committed += o.Offset
	}
	p.t.Logf("%s: %d records done, %d committed", when, p.n, committed)
	return committed
}

// runPoolMember is the process: it says on its standard output what it has done, finishes it after that,
// and ends in good order when its standard input does.
func runPoolMember(brokers string) error {
	c, err := consumer.Dial(netclient.Config{BootstrapServers: []string{brokers}, Logger: slog.New(slog.DiscardHandler)}, consumer.Config{
		GroupID: poolGroup, Topics: []string{poolTopic}, AutoOffsetReset: consumer.ResetEarliest,
		CommitMode: consumer.CommitFinished, AutoCommitInterval: 50 * time.Millisecond, SessionTimeout: 6 * time.Second, HeartbeatInterval: time.Second,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	jobs := make(chan consumer.Record)
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for rec := range jobs {
				time.Sleep(rand.N(20 * time.Millisecond))
				fmt.Printf("%d %d\n", rec.Partition, rec.Offset)
				c.Finish(rec)
			}
		})
	}
	for rec, err := range c.Records(ctx) {
		if err == nil {
			jobs <- rec
		} else if !consumer.IsFinal(err) {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	close(jobs)
	workers.Wait()
	return c.Close()
}
