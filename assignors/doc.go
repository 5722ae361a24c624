// Package assignors shares the partitions of a group's topics among its
// members: plain values in, plain values out, the same placement as the Java
// client's assignors of the same name.
//
//	consumer.Config{Assignors: []assignors.Assignor{assignors.Range(), assignors.RoundRobin()}}
//
// In the classic group protocol the members choose an assignor that all of them
// offer, and the leader runs it. To write your own, implement Assignor.
package assignors
