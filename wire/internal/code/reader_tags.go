package code

import "github.com/barnabas-kafka/barnabas/wire"

// TagCount reads how many tagged fields follow.
func (r *Reader) TagCount() int {
	at := r.pos
	n := r.Uvarint()
	if int64(n) > int64((r.Remaining()-r.owed)/2) { // number and size take a byte each
		r.fail(at, "%d tagged fields", n)
	}
	if r.Failed() {
		return 0
	}
	return int(n)
}

// TaggedField reads the number and the size of a tagged field and returns where
// it ends.
func (r *Reader) TaggedField() (number uint32, end int) {
	at := r.pos
	number = r.Uvarint()
	size := r.Uvarint()
	if int64(size) > int64(r.Remaining()) {
		r.fail(at, "tagged field %d of length %d", number, size)
	}
	if r.Failed() {
		return number, r.pos
	}
	return number, r.pos + int(size)
}

// EndOfTag checks that a tagged field that the schema knows ended where its
// size said.
func (r *Reader) EndOfTag(number uint32, end int) {
	if !r.Failed() && r.pos != end {
		r.Fail("tagged field %d ends %d bytes away from where its size says", number, r.pos-end)
	}
}

// UnknownTag keeps a tagged field that the schema does not know, or not in that
// version. At most left fields are still to come, this one included.
func (r *Reader) UnknownTag(tags *wire.Tags, number uint32, end, left int) *wire.Tags {
	if r.Failed() {
		return tags
	}
	if tags == nil {
		list := make(wire.Tags, 0, left)
		tags = &list
	}
	*tags = append(*tags, wire.Tag{Number: number, Data: r.take(end-r.pos, r.pos)})
	return tags
}

// NoTags reads a tag section if it is empty, as nearly all are, and tells
// whether it was.
func (r *Reader) NoTags() bool {
	if at := r.pos; at < len(r.src) && r.src[at] == 0 {
		r.pos++
		return true
	}
	return false
}

// UnknownTags reads a tag section and keeps all of it; nil where it is empty.
func (r *Reader) UnknownTags() (tags *wire.Tags) {
	for left := r.TagCount(); left > 0 && !r.Failed(); left-- {
		number, end := r.TaggedField()
		tags = r.UnknownTag(tags, number, end, left)
	}
	return tags
}
