package producer

import "sync"

// inbox is where other goroutines tell the sender what has happened. Telling
// never waits.
type inbox struct {
	wake chan struct{} // holds one message when there is news

	mu   sync.Mutex // guards what follows
	news news
	read news // what take gave last, to be used again
}

// news is what the sender was told since it last looked.
type news struct {
	partitions []*partition // to look at
	answered   []*request
	connected  []connection
	all        bool // look at every partition that has something waiting
}

// connection is the outcome of an attempt to connect to a broker, or the end of
// a connection.
type connection struct {
	node  int32
	link  link
	err   error
	ended bool
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

func (in *inbox) partition(p *partition) {
	in.mu.Lock()
	in.news.partitions = append(in.news.partitions, p)
	in.mu.Unlock()
	in.ring()
}

func (in *inbox) answered(r *request) {
	in.mu.Lock()
	in.news.answered = append(in.news.answered, r)
	in.mu.Unlock()
	in.ring()
}

func (in *inbox) connected(c connection) {
	in.mu.Lock()
	in.news.connected = append(in.news.connected, c)
	in.mu.Unlock()
	in.ring()
}

func (in *inbox) all() {
	in.mu.Lock()
	in.news.all = true
	in.mu.Unlock()
	in.ring()
}

func (in *inbox) ring() {
	select {
	case in.wake <- struct{}{}:
	default:
	}
}

// take gives the news; it is good until the next take.
func (in *inbox) take() *news {
	in.mu.Lock()
	defer in.mu.Unlock()
	clear(in.read.partitions)
	clear(in.read.answered)
	clear(in.read.connected)
	in.read, in.news = in.news, news{
		partitions: in.read.partitions[:0], answered: in.read.answered[:0], connected: in.read.connected[:0],
	}
	return &in.read
}
