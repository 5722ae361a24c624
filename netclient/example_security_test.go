package netclient_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// rotating is a mechanism whose password is looked up for each login, from
// wherever it is kept.
type rotating struct {
	lookUp func() (user, password string)
}

func (rotating) Name() string { return "SCRAM-SHA-512" }

func (r rotating) Authenticate(ctx context.Context, host string, send func([]byte) ([]byte, error)) ([]byte, error) {
	return netclient.ScramSHA512(r.lookUp()).Authenticate(ctx, host, send)
}

// A mechanism of one's own may stand on those that are there.
func ExampleMechanism() {
	cluster, err := kafkatest.New(kafkatest.SASL(kafkatest.SASLConfig{
		Mechanisms: []string{"SCRAM-SHA-512"},
		Users:      map[string]string{"alice": "today's"},
	}))
	if err != nil {
		log.Fatal(err)
	}
	defer cluster.Close()

	client, err := netclient.New(netclient.Config{
		BootstrapServers: cluster.Addrs(),
		Dial:             cluster.Dial,
		SASL:             rotating{func() (string, string) { return "alice", "today's" }},
		Logger:           slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	fmt.Println(client.Ping(context.Background()))
	// Output: <nil>
}
