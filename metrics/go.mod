module github.com/barnabas-kafka/barnabas/metrics

go 1.26
