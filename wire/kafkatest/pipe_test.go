package kafkatest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestPipeCarriesMoreThanItsBuffer(t *testing.T) {
	client, server := newPipe(memoryAddr("client"), memoryAddr("server"))
	sent := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; i < len(sent); i += 1000 {
			if n, err := client.Write(sent[i : i+1000]); n != 1000 || err != nil {
				t.Errorf("Write: %d, %v", n, err)
			}
		}
		client.Close()
	})
	got, err := io.ReadAll(server)
	writer.Wait()
	if err != nil || !bytes.Equal(got, sent) {
		t.Fatalf("read %d bytes, %v; want the %d that were written", len(got), err, len(sent))
	}
}

func TestPipeDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := newPipe(memoryAddr("client"), memoryAddr("server"))
		start := time.Now()
		client.SetReadDeadline(start.Add(time.Hour))
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Hour {
			t.Errorf("Read returned %v after %v", err, time.Since(start))
		}
		client.SetWriteDeadline(time.Now().Add(time.Minute))
		n, err := client.Write(make([]byte, pipeBuffer+1))
		var netErr net.Error
		if n != pipeBuffer || !errors.As(err, &netErr) || !netErr.Timeout() {
			t.Errorf("Write into a full pipe: %d, %v; want %d and a timeout", n, err, pipeBuffer)
		}

		// A deadline in the past wakes who waits already.
		client.SetReadDeadline(time.Time{})
		var reader sync.WaitGroup
		reader.Go(func() {
			if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Read: %v", err)
			}
		})
		synctest.Wait()
		client.SetReadDeadline(time.Unix(1, 0))
		reader.Wait()
		server.Close()
	})
}

func TestPipeClose(t *testing.T) {
	client, server := newPipe(memoryAddr("client"), memoryAddr("server"))
	server.Write([]byte("last words"))
	server.Close()
	if got, err := io.ReadAll(client); string(got) != "last words" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if _, err := client.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("Write to a closed peer: %v; want EPIPE", err)
	}
	client.Close()
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read after Close: %v", err)
	}
	if _, err := client.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Write after Close: %v", err)
	}
}
