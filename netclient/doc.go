// Package netclient makes a program's connections to a Kafka cluster.
package netclient
