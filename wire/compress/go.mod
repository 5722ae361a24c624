module github.com/barnabas-kafka/barnabas/wire/compress

go 1.26

require (
	github.com/barnabas-kafka/barnabas/wire v0.0.0
	github.com/golang/snappy v1.0.0
	github.com/klauspost/compress v1.20.4
	github.com/pierrec/lz4/v4 v4.1.33
)

replace github.com/barnabas-kafka/barnabas/wire => ..
