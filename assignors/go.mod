module github.com/barnabas-kafka/barnabas/assignors

go 1.26
