package record

import (
	"errors"
	"fmt"
)

var (
	// ErrPartial says that the bytes end inside a batch. Brokers cut what they
	// send at the size that was asked for, so at the end of a fetch it is
	// ordinary; only when it is the first batch, that batch is larger than what
	// was asked for.
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
