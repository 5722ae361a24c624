module github.com/barnabas-kafka/barnabas/legacy/simple

go 1.26
