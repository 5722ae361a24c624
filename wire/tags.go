package wire

// A Tag is a tagged field that the schema does not know. It is kept, so that
// whoever passes a message on loses nothing.
type Tag struct {
	Number uint32
	Data   []byte
}

// Tags are the unknown tagged fields of one struct, by ascending number. Structs
// have a pointer to them, since nearly all have none: nil is none.
type Tags []Tag

// list returns the tags; tags may be nil.
func (tags *Tags) list() Tags {
	if tags == nil {
		return nil
	}
	return *tags
}

// Len is how many there are; tags may be nil.
func (tags *Tags) Len() int { return len(tags.list()) }
