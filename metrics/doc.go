// Package metrics measures what a Kafka client does: sensors take values, stats
// make numbers of them over a few sample windows, a registry holds them by
// Kafka's names, and reporters hear of every metric that comes and goes.
//
//	registry := metrics.New(metrics.Config{})
//	client, err := netclient.New(netclient.Config{Metrics: registry})
//	…
//	for name, value := range registry.All(time.Now()) {
//		fmt.Println(name, value)
//	}
//
// There is no goroutine and no timer: time comes in with each value and with
// each question, so a registry that nobody asks costs only what recording costs.
// A nil *Registry and a nil *Sensor do nothing, so code that measures needs no
// condition.
//
// Package metrics/gometrics shows the same numbers in a registry of
// rcrowley/go-metrics.
package metrics
