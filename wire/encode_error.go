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
	if e.Field == "" {
		return fmt.Sprintf("%s v%d: %s", e.Message, e.Version, e.Reason)
	}
	return fmt.Sprintf("%s v%d: %s: %s", e.Message, e.Version, e.Field, e.Reason)
}

// ErrorNotInVersion is for a field that holds something and that the version
// does not have.
func ErrorNotInVersion(message string, version int16, field string) error {
	return &EncodeError{message, version, field, "this version has no such field, and it is not at its default"}
}

// ErrorNull is for a field that is nil and can't be null in the version.
func ErrorNull(message string, version int16, field string) error {
	return &EncodeError{message, version, field, "nil, and it can't be null in this version"}
}

// ErrorTooLong is for a string that only a flexible version could carry.
func ErrorTooLong(message string, version int16, field string, length int) error {
	return &EncodeError{message, version, field, fmt.Sprintf("%d bytes, and this version carries at most %d", length, MaxString)}
}

// CheckVersion returns an error unless the message has that version.
func CheckVersion(message string, version int16, has VersionRange) error {
	if !has.Contains(version) {
		return &EncodeError{message, version, "", fmt.Sprintf("no such version; there are %s", has)}
	}
	return nil
}
