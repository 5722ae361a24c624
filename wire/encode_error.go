package wire

import "fmt"

// An EncodeError says why a message can't be written in a version.
type EncodeError struct {
	Message string
	Version int16
	Field   string
	Reason  string
}

// Error has all of it in a line.
func (e *EncodeError) Error() string {
	return fmt.Sprintf("%s v%d: %s: %s", e.Message, e.Version, e.Field, e.Reason)
}

// ErrorNotInVersion is for a field that holds something and that the version
// does not have.
func ErrorNotInVersion(message string, version int16, field string) error {
	return &EncodeError{message, version, field, "this version has no such field, and it is not at its default, which SetDefaults sets"}
}

// ErrorNull is for a field that is nil and can't be null in the version.
func ErrorNull(message string, version int16, field string) error {
	return &EncodeError{message, version, field, "nil, and it can't be null in this version"}
}

// ErrorTooLong is for a string that is longer than MaxString.
func ErrorTooLong(message string, version int16, field string, length int) error {
	return &EncodeError{message, version, field, fmt.Sprintf("%d bytes, and a string has at most %d", length, MaxString)}
}

// A VersionError says that a message has no such version.
type VersionError struct {
	Message string
	Version int16
	Have    VersionRange // the versions that there are
}

// Error has all of it in a line.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%s v%d: no such version; there are %s", e.Message, e.Version, e.Have)
}

// CheckVersion returns a *VersionError unless the message has that version.
func CheckVersion(message string, version int16, have VersionRange) error {
	if !have.Contains(version) {
		return &VersionError{message, version, have}
	}
	return nil
}
