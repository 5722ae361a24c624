package kafkatest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/barnabas-kafka/barnabas/wire"
)

// versions are the versions of each API that the release offers, of those that
// kafkatest implements. A line that never was is like the one before it.
func (r release) versions() map[wire.APIKey]wire.VersionRange {
	all, err := wire.VersionsOf(r.line())
	if err != nil {
		panic(err) // parseRelease admits only what is between two known lines
	}
	for key := range all {
		if _, ok := apis[key]; !ok {
			delete(all, key)
		}
	}
	if r.at(0, 8, 2) && !r.at(0, 9) { // there is a stub, which answers with an error
		all[wire.KeyHeartbeat] = wire.VersionRange{}
	}
	if r.at(4) { // it offers more than it serves; see accepts
		all[wire.KeyProduce] = wire.VersionRange{Min: 0, Max: all[wire.KeyProduce].Max}
	}
	return all
}

// line is the name of the newest line that is not newer than the release.
func (r release) line() string {
	for _, line := range slices.Backward(wire.Releases()) {
		var numbers []int
		for n := range strings.SplitSeq(line, ".") {
			number, _ := strconv.Atoi(n)
			numbers = append(numbers, number)
		}
		if r.at(numbers...) {
			return line
		}
	}
	return fmt.Sprint(r)
}
