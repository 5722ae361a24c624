package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxProducerBytes is by how much a program that only produces may be larger than one
// that has a TLS connection and no more, both without symbols.
const maxProducerBytes = 2_000_000

// neverLinked are packages that what every program imports of ours does not bring.
var neverLinked = []string{"net/http", "text/template", "html/template", "testing"}

// The programs that are compared. The second names no codec, and so has none.
const (
	bareProgram = `package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
)

func main() {
	conn, err := net.Dial("tcp", os.Args[1])
	if err == nil {
		_, err = fmt.Fprintln(tls.Client(conn, &tls.Config{}), "hello")
	}
	fmt.Println(err)
}
`
	producerProgram = `package main

import (
	"context"
	"fmt"
	"os"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/producer"
)

func main() {
	ctx := context.Background()
	p, err := producer.Dial(netclient.Config{BootstrapServers: os.Args[1:], TLS: &netclient.TLS{}}, producer.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	future, err := p.Send(ctx, producer.Record{Topic: "my-topic", Value: []byte("hello")})
	if err == nil {
		_, err = future.Wait(ctx)
	}
	fmt.Println(err, p.Flush(ctx), p.Close())
}
`
)

// checkSize builds both programs in a module that is none of ours.
func checkSize(ctx context.Context, r *repo) error {
	dir, err := os.MkdirTemp("", "barnabas-size-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	outside := &outsideModule{ctx: ctx, repo: r, dir: dir}
	if err := outside.begin(); err != nil {
		return err
	}
	bare, err := outside.build("bare", bareProgram)
	if err != nil {
		return err
	}
	producing, err := outside.build("producer", producerProgram)
	if err != nil {
		return err
	}
	var problems []error
	if more := producing - bare; more > maxProducerBytes {
		problems = append(problems, fmt.Errorf("a program that only produces is %d bytes larger than one with a TLS connection: at most %d are allowed "+
			"(go build -ldflags=-dumpdep says who brings what)", more, maxProducerBytes))
	}
	for _, library := range []string{"netclient", "producer", "consumer"} {
		deps, err := outside.deps(library)
		if err != nil {
			return err
		}
		for _, name := range neverLinked {
			if slices.Contains(deps, name) {
				problems = append(problems, fmt.Errorf("%s depends on %s, which no program should link that does not name it", library, name))
			}
		}
	}
	return errors.Join(problems...)
}

// An outsideModule is a module of a user in dir, in one workspace with ours.
type outsideModule struct {
	ctx  context.Context
	repo *repo
	dir  string
}

func (o *outsideModule) begin() error {
	work := "go 1.26.0\n\nuse " + o.dir + "\n"
	for _, m := range o.repo.modules {
		if m.library() {
			work += "use " + o.repo.abs(m.dir) + "\n"
		}
	}
	return errors.Join(os.WriteFile(filepath.Join(o.dir, "go.work"), []byte(work), 0o666),
		os.WriteFile(filepath.Join(o.dir, "go.mod"), []byte("module example.com/outside\n\ngo 1.26.0\n"), 0o666))
}

func (o *outsideModule) run(args ...string) (string, error) {
	return command(o.ctx, o.dir, []string{"GOWORK=" + filepath.Join(o.dir, "go.work"), "GOFLAGS=", "CGO_ENABLED=0"}, "go", args...)
}

// build builds a program and returns its size.
func (o *outsideModule) build(name, text string) (bytes int64, err error) {
	dir := filepath.Join(o.dir, name)
	if err := os.Mkdir(dir, 0o777); err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(text), 0o666); err != nil {
		return 0, err
	}
	binary := filepath.Join(o.dir, name+".exe")
	if _, err := o.run("build", "-trimpath", "-ldflags=-s -w", "-o", binary, "./"+name); err != nil {
		return 0, err
	}
	info, err := os.Stat(binary)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// deps lists the packages that come with a library.
func (o *outsideModule) deps(library string) ([]string, error) {
	out, err := o.run("list", "-deps", prefix+library)
	return strings.Fields(out), err
}
