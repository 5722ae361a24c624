module github.com/barnabas-kafka/barnabas/netclient

go 1.26
