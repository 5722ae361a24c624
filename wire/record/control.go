package record

import (
	"encoding/binary"
	"fmt"
)

// A ControlType is what a control record is about.
type ControlType int16

// The types of control records. Clients meet the first two, which end a
// transaction; the others are in the log of a KRaft controller.
const (
	ControlAbort          ControlType = 0
	ControlCommit         ControlType = 1
	ControlLeaderChange   ControlType = 2
	ControlSnapshotHeader ControlType = 3
	ControlSnapshotFooter ControlType = 4
	ControlKRaftVersion   ControlType = 5
	ControlKRaftVoters    ControlType = 6
)

var controlNames = [...]string{"abort", "commit", "leader change", "snapshot header", "snapshot footer", "KRaft version", "KRaft voters"}

// String is a word or two; an unknown type is named by its number.
func (t ControlType) String() string {
	if t < 0 || int(t) >= len(controlNames) {
		return fmt.Sprintf("control record type %d", int16(t))
	}
	return controlNames[t]
}

// A Control is what a control record says (KIP-98).
type Control struct {
	Type    ControlType // may be one that nobody knows yet; such records are to be passed over
	Version int16       // of the record's key; 0 so far
	// CoordinatorEpoch is that of the transaction coordinator that wrote the marker
	// (EndTxnMarker), and -1 where Type is neither ControlAbort nor ControlCommit.
	// The value of other types is a message of its own, in package msg.
	CoordinatorEpoch int32
}

const (
	controlKey  = 4 // bytes of the version and the type
	endTxnValue = 6 // bytes of a version and the coordinator's epoch
)

// Control reads a record of a batch in which Batch.Control is set. What newer
// versions have beyond is ignored, as Java does. It is an error when the key or
// the value is too short.
func (r *Record) Control() (Control, error) {
	if len(r.Key) < controlKey {
		return Control{}, fmt.Errorf("control record at offset %d: its key has %d bytes, and %d are a version and a type", r.Offset, len(r.Key), controlKey)
	}
	c := Control{Version: int16At(r.Key, 0), Type: ControlType(int16At(r.Key, 2)), CoordinatorEpoch: -1}
	if c.Version < 0 {
		return Control{}, fmt.Errorf("control record at offset %d: version %d", r.Offset, c.Version)
	}
	if c.Type != ControlAbort && c.Type != ControlCommit {
		return c, nil
	}
	switch {
	case len(r.Value) < endTxnValue:
		return Control{}, fmt.Errorf("%v marker at offset %d: its value has %d bytes, and %d are a version and the coordinator's epoch", c.Type, r.Offset, len(r.Value), endTxnValue)
	case int16At(r.Value, 0) < 0:
		return Control{}, fmt.Errorf("%v marker at offset %d: version %d", c.Type, r.Offset, int16At(r.Value, 0))
	}
	c.CoordinatorEpoch = int32At(r.Value, 2)
	return c, nil
}

// AppendMarker makes the batch the one that ends a transaction: it appends the
// marker, ControlCommit or ControlAbort, as the coordinator with that epoch writes
// it into each partition, and marks the batch as one of control records and of a
// transaction. Stamp gives it the producer's id and epoch, with sequence -1.
func (b *Builder) AppendMarker(timestamp int64, t ControlType, coordinatorEpoch int32) error {
	var key [controlKey]byte
	var value [endTxnValue]byte
	binary.BigEndian.PutUint16(key[2:], uint16(t))
	binary.BigEndian.PutUint32(value[2:], uint32(coordinatorEpoch))
	b.SetTransactional()
	b.SetControl()
	return b.Append(timestamp, key[:], value[:], nil)
}
