package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// Example sends two lines and reads them back.
func Example() {
	cluster, err := kafkatest.New(kafkatest.TCP()) // a broker inside this process
	if err != nil {
		panic(err)
	}
	defer cluster.Close()
	addr := cluster.Addrs()[0]
	lines := strings.NewReader("one:first\ntwo:second\n")
	run(context.Background(), []string{"produce", "-b", addr, "-t", "my-topic", "-K", ":"}, streams{lines, os.Stdout, os.Stderr})
	run(context.Background(), []string{"consume", "-b", addr, "-t", "my-topic", "-e", "-f", `%o %k = %s\n`}, streams{nil, os.Stdout, os.Stderr})
	// Output:
	// 0 one = first
	// 1 two = second
}

// command runs barnabas in this process.
func command(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	status = run(ctx, args, streams{strings.NewReader(stdin), &out, &err})
	return status, out.String(), err.String()
}

func TestWhereToStart(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Topic("t", 2))
	addr := cluster.Addrs()[0]
	put := func(lines string, more ...string) {
		t.Helper()
		if status, _, stderr := command(t, lines, append([]string{"produce", "-b", addr, "-t", "t"}, more...)...); status != 0 {
			t.Fatal(stderr)
		}
	}
	put("a0\na1\na2\n", "-p", "0")
	put("b0\n", "-p", "1")
	time.Sleep(10 * time.Millisecond)
	middle := time.Now()
	time.Sleep(10 * time.Millisecond)
	put("a3\n", "-p", "0")
	for _, c := range []struct{ args, want string }{
		{"-p 0", "a0 a1 a2 a3"},
		{"-p 0 -o 2", "a2 a3"},
		{"-p 1 -o beginning", "b0"},
		{"-o 3", "a3"},
		{"-p 0 -o 4", ""},
		{"-p 0 -o 100", ""},
		{"-p 0 -o end", ""},
		{"-p 0 -c 2", "a0 a1"},
		{"-p 0 -c 0", ""},
		{"-p 0 -g g -c 3", "a0 a1 a2"},
		{"-p 0 -g g", "a3"},
		{fmt.Sprint("-o s@", middle.UnixMilli()), "a3"},
		{fmt.Sprint("-p 1 -o s@", middle.UnixMilli()), ""},
	} {
		args := append([]string{"consume", "-b", addr, "-t", "t", "-e"}, strings.Fields(c.args)...)
		status, stdout, stderr := command(t, "", args...)
		if got := strings.Join(strings.Fields(stdout), " "); got != c.want || status != 0 {
			t.Errorf("consume %s: %q, want %q (exit status %d)\n%s", c.args, got, c.want, status, stderr)
		}
	}
}

func TestFormat(t *testing.T) {
	rec := consumer.Record{Topic: "t", Partition: 3, Offset: 42, Key: []byte("k"), Value: []byte("v")}
	for layout, want := range map[string]string{
		`%t %p %o %k %s %T`: "t 3 42 k v -1",
		`100%%\t%s\\n\n`:    "100%\tv\\n\n",
		`\x25s\r\0`:         "%s\r\x00",
		``:                  "",
	} {
		f, err := parseFormat(layout)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(f.append(nil, &rec)); got != want {
			t.Errorf("%q: %q, want %q", layout, got, want)
		}
	}
	rec.Timestamp = time.UnixMilli(1234)
	if f, _ := parseFormat("%T"); string(f.append(nil, &rec)) != "1234" {
		t.Error("T does not print milliseconds")
	}
	for _, layout := range []string{"%", `\`, "%x", `\q`, `\x2`, `\xzz`} {
		if _, err := parseFormat(layout); err == nil {
			t.Errorf("%q: no error", layout)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args           string
		status         int
		stdout, stderr string // in them; "" is nothing at all
	}{
		{"", 2, "", "barnabas consume -b BROKERS"},
		{"-h", 0, "Exit status:", ""},
		{"help", 0, "Exit status:", ""},
		{"consume -h", 0, "gives up after 25", ""},
		{"produce -help", 0, "-K DELIM", ""},
		{"demo --help", 0, "-stats", ""},
		{"request -h", 0, "-node id", ""},
		{"probe -h", 0, "-b brokers", ""},
		{"destroy", 2, "", `no command "destroy"`},
		{"consume -q", 2, "", "-q\n'barnabas consume -h' lists"},
		{"consume -b x", 2, "", "-t TOPIC is missing"},
		{"produce -b x -t t -K \\q", 2, "", `no such escape as \q`},
		{"consume -b x -t t -f \\q", 2, "", `no such escape as \q`},
	} {
		status, stdout, stderr := command(t, "", strings.Fields(c.args)...)
		for _, text := range []struct{ got, want string }{{stdout, c.stdout}, {stderr, c.stderr}} {
			if status != c.status || !strings.Contains(text.got, text.want) || text.want == "" && text.got != "" {
				t.Errorf("barnabas %s: exit status %d, want %d and %q:\n%s", c.args, status, c.status, text.want, text.got)
			}
		}
	}
	if status, _, stderr := command(t, "", "produce", "-b", "x", "-t", "t", "-K", ""); status != 2 || !strings.Contains(stderr, "empty delimiter") {
		t.Errorf("an empty -K: exit status %d: %s", status, stderr)
	}
}

func TestKeys(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Topic("t", 1))
	addr := cluster.Addrs()[0]
	status, _, stderr := command(t, "k1\tv1\nv2\nk3\tv3\nv4\n", "produce", "-b", addr, "-t", "t", "-K", `\t`)
	if want := `2 of 4 lines have no "\t" (the first is line 2); they were sent without a key`; status != 0 || !strings.Contains(stderr, want) {
		t.Errorf("exit status %d, want 0 and %s: %s", status, want, stderr)
	}
	if status, _, stderr := command(t, "k5 =v5\n", "produce", "-b", addr, "-t", "t", "-K", `\x20=`); status != 0 || stderr != "" {
		t.Errorf("exit status %d: %s", status, stderr)
	}
	if _, got, _ := command(t, "", "consume", "-b", addr, "-t", "t", "-e", "-f", `%k\x3a%s `); got != "k1:v1 :v2 k3:v3 :v4 k5:v5 " {
		t.Errorf("read back %q", got)
	}
	for i, r := range must(cluster.Records("t")) {
		if keyless := i == 1 || i == 3; keyless != (r.Key == nil) {
			t.Errorf("record %d has the key %q", i, r.Key)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestReadLine(t *testing.T) {
	long := strings.Repeat("x", 100)
	r := bufio.NewReaderSize(strings.NewReader("one\n\n"+long+"\nlast"), 16)
	var buf []byte
	for _, want := range []string{"one", "", long, "last"} {
		line, err := readLine(r, &buf, 100)
		if err != nil || string(line) != want {
			t.Errorf("%q, %v; want %q", line, err, want)
		}
	}
	if _, err := readLine(r, &buf, 100); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if _, err := readLine(bufio.NewReaderSize(strings.NewReader(long+"y\n"), 16), &buf, 100); err == nil {
		t.Error("a line longer than the limit, and no error")
	}
}
