package consumer

import "fmt"

// PartitionErrors are the errors of those partitions that failed in a call about several: the others
// have their results all the same. errors.Is and errors.AsType look into each of them.
type PartitionErrors struct {
	Errs []*PartitionError // at least one, sorted by partition
}

// partitionErrors joins the errors of partitions; nil if there are none.
func partitionErrors(op string, failed map[TopicPartition]error) error {
	if len(failed) == 0 {
		return nil
	}
	e := &PartitionErrors{}
	for _, tp := range sortedKeys(failed) {
		e.Errs = append(e.Errs, &PartitionError{TopicPartition: tp, Op: op, Err: failed[tp]})
	}
	return e
}

// Error has the first of them, and how many there are.
func (e *PartitionErrors) Error() string {
	switch n := len(e.Errs) - 1; n {
	case 0:
		return e.Errs[0].Error()
	case 1:
		return fmt.Sprintf("%v; and another partition failed", e.Errs[0])
	default:
		return fmt.Sprintf("%v; and %d more partitions failed", e.Errs[0], n)
	}
}

// Unwrap is all of them.
func (e *PartitionErrors) Unwrap() []error {
	errs := make([]error, len(e.Errs))
	for i, err := range e.Errs {
		errs[i] = err
	}
	return errs
}
