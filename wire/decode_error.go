package wire

import "fmt"

// A DecodeError says why bytes are not the message that they should be, and
// where.
type DecodeError struct {
	Message string // such as FetchResponse
	Version int16
	Path    string // of the field, by Kafka's names, such as Responses[3].Partitions[0].Records
	Offset  int    // where the value that can't be read begins
	Size    int    // of the whole message
	Reason  string
}

// Error has all of it in a line.
func (e *DecodeError) Error() string {
	path := e.Path
	if path != "" {
		path += ": "
	}
	return fmt.Sprintf("%s v%d: %s%s at byte %d of %d", e.Message, e.Version, path, e.Reason, e.Offset, e.Size)
}
