// Deprecated: use the modules producer and consumer; this one keeps old code running on its way there.
module github.com/barnabas-kafka/barnabas/legacy/simple

go 1.26

require (
	github.com/barnabas-kafka/barnabas/consumer v0.0.0
	github.com/barnabas-kafka/barnabas/netclient v0.0.0
	github.com/barnabas-kafka/barnabas/producer v0.0.0
	github.com/barnabas-kafka/barnabas/wire v0.0.0
	github.com/barnabas-kafka/barnabas/wire/kafkatest v0.0.0
)

require (
	github.com/barnabas-kafka/barnabas/assignors v0.0.0 // indirect
	github.com/barnabas-kafka/barnabas/metrics v0.0.0 // indirect
	github.com/barnabas-kafka/barnabas/wire/compress v0.0.0 // indirect
	github.com/golang/snappy v1.0.0 // indirect
	github.com/klauspost/compress v1.20.4 // indirect
	github.com/pierrec/lz4/v4 v4.1.33 // indirect
)

replace (
	github.com/barnabas-kafka/barnabas/assignors => ../../assignors
	github.com/barnabas-kafka/barnabas/consumer => ../../consumer
	github.com/barnabas-kafka/barnabas/metrics => ../../metrics
	github.com/barnabas-kafka/barnabas/netclient => ../../netclient
	github.com/barnabas-kafka/barnabas/producer => ../../producer
	github.com/barnabas-kafka/barnabas/wire => ../../wire
	github.com/barnabas-kafka/barnabas/wire/compress => ../../wire/compress
	github.com/barnabas-kafka/barnabas/wire/kafkatest => ../../wire/kafkatest
)
