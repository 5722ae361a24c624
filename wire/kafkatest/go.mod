module github.com/barnabas-kafka/barnabas/wire/kafkatest

go 1.26

require (
	github.com/barnabas-kafka/barnabas/wire v0.0.0
	github.com/barnabas-kafka/barnabas/wire/compress v0.0.0
)

require (
	github.com/golang/snappy v1.0.0 // indirect
	github.com/klauspost/compress v1.20.4 // indirect
	github.com/pierrec/lz4/v4 v4.1.33 // indirect
)

replace (
	github.com/barnabas-kafka/barnabas/wire => ..
	github.com/barnabas-kafka/barnabas/wire/compress => ../compress
)
