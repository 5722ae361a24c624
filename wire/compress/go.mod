module github.com/barnabas-kafka/barnabas/wire/compress

go 1.26
