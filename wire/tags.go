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

// Tags are the unknown tagged fields of one struct, by ascending number.
type Tags []Tag

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
	dst = AppendUvarint(dst, tag.Number)
	return AppendBytesWithUvarint(dst, tag.Data)
}

// AppendBytesWithUvarint appends the length, as it is, and the bytes.
func AppendBytesWithUvarint(dst, v []byte) []byte {
	return append(AppendUvarint(dst, uint32(len(v))), v...)
}

// Check returns an error unless the numbers ascend.
func (tags Tags) Check() error {
	for i := 1; i < len(tags); i++ {
		if tags[i-1].Number >= tags[i].Number {
			return fmt.Errorf("UnknownTags: tag %d does not come after tag %d; they must ascend", tags[i].Number, tags[i-1].Number)
		}
	}
	return nil
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
// tagged fields: their number and the tags. Their numbers must ascend.
func AppendTagSection(dst []byte, tags Tags) ([]byte, error) {
	if err := tags.Check(); err != nil {
		return dst, err
	}
	return AppendTags(AppendUvarint(dst, uint32(len(tags))), tags), nil
}
