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
