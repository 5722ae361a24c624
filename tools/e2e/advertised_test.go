package e2e

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

// TestAdvertised makes everybody's mistake with containers: the bootstrap server
// answers, and names an address of the broker that this client can't reach.
func TestAdvertised(t *testing.T) {
	for _, version := range []string{"0.8.2.2", "0.9.0.1", "4.4.0"} {
		t.Run(version+"/nothing listens", func(t *testing.T) {
			var door *doorway
			cluster := startCluster(t, realkafka.Config{Version: version, Advertised: func(listens string) string {
				door = openDoorway(t, listens)
				return door.addr()
			}})
			createTopic(t, cluster)
			door.shut()
			testAdvertised(t, cluster, door.addr(), "refused", func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) })
		})
		t.Run(version+"/no such name", func(t *testing.T) {
			var advertised string
			cluster := startCluster(t, realkafka.Config{Version: version, JavaOptions: hostsFile(t, "name.invalid"), Advertised: func(listens string) string {
				advertised = strings.Replace(listens, "127.0.0.1", "name.invalid", 1)
				return advertised
			}})
			createTopic(t, cluster)
			testAdvertised(t, cluster, advertised, "no such host", func(err error) bool {
				dns, ok := errors.AsType[*net.DNSError](err)
				return ok && dns.IsNotFound
			})
		})
	}
}

// TestAdvertisedSilence is the same mistake where connections are accepted, or
// packets vanish, and nobody answers: there is no failure to tell of in time.
func TestAdvertisedSilence(t *testing.T) {
	var door *doorway
	cluster := startCluster(t, realkafka.Config{Version: "4.4.0", Advertised: func(listens string) string {
		door = openDoorway(t, listens)
		return door.addr()
	}})
	defer cluster.Broker(0).Kill()
	createTopic(t, cluster)
	door.shut()
	silence, err := net.Listen("tcp", door.addr()) // accepts nothing; the kernel does
	if err != nil {
		t.Fatal(err)
	}
	defer silence.Close()
	commands(t, cluster, []string{door.addr(), cluster.Addrs()[0], "advertised.listeners"})
}

// createTopic makes t, as a broker of 0.8 names no brokers without a topic.
func createTopic(t *testing.T, cluster *realkafka.Cluster) {
	t.Helper()
	if err := cluster.CreateTopic(t.Context(), "t", 1, 1); err != nil {
		t.Fatal(err)
	}
}

func testAdvertised(t *testing.T, cluster *realkafka.Cluster, advertised, word string, is func(error) bool) {
	bootstrap := cluster.Addrs()[0]
	defer cluster.Broker(0).Kill() // it can't reach itself either, and would take its time to end
	client, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		err := client.Ping(ctx)
		failed, ok := errors.AsType[*netclient.ConnError](err)
		if !ok || failed.Addr != advertised || failed.AdvertisedBy != bootstrap || failed.Node != 0 || !is(err) {
			t.Errorf("Ping: %v (%+v); want a ConnError of broker 0 at %s, advertised by %s", err, failed, advertised, bootstrap)
		}
	})
	commands(t, cluster, []string{advertised, bootstrap, word, "advertised.listeners"})
}

// commands runs each, wants it to fail in time and to say the words.
func commands(t *testing.T, cluster *realkafka.Cluster, words []string) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, args := range [][]string{{"probe"}, {"produce", "-t", "t"}, {"consume", "-t", "t"}} {
		all.Go(func() {
			t.Run(args[0], func(t *testing.T) {
				wrong(t, 1, "x\n", append(words, "waited 2s"), append(args, "-b", addrs(cluster), "-X", "max.block.ms=2000")...)
			})
		})
	}
}

// hostsFile makes a broker's Java know a name that nobody else does.
func hostsFile(t *testing.T, name string) []string {
	t.Helper()
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(path, []byte("127.0.0.1 localhost "+own+" "+name+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return []string{"-Djdk.net.hosts.file=" + path}
}

// A doorway is an address that leads to another one until it is shut. Then
// nothing listens there, but the connections that went through go on: those of
// the brokers, which must reach themselves where they tell clients to.
type doorway struct {
	net.Listener
	open sync.WaitGroup
}

func openDoorway(t *testing.T, to string) *doorway {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &doorway{Listener: listener}
	t.Cleanup(func() { d.shut(); d.open.Wait() })
	d.open.Go(func() {
		for {
			in, err := d.Accept()
			if err != nil {
				return
			}
			d.open.Go(func() { through(in, to) })
		}
	})
	return d
}

func (d *doorway) addr() string { return d.Addr().String() }
func (d *doorway) shut()        { d.Close() }

// through connects what came in to the address, until either end closes.
func through(in net.Conn, to string) {
	defer in.Close()
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer out.Close()
	go func() {
		io.Copy(out, in)
		out.Close()
	}()
	io.Copy(in, out)
}
