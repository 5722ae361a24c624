module github.com/barnabas-kafka/barnabas/metrics/gometrics

go 1.26

require (
	github.com/barnabas-kafka/barnabas/metrics v0.0.0
	github.com/rcrowley/go-metrics v0.0.0-20250401214520-65e299d6c5c9
)

replace github.com/barnabas-kafka/barnabas/metrics => ..
