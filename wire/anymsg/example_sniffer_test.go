package anymsg_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/anymsg"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// A sniffer stands between a client and a broker, passes on what they say and
// prints it.
type sniffer struct {
	out io.Writer

	mu    sync.Mutex // guards out and asked
	asked map[int32]wire.RequestHeader
}

// sniff serves one connection, until either end closes it.
func (s *sniffer) sniff(client, broker net.Conn) {
	var both sync.WaitGroup
	both.Go(func() { s.pass(client, broker, s.request) })
	both.Go(func() { s.pass(broker, client, s.response) })
	both.Wait()
}

// pass passes frames on, and prints each before.
func (s *sniffer) pass(from, to net.Conn, show func(frame []byte) (head string, m anymsg.JSON, version int16, err error)) {
	defer to.Close()
	var frame []byte
	for {
		var err error
		if frame, err = wire.ReadFrame(from, frame, 100<<20); err != nil {
			return
		}
		s.mu.Lock()
		head, m, version, err := show(frame)
		var text []byte
		if err == nil {
			text, err = m.AppendJSON(nil, version)
		}
		if err != nil {
			text = []byte(err.Error())
		}
		fmt.Fprintln(s.out, head, string(text))
		s.mu.Unlock()
		if _, err := to.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...)); err != nil {
			return
		}
	}
}

// request reads a request and remembers what was asked; s.mu is held.
func (s *sniffer) request(frame []byte) (string, anymsg.JSON, int16, error) {
	h, req, err := anymsg.DecodeRequest(frame)
	s.asked[h.CorrelationID] = h
	return fmt.Sprintf("-> %d %s v%d", h.CorrelationID, h.APIKey, h.APIVersion), req, h.APIVersion, err
}

// response reads the response to what was asked; s.mu is held.
func (s *sniffer) response(frame []byte) (string, anymsg.JSON, int16, error) {
	var asked wire.RequestHeader
	if len(frame) >= 4 {
		asked = s.asked[int32(binary.BigEndian.Uint32(frame))]
	}
	h, resp, err := anymsg.DecodeResponse(frame, asked.APIKey, asked.APIVersion)
	delete(s.asked, h.CorrelationID)
	return fmt.Sprintf("<- %d %s v%d", h.CorrelationID, asked.APIKey, asked.APIVersion), resp, asked.APIVersion, err
}

// A proxy that prints each request and response. In a program of its own, the
// connections come from net.Listener.Accept and net.Dial.
func Example_sniffer() {
	client, in := net.Pipe()
	out, broker := net.Pipe()
	printed := &lines{done: make(chan struct{}), want: 2}
	go (&sniffer{out: printed, asked: map[int32]wire.RequestHeader{}}).sniff(in, out)
	go func() { // a broker that says that there are no topics
		if frame, err := wire.ReadFrame(broker, nil, 1<<20); err == nil {
			h, _, _ := wire.DecodeRequestHeader(frame)
			answer, _ := wire.AppendResponse(nil, h.APIVersion, h.CorrelationID, msg.NewMetadataResponse())
			broker.Write(answer)
		}
	}()

	request, _ := wire.AppendRequest(nil, 1, 7, "me", msg.NewMetadataRequest())
	client.Write(request)
	wire.ReadFrame(client, nil, 1<<20)
	<-printed.done
	client.Close()
	fmt.Print(printed)
	// Output:
	// -> 7 Metadata v1 {"topics":[]}
	// <- 7 Metadata v1 {"brokers":[],"controllerId":-1,"topics":[]}
}

// lines keeps what is printed; done is closed after so many lines.
type lines struct {
	text []byte
	want int
	done chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.text = append(l.text, p...)
	if l.want--; l.want == 0 {
		close(l.done)
	}
	return len(p), nil
}

func (l *lines) String() string { return string(l.text) }
