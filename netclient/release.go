package netclient

// Release is what a broker was found to be. Before it was asked, that is what the
// broker that gave the metadata was found to be, the best guess there is; the
// zero Release while nothing is known.
func (c *Client) Release(node int32) Release {
	if c.pinned != nil {
		return c.pinned.release
	}
	md := c.Metadata()
	addrs := []string{md.source}
	if b, ok := md.Broker(node); ok {
		addrs = []string{b.Addr(), md.source}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, addr := range addrs {
		if r := c.reached[addr]; r != nil && r.versions != nil {
			return r.versions.release
		}
	}
	return Release{}
}
