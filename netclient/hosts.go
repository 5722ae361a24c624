package netclient

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// DefaultPort is the port of a bootstrap address that names none.
const DefaultPort = 9092

// ParseServers splits the elements of list at their commas and gives each
// address as host:port, with [DefaultPort] where it names none. It knows
// "host", "host:port", "[host]:port", and IPv6 literals with and without
// brackets; empty elements are skipped. The error names the first address
// that is none of these.
//
// It reads Kafka's property bootstrap.servers and kafka-python's
// bootstrap_servers alike.
func ParseServers(list ...string) ([]string, error) {
	var servers []string
	for _, csv := range list {
		for s := range strings.SplitSeq(csv, ",") {
			if s = strings.TrimSpace(s); s == "" {
				continue
			}
			host, port, err := splitHostPort(s)
			if err != nil {
				return nil, fmt.Errorf("address %q: %w; want host:port, host, or [IPv6]:port", s, err)
			}
			servers = append(servers, net.JoinHostPort(host, strconv.Itoa(port)))
		}
	}
	return servers, nil
}

func splitHostPort(s string) (host string, port int, err error) {
	if strings.Contains(s, "://") {
		return "", 0, fmt.Errorf("an address has no scheme")
	}
	if !strings.HasPrefix(s, "[") && strings.Count(s, ":") > 1 {
		// Without brackets only a literal can hold several colons, and then all
		// of it is the host.
		if _, err := netip.ParseAddr(s); err != nil {
			return "", 0, fmt.Errorf("too many colons for a host name, and not an IPv6 address")
		}
		return s, DefaultPort, nil
	}
	if inner, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(inner, "]") {
		host = strings.TrimSuffix(inner, "]")
		return host, DefaultPort, checkHost(host)
	}
	if !strings.Contains(s, ":") {
		return s, DefaultPort, checkHost(s)
	}
	host, portText, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, fmt.Errorf("not an address")
	}
	port, err = strconv.Atoi(portText)
	if err != nil || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("%q is not a port from 1 to 65535", portText)
	}
	return host, port, checkHost(host)
}

func checkHost(host string) error {
	if host == "" {
		return fmt.Errorf("the host is missing")
	}
	if strings.ContainsAny(host, " \t/@[]") {
		return fmt.Errorf("%q is not a host name", host)
	}
	return nil
}
