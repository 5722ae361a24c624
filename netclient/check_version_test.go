package netclient

import (
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// TestCheckVersion finds out the release of the brokers of which kafka-python
// 1.2.1's check_version was recorded, and says what is different: it takes no time
// but that of the answers (there 0.1 s are slept for each probe), and no broker is
// sent a request that it does not know (there 0.8 closes the connection on each,
// and 0.9 stays silent and may lose requests of others). Its strict mode, which
// fails for 0.8 at the first probe, has nothing that it is good for here.
func TestCheckVersion(t *testing.T) {
	var recorded struct {
		Vectors []struct {
			Broker      string
			Strict      bool
			Result      string
			Connections int
			Requests    [][4]int
		}
	}
	text, err := os.ReadFile("testdata/check_version.json")
	if err == nil {
		err = json.Unmarshal(text, &recorded)
	}
	if err != nil || len(recorded.Vectors) != 10 {
		t.Fatalf("%d vectors, error %v", len(recorded.Vectors), err)
	}
	releases := map[string]string{"0.8.0": "0.8.0", "0.8.1": "0.8.1.1", "0.8.2": "0.8.2.2", "0.9": "0.9.0.1", "0.10": "0.10.0.1"}
	for _, v := range recorded.Vectors {
		if v.Strict {
			if ok := v.Result == v.Broker; ok == strings.HasPrefix(v.Broker, "0.8") {
				t.Errorf("strict, %s: %s", v.Broker, v.Result)
			}
			continue
		}
		t.Run(v.Broker, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				quiet := slog.New(slog.DiscardHandler)
				cluster := kafkatest.Start(t, kafkatest.Version(releases[v.Broker]), kafkatest.Topic("t", 1), kafkatest.Logger(quiet))
				c, err := New(Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, Logger: quiet})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				began := time.Now()
				if _, err := c.Topic(t.Context(), "t"); err != nil { // 0.8 names no broker without a topic
					t.Fatal(err)
				}
				got := c.Release(1).String()
				if got != v.Result && !strings.HasPrefix(got, v.Result+".") || time.Since(began) != 0 {
					t.Errorf("%s after %v, want %s", got, time.Since(began), v.Result)
				}
				versions, err := wire.VersionsOf(releases[v.Broker])
				if err != nil {
					t.Fatal(err)
				}
				for _, probe := range v.Requests {
					key := wire.APIKey(probe[1])
					if _, knows := versions[key]; !knows && cluster.Requests(key) > 0 {
						t.Errorf("%v was asked of %s, which does not know it", key, v.Broker)
					}
				}
			})
		})
	}
}
