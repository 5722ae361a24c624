package netclient

// ConsumerGroupMetadata identifies a member of a consumer group in one
// generation: what a transactional producer needs to commit offsets in the
// consumer's place (KIP-447). It lives here because neither the producer nor
// the consumer imports the other.
type ConsumerGroupMetadata struct {
	GroupID         string
	GenerationID    int32   // -1: not a member of a generation
	MemberID        string  // empty: not a member
	GroupInstanceID *string // nil: not a static member
}
