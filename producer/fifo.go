package producer

// fifo is a queue that keeps its memory.
type fifo[T any] struct {
	items []T
	head  int
}

func (q *fifo[T]) len() int    { return len(q.items) - q.head }
func (q *fifo[T]) at(i int) *T { return &q.items[q.head+i] }

func (q *fifo[T]) push(v T) {
	if len(q.items) == cap(q.items) && q.head > 0 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, v)
}

func (q *fifo[T]) pop() T {
	v := q.items[q.head]
	var zero T
	q.items[q.head] = zero
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return v
}

// insert puts v before the i-th item.
func (q *fifo[T]) insert(i int, v T) {
	q.push(v)
	for j := q.len() - 1; j > i; j-- {
		*q.at(j), *q.at(j - 1) = *q.at(j - 1), *q.at(j)
	}
}

// remove takes out the first item that is meant, and reports whether there was
// one.
func (q *fifo[T]) remove(meant func(T) bool) bool {
	for i := range q.len() {
		if !meant(*q.at(i)) {
			continue
		}
		for ; i > 0; i-- {
			*q.at(i) = *q.at(i - 1)
		}
		q.pop()
		return true
	}
	return false
}
