module github.com/barnabas-kafka/barnabas/tools/barnabas

go 1.26
