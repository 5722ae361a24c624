// Package e2e holds the tests in which the command barnabas works on real
// brokers, from the oldest to the newest. They start the brokers themselves,
// one cluster at a time, and need a Java runtime and Maven; -short leaves them
// out.
package e2e
