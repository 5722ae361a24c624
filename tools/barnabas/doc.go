// Command barnabas sends records to Kafka, reads them back, says what a
// cluster is, and shows in a demo that it all works. Its letters are kcat's.
//
//	barnabas produce -b HOST:PORT -t TOPIC   a record per line of standard input
//	barnabas consume -b HOST:PORT -t TOPIC   records to standard output, a line each
//	barnabas probe   -b HOST:PORT            the brokers and the release each one is
//	barnabas request -b HOST:PORT NAME JSON  any request of the protocol, and its answer
//	barnabas demo                            the whole way of a record, in one process
//
// Exit status: 0 when all was done, 1 when something failed, 2 when the command
// line was wrong. What is printed on standard error says which and what to check.
package main
