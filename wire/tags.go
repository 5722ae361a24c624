package wire

import (
	"encoding/binary"
	"fmt"
)

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

// AppendTagged closes the field that begins at start: it puts the field's
// number and size before what was appended since.
func AppendTagged(dst []byte, start int, number uint32) []byte {
	size := len(dst) - start
	var head [2 * binary.MaxVarintLen32]byte
	n := binary.PutUvarint(head[:], uint64(number))
	n += binary.PutUvarint(head[n:], uint64(size))
	dst = append(dst, head[:n]...) // makes room
	copy(dst[start+n:], dst[start:start+size])
	copy(dst[start:], head[:n])
	return dst
}

// AppendTagsBelow appends the tags whose number is below the limit and returns
// the others.
func AppendTagsBelow(dst []byte, tags Tags, limit uint32) ([]byte, Tags) {
	for len(tags) > 0 && tags[0].Number < limit {
		dst = appendTag(dst, tags[0])
		tags = tags[1:]
	}
	return dst, tags
}

// AppendTags appends all of the tags.
func AppendTags(dst []byte, tags Tags) []byte {
	for _, tag := range tags {
		dst = appendTag(dst, tag)
	}
	return dst
}

func appendTag(dst []byte, tag Tag) []byte {
	dst = AppendUvarint(AppendUvarint(dst, tag.Number), uint32(len(tag.Data)))
	return append(dst, tag.Data...)
}

// Checked returns the tags, or an error unless their numbers ascend; tags may be
// nil.
func (tags *Tags) Checked() (Tags, error) {
	list := tags.list()
	for i := 1; i < len(list); i++ {
		if list[i-1].Number >= list[i].Number {
			return nil, fmt.Errorf("UnknownTags: tag %d does not come after tag %d; they must ascend", list[i].Number, list[i-1].Number)
		}
	}
	return list, nil
}

// CheckFree returns an error if the number, that of a field which the schema
// knows, is also among these tags.
func (tags Tags) CheckFree(number uint32) error {
	for _, tag := range tags {
		if tag.Number == number {
			return fmt.Errorf("UnknownTags: tag %d belongs to a field of this version, which is set, too", number)
		}
	}
	return nil
}

// AppendTagSection appends the tag section of a struct whose schema has no
// tagged fields: their number and the tags, which must ascend; tags may be nil.
func AppendTagSection(dst []byte, tags *Tags) ([]byte, error) {
	if tags == nil {
		return append(dst, 0), nil
	}
	list, err := tags.Checked()
	if err != nil {
		return dst, err
	}
	return AppendTags(AppendUvarint(dst, uint32(len(list))), list), nil
}
