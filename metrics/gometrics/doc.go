// Package gometrics shows what barnabas measures in a registry of
// rcrowley/go-metrics, for programs that collect their numbers there.
//
//	registry := metrics.New(metrics.Config{})
//	client, err := netclient.New(netclient.Config{Metrics: registry})
//	reporter := gometrics.Report(registry, go_metrics.DefaultRegistry, "kafka.")
//	defer reporter.Close()
//
// Everything registered is unregistered by Close, and when the client, producer
// or consumer that measured it is closed.
package gometrics
