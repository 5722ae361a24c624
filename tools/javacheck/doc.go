// Package javacheck proves package wire against Kafka's own code: its tests run
// the classes of kafka-clients 4.4.0, and of 3.9.2 for the versions that 4.0
// dropped, and both sides must write the same bytes, read the same values and
// refuse the same things. What differs is named in exceptions_test.go, and what
// is left out in coverage_test.go, each with its reason; docs/protocol.md lists
// both. Writing in a version what was read in another is compared where one of
// the releases has both.
//
//	go test ./javacheck -v                            # in tools; it needs a JDK 17 or 21 and Maven
//	go test ./javacheck -run TestListing -update      # writes docs/protocol.md again
//
// The jars come through Maven, into the cache that package realkafka keeps. With
// -short, all of it is skipped.
package javacheck
