package main

import "fmt"

// A benchCase is something that several libraries can do, with the same data.
type benchCase struct {
	name       string
	contenders []contender // ours and kmsg's are among them
	target     target
}

// A contender is a library, doing it.
type contender struct {
	name string // a column of the table
	run  func() error
}

// The contenders: the columns of the table, in this order.
const (
	ours       = "ours"
	kmsgSafe   = "kmsg"
	kmsgUnsafe = "unsafe" // kmsg's UnsafeReadFrom: strings alias the input
	saramas    = "sarama"
	bare       = "bare" // a loop written by hand for this very data
)

var columns = [...]string{ours, kmsgSafe, kmsgUnsafe, saramas, bare}

// A target is what ours must reach, beside kmsg.
type target struct {
	time   float64 // at most this part of kmsg's time
	allocs allocTarget
}

// An allocTarget is how many allocations ours may make.
type allocTarget struct {
	text string
	met  func(ours, kmsg float64) bool
}

// noAllocs is not one allocation per run.
func noAllocs() allocTarget {
	return allocTarget{"0", func(ours, _ float64) bool { return ours == 0 }}
}

// fewerAllocs is fewer than kmsg makes.
func fewerAllocs() allocTarget {
	return allocTarget{"fewer", func(ours, kmsg float64) bool { return ours < kmsg }}
}

// allocsRatio is at most this part of what kmsg makes.
func allocsRatio(most float64) allocTarget {
	return allocTarget{fmt.Sprintf("<= %.2f", most), func(ours, kmsg float64) bool { return ours <= most*kmsg }}
}
