module github.com/barnabas-kafka/barnabas/wire/kafkatest

go 1.26
