package properties

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Range is which numbers there are. Java's int and long end at MaxInt and MaxLong.
type Range struct{ Least, Most int64 }

const (
	MaxInt  = math.MaxInt32
	MaxLong = math.MaxInt64
)

func (r Range) String() string {
	switch {
	case r.Least == math.MinInt64:
		return ""
	case r.Most == MaxLong:
		return fmt.Sprintf(" from %d up", r.Least)
	}
	return fmt.Sprintf(" from %d to %d", r.Least, r.Most)
}

// parse reads a number as Java does: decimal, with or without a sign.
func (r Range) parse(value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < r.Least || n > r.Most {
		return 0, ErrValue
	}
	return n, nil
}

// Number is a number. In a Config 0 is the default, so Kafka's 0 becomes zero, where
// that means the same.
func Number[T any, N ~int | ~int64](r Range, zero N, field func(*T) *N) Property[T] {
	return Property[T]{Allowed: "a number" + r.String(), Set: func(t *T, value string) error {
		n, err := r.parse(value)
		if err != nil {
			return err
		}
		*field(t) = zero
		if n != 0 {
			*field(t) = N(n)
		}
		return nil
	}}
}

const maxMillis = math.MaxInt64 / int64(time.Millisecond)

// Millis is a number of milliseconds; see Number for zero. What is longer than a
// Duration can say, 292 years, is as long as that.
func Millis[T any](r Range, zero time.Duration, field func(*T) *time.Duration) Property[T] {
	return Property[T]{Allowed: "a number of milliseconds" + r.String(), Set: func(t *T, value string) error {
		n, err := r.parse(value)
		if err != nil {
			return err
		}
		*field(t) = zero
		if n != 0 {
			*field(t) = time.Duration(min(max(n, -maxMillis), maxMillis)) * time.Millisecond
		}
		return nil
	}}
}

// Text is any text.
func Text[T any](field func(*T) *string) Property[T] {
	return Property[T]{Allowed: "any text", Set: func(t *T, value string) error {
		*field(t) = value
		return nil
	}}
}

// Bool is true or false.
func Bool[T any](set func(t *T, value bool) error) Property[T] {
	return Property[T]{Allowed: "true or false", Set: func(t *T, value string) error {
		is := strings.EqualFold(value, "true")
		if !is && !strings.EqualFold(value, "false") {
			return ErrValue
		}
		return set(t, is)
	}}
}

// Flag is a boolean whose field says the same.
func Flag[T any](field func(*T) *bool) Property[T] {
	return Bool(func(t *T, value bool) error { *field(t) = value; return nil })
}

// Negated is a boolean whose field says the opposite.
func Negated[T any](field func(*T) *bool) Property[T] {
	return Bool(func(t *T, value bool) error { *field(t) = !value; return nil })
}

// A Word is one of the values of a property that has few, and what it sets; nil is
// nothing.
type Word[T any] struct {
	Word string
	Set  func(*T) error
}

// Words is a property that has few values.
func Words[T any](words ...Word[T]) Property[T] {
	return wordsBy(func(a, b string) bool { return a == b }, words)
}

// AnyCase is Words where capital and small letters are the same.
func AnyCase[T any](words ...Word[T]) Property[T] { return wordsBy(strings.EqualFold, words) }

func wordsBy[T any](same func(a, b string) bool, words []Word[T]) Property[T] {
	var all []string
	for _, w := range words {
		all = append(all, w.Word)
	}
	allowed := all[0]
	if last := len(all) - 1; last > 0 {
		allowed = strings.Join(all[:last], ", ") + " or " + all[last]
	}
	return Property[T]{Allowed: allowed, Set: func(t *T, value string) error {
		i := slices.IndexFunc(words, func(w Word[T]) bool { return same(w.Word, value) })
		switch {
		case i < 0:
			return ErrValue
		case words[i].Set == nil:
			return nil
		}
		return words[i].Set(t)
	}}
}

// Without are properties that have no effect here, whatever their values are.
func Without[T any](why NoEffect, names ...string) Table[T] {
	table := Table[T]{}
	for _, name := range names {
		table[name] = Property[T]{Set: func(*T, string) error { return why }}
	}
	return table
}

// List splits a list at its commas. Kafka allows no empty element and drops one that
// comes again.
func List(value string) ([]string, error) {
	var list []string
	for part := range strings.SplitSeq(value, ",") {
		switch part = strings.Trim(part, " \t\n\v\f\r"); {
		case part == "":
			return nil, ErrValue
		case !slices.Contains(list, part):
			list = append(list, part)
		}
	}
	return list, nil
}
