package netclient

import (
	"context"
	"strings"
)

// askAfter is how many answers that a topic is unknown come before it is looked into
// whether its name is the reason.
const askAfter = 2

// folded is a topic's name as brokers compare names: those of their metrics can't
// tell a dot from an underscore, so no two topics may differ in nothing else.
func folded(name string) string { return strings.ReplaceAll(name, ".", "_") }

// collision returns the topic that keeps brokers from creating the one of that
// name, or "".
func (c *Client) collision(ctx context.Context, name string) string {
	if !strings.ContainsAny(name, "._") {
		return ""
	}
	md, err := c.RefreshAllTopics(ctx)
	if err != nil {
		return ""
	}
	for t := range md.Topics() {
		if t.Name != name && t.usable() && folded(t.Name) == folded(name) {
			return t.Name
		}
	}
	return ""
}
