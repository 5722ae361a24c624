package record

import (
	"errors"
	"fmt"
)

var (
	// ErrPartial says that the bytes end inside a batch. It is found in a
	// *PartialError.
	ErrPartial = errors.New("the bytes end inside a batch")
	// ErrCRC says that a batch or message is not what its CRC was computed of. It
	// is found in a *CorruptError.
	ErrCRC = errors.New("CRC mismatch")
	// ErrNoHeaders says that records with headers can't be written in formats v0
	// and v1, which have none.
	ErrNoHeaders = errors.New("headers need message format v2: a broker of 0.11 or newer")
	// ErrTooLarge says that a batch would grow beyond what its length field, 31
	// bits, can say.
	ErrTooLarge = errors.New("a batch can't be larger than 2 GiB")
)

// A PartialError says that the bytes end inside a batch, or a message of v0 or
// v1, and how many it has. Brokers cut what they send at the size that was asked
// for, so at the end of a fetch it is ordinary. Where Position is 0 there is no
// whole batch before it: this one is larger than the fetch, and only a larger
// fetch, of Size bytes, brings it. At the end of a file it was not written whole.
type PartialError struct {
	Position int   // where the batch begins, in the bytes that the Reader was given
	Offset   int64 // the batch's first offset (that of a wrapper of v0 or v1 is its last), or -1 where that is cut off
	Size     int   // how many bytes the batch has, as it says itself, or 0 where that is cut off
	Have     int   // how many of them are there
}

// Error has all of it in a line.
func (e *PartialError) Error() string {
	if e.Size == 0 {
		return fmt.Sprintf("%v: %d bytes of it are there (from byte %d on)", ErrPartial, e.Have, e.Position)
	}
	return fmt.Sprintf("%v: %d of its %d bytes are there (offset %d, from byte %d on)", ErrPartial, e.Have, e.Size, e.Offset, e.Position)
}

// Unwrap returns ErrPartial.
func (e *PartialError) Unwrap() error { return ErrPartial }

// A LimitError says that unpacking was given up because it would have taken more
// memory than allowed.
type LimitError struct {
	Limit int // in bytes
}

// Error names the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("unpacks to more than the limit of %d bytes", e.Limit)
}

// A CorruptError says what is wrong with a batch, and where.
type CorruptError struct {
	Offset   int64 // the first offset of the batch, as it says itself; of a wrapper of v0 or v1 the last
	Position int   // of the batch in the bytes that the Reader was given
	At       int   // of the damage: a byte of the batch or, where Unpacked is set, of what it unpacks to
	Unpacked bool
	Err      error // what is wrong
}

// Error has all of it in a line.
func (e *CorruptError) Error() string {
	unpacked := ""
	if e.Unpacked {
		unpacked = " of what it unpacks to"
	}
	return fmt.Sprintf("record batch at offset %d (from byte %d on), at its byte %d%s: %v", e.Offset, e.Position, e.At, unpacked, e.Err)
}

// Unwrap returns what is wrong.
func (e *CorruptError) Unwrap() error { return e.Err }

// A place is where a batch is.
type place struct {
	offset   int64
	position int
}

func (p place) corrupt(at int, unpacked bool, err error) error {
	return &CorruptError{Offset: p.offset, Position: p.position, At: at, Unpacked: unpacked, Err: err}
}
