package e2e

import (
	"bytes"
	"maps"
	"net"
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

// With ZooKeeper, brokers speak something else than with KRaft.
func TestVersionsWithZooKeeper(t *testing.T) {
	cluster := startCluster(t, realkafka.Config{Version: "3.9.2", Mode: "zk"})
	checkOffered(t, cluster, "3.9.2-zk")
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
		if key == wire.KeyProduce && want[key].Min == 3 {
			v.Min = 3 // Kafka 4 offers more than it serves
		}
		got[key] = v
	}
	if !maps.Equal(got, want) {
		t.Errorf("%s offers\n%v\nwant\n%v", release, got, want)
	}
}

// checkSpoken sends an empty request of every version and wants an answer in just
// that version's layout.
func checkSpoken(t *testing.T, cluster *realkafka.Cluster, release string) {
	t.Helper()
	spoken, err := wire.VersionsOf(release)
	if err != nil {
		t.Fatal(err)
	}
	for key, versions := range spoken {
		for version := versions.Min; version <= versions.Max; version++ {
			req, _ := anymsg.NewRequest(key)
			if produce, ok := req.(*msg.ProduceRequest); ok {
				produce.Acks = 1
			}
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

// ask sends a request over a connection of its own and returns the body of the
// answer.
func ask(t *testing.T, cluster *realkafka.Cluster, version int16, req wire.Request) []byte {
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
		t.Fatal(err)
	}
	if frame, err = wire.ReadFrame(conn, nil, 1<<20); err != nil {
		t.Fatalf("%s v%d: %v", req.APIKey(), version, err)
	}
	_, body, err := wire.DecodeResponseHeader(frame, req.APIKey(), version)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
