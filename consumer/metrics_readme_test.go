package consumer

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
)

// The README names every metric, in full.
func TestReadmeNamesTheMetrics(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	registry := metrics.New(metrics.Config{})
	defer newMeter(registry, "c").close()
	for name := range registry.All(time.Now()) {
		if strings.HasPrefix(name.Group, "consumer-") && !strings.Contains(string(readme), "`"+name.Name+"`") {
			t.Errorf("README.md does not name %s of %s", name.Name, name.Group)
		}
	}
}
