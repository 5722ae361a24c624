package kafkatest

import (
	"crypto/tls"
	"net"
)

// TLS makes the brokers speak TLS, as a listener of the protocol SSL does. cfg is
// a server's: it needs a certificate, for 127.0.0.1 over TCP and else for
// broker-1.kafkatest and so on, and with ClientAuth it asks for one.
func TLS(cfg *tls.Config) Option {
	return func(c *config) error {
		c.tls = cfg
		return nil
	}
}

// secure is the connection with TLS around it where the cluster has that; the
// handshake comes with the first Read.
func (c *config) secure(conn net.Conn) net.Conn {
	if c.tls == nil {
		return conn
	}
	return tls.Server(conn, c.tls)
}
