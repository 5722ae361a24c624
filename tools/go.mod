module github.com/barnabas-kafka/barnabas/tools

go 1.26
