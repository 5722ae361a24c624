package main

import "fmt"

// A benchCase is something that several libraries can do, with the same data.
type benchCase struct {
	name       string
	contenders []contender // ours and kmsg's are among them
	target     target
}

// A contender is a library, doing it once.
type contender struct {
	name string // a column of the table
	run  func() error
}

// The contenders.
const (
	ours       = "ours"
	kmsgSafe   = "kmsg"
	kmsgUnsafe = "unsafe" // kmsg's UnsafeReadFrom: strings alias the input
	saramas    = "sarama"
	bare       = "bare" // a loop written by hand for this very data
)

// columns are those of the table, in order.
var columns = [...]string{ours, kmsgSafe, kmsgUnsafe, saramas, bare}

// A target is what ours must reach, beside kmsg.
type target struct {
	time   float64 // at most this part of kmsg's time; 0 is no matter how long
	allocs allocTarget
}

// An allocTarget is how many allocations ours may make.
type allocTarget struct {
	text string
	met  func(ours, kmsg int) bool
}

// noAllocs is not one allocation per run.
func noAllocs() allocTarget {
	return allocTarget{"0", func(ours, _ int) bool { return ours == 0 }}
}

// fewerAllocs is fewer than kmsg makes.
func fewerAllocs() allocTarget {
	return allocTarget{"fewer", func(ours, kmsg int) bool { return ours < kmsg }}
}

// allocsRatio is at most this part of what kmsg makes.
func allocsRatio(most float64) allocTarget {
	return allocTarget{fmt.Sprintf("<= %.2f", most), func(ours, kmsg int) bool { return float64(ours) <= most*float64(kmsg) }}
}
