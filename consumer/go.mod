module github.com/barnabas-kafka/barnabas/consumer

go 1.26
