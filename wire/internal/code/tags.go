package code

import (
	"encoding/binary"
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire"
)

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
func AppendTagsBelow(dst []byte, tags wire.Tags, limit uint32) ([]byte, wire.Tags) {
	for len(tags) > 0 && tags[0].Number < limit {
		dst = appendTag(dst, tags[0])
		tags = tags[1:]
	}
	return dst, tags
}

// AppendTags appends all of the tags.
func AppendTags(dst []byte, tags wire.Tags) []byte {
	for _, tag := range tags {
		dst = appendTag(dst, tag)
	}
	return dst
}

func appendTag(dst []byte, tag wire.Tag) []byte {
	dst = AppendUvarint(AppendUvarint(dst, tag.Number), uint32(len(tag.Data)))
	return append(dst, tag.Data...)
}

// CheckTags returns the tags, or an error unless their numbers ascend; tags may
// be nil.
func CheckTags(tags *wire.Tags) (wire.Tags, error) {
	if tags == nil {
		return nil, nil
	}
	list := *tags
	for i := 1; i < len(list); i++ {
		if list[i-1].Number >= list[i].Number {
			return nil, fmt.Errorf("UnknownTags: tag %d does not come after tag %d; they must ascend", list[i].Number, list[i-1].Number)
		}
	}
	return list, nil
}

// CheckFree returns an error if the number, that of a field which the schema
// knows, is also among these tags.
func CheckFree(tags wire.Tags, number uint32) error {
	for _, tag := range tags {
		if tag.Number == number {
			return fmt.Errorf("UnknownTags: tag %d belongs to a field of this version, which is set, too", number)
		}
	}
	return nil
}

// AppendTagSection appends the tag section of a struct whose schema has no
// tagged fields: their number and the tags, which must ascend; tags may be nil.
func AppendTagSection(dst []byte, tags *wire.Tags) ([]byte, error) {
	if tags == nil {
		return append(dst, 0), nil
	}
	list, err := CheckTags(tags)
	if err != nil {
		return dst, err
	}
	return AppendTags(AppendUvarint(dst, uint32(len(list))), list), nil
}
