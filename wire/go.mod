module github.com/barnabas-kafka/barnabas/wire

go 1.26
