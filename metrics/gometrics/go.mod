module github.com/barnabas-kafka/barnabas/metrics/gometrics

go 1.26
