package code

import (
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire"
)

// ErrorNotInVersion is for a field that holds something and that the version
// does not have.
func ErrorNotInVersion(message string, version int16, field string) error {
	return &wire.EncodeError{Message: message, Version: version, Field: field, Reason: "this version has no such field, and it is not at its default, which SetDefaults sets"}
}

// ErrorNull is for a field that is nil and can't be null in the version.
func ErrorNull(message string, version int16, field string) error {
	return &wire.EncodeError{Message: message, Version: version, Field: field, Reason: "nil, and it can't be null in this version"}
}

// ErrorTooLong is for a string that is longer than wire.MaxString.
func ErrorTooLong(message string, version int16, field string, length int) error {
	return &wire.EncodeError{Message: message, Version: version, Field: field, Reason: fmt.Sprintf("%d bytes, and a string has at most %d", length, wire.MaxString)}
}

// CheckVersion returns a *wire.VersionError unless the message has that version.
func CheckVersion(message string, version int16, have wire.VersionRange) error {
	if !have.Contains(version) {
		return &wire.VersionError{Message: message, Version: version, Have: have}
	}
	return nil
}
