package realkafka

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"sync"
)

// format prepares the data directories of a KRaft cluster, as has to be done
// once before its first start.
func (c *Cluster) format(ctx context.Context) error {
	c.say("formatting the data directories")
	clusterID := newClusterID()
	errs := make([]error, len(c.brokers))
	var wg sync.WaitGroup
	for i, b := range c.brokers {
		wg.Go(func() { errs[i] = b.format(ctx, clusterID) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err // the others say the same
		}
	}
	return nil
}

func (b *Broker) format(ctx context.Context, clusterID string) error {
	args := append([]string{"format", "-t", clusterID, "-c", b.propertiesFile()}, b.cluster.scramOptions()...)
	p := b.cluster.program("kafka.tools.StorageTool", "-Xmx128m", "", args...)
	if out, err := p.run(ctx); err != nil {
		return fmt.Errorf("formatting the data directory of broker %d: %w; kafka.tools.StorageTool said:\n%s", b.id, err, lastLines(out, 12))
	}
	return nil
}

// newClusterID is a random UUID in Kafka's spelling. One that began with a dash
// would look like an option.
func newClusterID() string {
	var id [16]byte
	rand.Read(id[:])
	id[0] &= 0x7f
	return base64.RawURLEncoding.EncodeToString(id[:])
}
