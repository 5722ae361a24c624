package kafkatest

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// checkLZ4Header checks the header checksum of an lz4 frame as brokers do. Those
// before 0.10 compute it over the frame's magic number too, which is wrong, and
// take no other. From 0.10 on it must be right in message format v1; in v0 nobody
// looks, for the sake of old clients (KIP-57).
func checkLZ4Header(frame []byte, format record.Format, r release) error {
	if format == record.V0 && r.at(0, 10) {
		return nil
	}
	// The magic number, two bytes of flags, perhaps the size of the content.
	end := 6
	if len(frame) > 4 && frame[4]&0x08 != 0 {
		end += 8
	}
	if len(frame) <= end {
		return errors.New("an lz4 frame without a whole header")
	}
	from := 4
	if format == record.V0 {
		from = 0
	}
	if frame[end] != byte(xxh32(frame[from:end])>>8) {
		return errors.New("the lz4 frame's header checksum is not what this release wants")
	}
	return nil
}

// xxh32 is the hash XXH32, of fewer than 16 bytes, with seed 0.
func xxh32(b []byte) uint32 {
	const (
		prime1 = 2654435761
		prime2 = 2246822519
		prime3 = 3266489917
		prime4 = 668265263
		prime5 = 374761393
	)
	h := prime5 + uint32(len(b))
	for ; len(b) >= 4; b = b[4:] {
		h = bits.RotateLeft32(h+binary.LittleEndian.Uint32(b)*prime3, 17) * prime4
	}
	for _, c := range b {
		h = bits.RotateLeft32(h+uint32(c)*prime5, 11) * prime1
	}
	h = (h ^ h>>15) * prime2
	h = (h ^ h>>13) * prime3
	return h ^ h>>16
}
