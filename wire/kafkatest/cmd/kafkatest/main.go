// Command kafkatest serves a Kafka cluster, as any release, until it is
// interrupted. It prints the brokers' addresses, separated by commas, on one
// line.
package main

import (
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	addr := flag.String("addr", "127.0.0.1:9092", "where the first broker listens; the others take the ports after that; port 0 is any")
	version := flag.String("version", "", "the release to answer as, such as 0.9.0.1 (default the newest)")
	brokers := flag.Int("brokers", 1, "how many brokers")
	partitions := flag.Int("partitions", 1, "how many partitions a topic gets")
	retention := flag.Int64("retention-bytes", 0, "how much a partition keeps, in bytes (default everything)")
	verbose := flag.Bool("v", false, "say why a request is refused or a connection closed")
	flag.Parse()

	addrs, err := addresses(*addr, *brokers)
	if err != nil {
		return err
	}
	opts := []kafkatest.Option{
		kafkatest.TCP(addrs...), kafkatest.Brokers(*brokers), kafkatest.Partitions(*partitions), kafkatest.RetentionBytes(*retention),
	}
	if *version != "" {
		opts = append(opts, kafkatest.Version(*version))
	}
	if *verbose {
		slog.SetLogLoggerLevel(slog.LevelDebug)
	}
	cluster, err := kafkatest.New(opts...)
	if err != nil {
		return err
	}
	defer cluster.Close()
	fmt.Println(strings.Join(cluster.Addrs(), ","))

	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	<-interrupted
	return nil
}

// addresses are n addresses with ports from that of the first one on.
func addresses(first string, n int) ([]string, error) {
	host, port, err := net.SplitHostPort(first)
	if err != nil {
		return nil, fmt.Errorf("-addr %s: %w", first, err)
	}
	p, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("-addr %s: %w", first, err)
	}
	addrs := []string{first}
	for i := 1; i < n; i++ {
		if p != 0 {
			p++
		}
		addrs = append(addrs, net.JoinHostPort(host, strconv.Itoa(int(p))))
	}
	return addrs, nil
}
