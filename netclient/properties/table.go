package properties

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Table has the properties that say something about a T, by Kafka's names.
type Table[T any] map[string]Property[T]

// Join makes one table of several.
func Join[T any](tables ...Table[T]) Table[T] {
	all := Table[T]{}
	for _, table := range tables {
		maps.Copy(all, table)
	}
	return all
}

// A Property is how a value is read.
type Property[T any] struct {
	// Set puts the value, trimmed, into t. It returns ErrValue where that is none of
	// Allowed, a NoEffect where the value has none, and any other error in words of its
	// own, which the name and the value precede.
	Set func(t *T, value string) error
	// Allowed says in words which values there are.
	Allowed string
	// Secret keeps the value out of errors.
	Secret bool
	// Untrimmed keeps white space around the value, which is no part of it otherwise.
	Untrimmed bool
}

// ErrValue says that a value is not one of those allowed.
var ErrValue = errors.New("not allowed")

// A NoEffect says why a property, or this value of it, has no effect here.
type NoEffect string

func (n NoEffect) Error() string { return "has no effect: " + string(n) }

// Read puts the properties that the table knows into t. Of what has no effect it adds
// the reason to ignored, by name. It returns the properties that the table does not
// know, and an error for each bad value, joined: the property, its value unless that is
// secret, and what is allowed.
func (table Table[T]) Read(props map[string]string, t *T, ignored map[string]string) (rest map[string]string, err error) {
	var errs []error
	rest = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(props)) {
		p, ok := table[name]
		if !ok {
			rest[name] = props[name]
			continue
		}
		value := props[name]
		if !p.Untrimmed {
			value = trim(value)
		}
		shown := name + "=" + value
		if p.Secret {
			shown = name
		}
		err := p.Set(t, value)
		why, without := errors.AsType[NoEffect](err)
		switch {
		case err == nil:
		case without:
			ignored[name] = string(why)
		case errors.Is(err, ErrValue):
			errs = append(errs, fmt.Errorf("%s: allowed is %s", shown, p.Allowed))
		default:
			errs = append(errs, fmt.Errorf("%s: %w", shown, err))
		}
	}
	return rest, errors.Join(errs...)
}

// CheckRest looks at the properties that are in none of a client's tables. Those of
// Kafka's other clients have no effect, which it adds to ignored; what else there is,
// is an error.
func CheckRest(rest, ignored map[string]string) error {
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		if client := clientOf(name); client != "" {
			ignored[name] = "it is a property of " + client
		} else {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return fmt.Errorf("Kafka has no such client property: %s; check the spelling", strings.Join(unknown, ", "))
}

// trim takes away what Java's String.trim does.
func trim(value string) string {
	return strings.TrimFunc(value, func(r rune) bool { return r <= ' ' })
}
