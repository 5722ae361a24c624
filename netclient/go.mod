module github.com/barnabas-kafka/barnabas/netclient

go 1.26

require (
	github.com/barnabas-kafka/barnabas/metrics v0.0.0
	github.com/barnabas-kafka/barnabas/wire v0.0.0
)

replace (
	github.com/barnabas-kafka/barnabas/metrics => ../metrics
	github.com/barnabas-kafka/barnabas/wire => ../wire
)
