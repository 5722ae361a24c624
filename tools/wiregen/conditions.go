package main

import "fmt"

// condition is the expression for whether the version is in the range, given
// that it is within the other; empty when it always is.
func condition(v, within versions) string {
	v = v.intersect(within)
	switch {
	case v.contains(within):
		return ""
	case v.empty():
		return "false"
	case v.min == v.max:
		return fmt.Sprintf("version == %d", v.min)
	case v.min <= within.min:
		return fmt.Sprintf("version <= %d", v.max)
	case v.max >= within.max:
		return fmt.Sprintf("version >= %d", v.min)
	}
	return fmt.Sprintf("version >= %d && version <= %d", v.min, v.max)
}

// negated is the opposite of a condition.
func negated(v, within versions) string {
	v = v.intersect(within)
	switch {
	case v.contains(within):
		return "false"
	case v.empty():
		return "true"
	case v.min == v.max && v.min > within.min && v.max < within.max:
		return fmt.Sprintf("version != %d", v.min)
	case v.min <= within.min:
		return fmt.Sprintf("version > %d", v.max)
	case v.max >= within.max:
		return fmt.Sprintf("version < %d", v.min)
	}
	return fmt.Sprintf("(version < %d || version > %d)", v.min, v.max)
}

// words are "versions 3-7" or, for a range that goes on to the end of another,
// "versions 3+".
func (v versions) words(within versions) string {
	switch {
	case v.min == v.max:
		return fmt.Sprintf("version %d", v.min)
	case v.max == within.max:
		return fmt.Sprintf("versions %d+", v.min)
	}
	return "versions " + v.String()
}
