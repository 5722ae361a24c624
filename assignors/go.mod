module github.com/barnabas-kafka/barnabas/assignors

go 1.26

require github.com/barnabas-kafka/barnabas/wire v0.0.0

replace github.com/barnabas-kafka/barnabas/wire => ../wire
