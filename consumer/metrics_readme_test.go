package consumer

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
)

// The README's tables name every metric of a consumer, and no other.
func TestReadmeNamesEveryMetric(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "## Metrics")
	section, _, _ = strings.Cut(section, "\n## ")
	registry := metrics.New(metrics.Config{})
	newMeter(registry, "c")
	known := map[string]bool{fetchGroup: true, coordinatorGroup: true}
	for name := range registry.All(time.Now()) {
		if known[name.Name] = true; !strings.Contains(section, "`"+name.Name+"`") {
			t.Errorf("the README has no %s", name.Name)
		}
	}
	for i, word := range strings.Split(section, "`") {
		if i%2 == 1 && strings.Contains(word, "-") && !known[word] && word != "client-id" {
			t.Errorf("the README has %s, and no metric has that name", word)
		}
	}
}
