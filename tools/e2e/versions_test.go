package e2e

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"maps"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/tools/realkafka"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/anymsg"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// testVersions: what wire says that the release speaks is what the broker says,
// or, below 0.10, answers in that layout.
func (r *oneRelease) testVersions(t *testing.T) {
	if r.atLeast("0.10") {
		checkOffered(t, r.cluster, r.version)
	} else {
		checkSpoken(t, r.cluster, r.version)
	}
}

var everyRelease = flag.Bool("every-release", false, "TestVersions asks brokers of every line, in each mode")

// TestVersions asks brokers that TestReleases does not: with ZooKeeper, they speak
// something else than with KRaft.
func TestVersions(t *testing.T) {
	clusters := []realkafka.Config{{Version: "3.9.2", Mode: "zk"}}
	if *everyRelease {
		clusters = nil
		for _, version := range append(realkafka.Versions(), "3.1.2", "3.2.3", "3.4.1") {
			for _, mode := range []string{"zk", "kraft"} {
				if cfg := (realkafka.Config{Version: version, Mode: mode}); cfg.Validate() == nil {
					clusters = append(clusters, cfg)
				}
			}
		}
	}
	for _, cfg := range clusters {
		t.Run(cfg.Version+"-"+cfg.Mode, func(t *testing.T) {
			r := &oneRelease{version: cfg.Version, cluster: startCluster(t, cfg)}
			if r.atLeast("0.10") {
				checkOffered(t, r.cluster, cfg.Version+"-"+cfg.Mode)
			} else {
				checkSpoken(t, r.cluster, cfg.Version+"-"+cfg.Mode)
			}
		})
	}
}

// checkOffered asks the broker for its versions.
func checkOffered(t *testing.T, cluster *realkafka.Cluster, release string) {
	t.Helper()
	want, err := wire.VersionsOf(release)
	if err != nil {
		t.Fatal(err)
	}
	body := ask(t, cluster, 0, msg.NewAPIVersionsRequest())
	var resp msg.APIVersionsResponse
	if err := resp.Decode(body, 0); err != nil {
		t.Fatal(err)
	}
	got := map[wire.APIKey]wire.VersionRange{}
	for _, k := range resp.APIKeys {
		key, v := wire.APIKey(k.APIKey), wire.VersionRange{Min: k.MinVersion, Max: k.MaxVersion}
		if key == wire.KeyProduce && strings.HasPrefix(release, "4.") {
			v.Min = 3 // Kafka 4 offers more than it serves
			if answer, err := tryAsk(t, cluster, 2, msg.NewProduceRequest()); !errors.Is(err, io.EOF) {
				t.Errorf("%s: Produce v2 is answered by %x, %v", release, answer, err)
			}
		}
		got[key] = v
	}
	if !maps.Equal(got, want) {
		t.Errorf("%s offers\n%v\nwant\n%v", release, got, want)
	}
}

// checkSpoken sends a request of every version and wants an answer in just that
// version's layout.
func checkSpoken(t *testing.T, cluster *realkafka.Cluster, release string) {
	t.Helper()
	spoken, err := wire.VersionsOf(release)
	if err != nil {
		t.Fatal(err)
	}
	for key, versions := range spoken {
		for version := versions.Min; version <= versions.Max; version++ {
			req := aboutAbsent(t, key)
			body := ask(t, cluster, version, req)
			resp := req.NewResponse()
			if err := resp.Decode(body, version); err != nil {
				t.Errorf("%s: %v", release, err)
				continue
			}
			if again, err := resp.Append(nil, version); err != nil || !bytes.Equal(again, body) {
				t.Errorf("%s: %s v%d: %v\n%x became\n%x", release, key, version, err, body, again)
			}
		}
	}
}

// aboutAbsent is a request about a topic that is not there, which changes nothing.
func aboutAbsent(t *testing.T, key wire.APIKey) wire.Request {
	t.Helper()
	const topic = "absent"
	req, ok := anymsg.NewRequest(key)
	if !ok {
		t.Fatalf("no request of %s", key)
	}
	switch req := req.(type) {
	case *msg.ProduceRequest:
		req.Acks = 1
		req.TopicData = []msg.ProduceRequestTopicData{{Name: topic,
			PartitionData: []msg.ProduceRequestTopicDataPartitionData{{Records: []byte{}}}}}
	case *msg.FetchRequest:
		req.Topics = []msg.FetchRequestTopic{{Topic: topic, Partitions: atDefaults[msg.FetchRequestTopicPartition]()}}
	case *msg.ListOffsetsRequest:
		req.Topics = []msg.ListOffsetsRequestTopic{{Name: topic, Partitions: atDefaults[msg.ListOffsetsRequestTopicPartition]()}}
	case *msg.OffsetCommitRequest:
		req.Topics = []msg.OffsetCommitRequestTopic{{Name: topic, Partitions: atDefaults[msg.OffsetCommitRequestTopicPartition]()}}
	case *msg.OffsetFetchRequest:
		req.Topics = []msg.OffsetFetchRequestTopic{{Name: topic, PartitionIndexes: []int32{0}}}
	}
	return req
}

// atDefaults is one element with its defaults.
func atDefaults[T any, P interface {
	*T
	SetDefaults()
}]() []T {
	elements := make([]T, 1)
	P(&elements[0]).SetDefaults()
	return elements
}

// ask sends a request and returns the body of the answer.
func ask(t *testing.T, cluster *realkafka.Cluster, version int16, req wire.Request) []byte {
	t.Helper()
	body, err := tryAsk(t, cluster, version, req)
	if err != nil {
		t.Fatalf("%s v%d: %v", req.APIKey(), version, err)
	}
	return body
}

// tryAsk is ask for what a broker may refuse. It makes a connection of its own.
func tryAsk(t *testing.T, cluster *realkafka.Cluster, version int16, req wire.Request) ([]byte, error) {
	t.Helper()
	conn, err := net.Dial("tcp", cluster.Addrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	frame, err := wire.AppendRequest(nil, version, 7, "test", req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(frame); err != nil {
		return nil, err
	}
	if frame, err = wire.ReadFrame(conn, nil, 1<<20); err != nil {
		return nil, err
	}
	_, body, err := wire.DecodeResponseHeader(frame, req.APIKey(), version)
	return body, err
}
