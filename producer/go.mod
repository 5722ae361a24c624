module github.com/barnabas-kafka/barnabas/producer

go 1.26
