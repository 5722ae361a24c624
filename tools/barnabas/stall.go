package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// A stall watches a consumer to which no records come. That may be as it should
// be, when there are none; what is in their way has to be said, and waited for
// no longer than wait.
type stall struct {
	wait    time.Duration
	w       io.Writer
	blocked func(context.Context) (what string, err error) // asks the cluster what is in the way

	since time.Time // when records last came, or nothing was in their way
	next  time.Time // when to ask
	said  bool
	asked chan obstacle // where the answer comes; nil while nothing is asked
}

// An obstacle is what blocked returned, asked at that since.
type obstacle struct {
	what  string
	err   error
	since time.Time
}

// A patientError is what others bound, so that nothing has to be given up here.
type patientError struct{ error }

// moved says that records came, or that nothing is in their way.
func (s *stall) moved() {
	s.since = time.Now()
	s.next = s.since.Add(s.interval())
	s.said = false
}

func (s *stall) interval() time.Duration { return min(sayAfter, s.wait) }

// look asks, beside the reading, when nothing has come for long enough. It says
// once what is in the way, and returns it as an error when it has lasted for the
// time given.
func (s *stall) look(ctx context.Context) error {
	if s.asked == nil {
		if !time.Now().Before(s.next) {
			s.ask(ctx)
		}
		return nil
	}
	select {
	case o := <-s.asked:
		s.asked = nil
		if o.since != s.since || ctx.Err() != nil {
			return nil // records came meanwhile
		}
		return s.judge(o.what, o.err)
	default:
		return nil
	}
}

func (s *stall) ask(ctx context.Context) {
	asked, since := make(chan obstacle, 1), s.since
	s.asked = asked
	limit := min(s.interval(), max(time.Until(since.Add(s.wait)), time.Second))
	go func() {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		what, err := s.blocked(ctx)
		asked <- obstacle{what, err, since}
	}()
}

// end waits until nothing is asked any more. The context of look has ended.
func (s *stall) end() {
	if s.asked != nil {
		<-s.asked
		s.asked = nil
	}
}

func (s *stall) judge(what string, err error) error {
	now, deadline := time.Now(), s.since.Add(s.wait)
	s.next = now.Add(s.interval())
	if s.next.After(deadline) && now.Before(deadline) {
		s.next = deadline
	}
	_, patient := errors.AsType[patientError](err)
	switch {
	case err == nil:
		s.moved()
	case patient:
		if !s.said {
			fmt.Fprintf(s.w, "barnabas: waiting for %s: %v\n", what, err)
		}
		s.said, s.since = true, now
	case !now.Before(deadline):
		return fmt.Errorf("waited %v for %s: %w", s.wait, what, reason(err))
	case !s.said:
		s.said = true
		fmt.Fprintf(s.w, "barnabas: waiting for %s, until %s: %v\n", what, deadline.Format(time.TimeOnly), reason(err))
	}
	return nil
}

// blocked asks the cluster what keeps records from coming, if anything does. Who
// named no end is patient about it, once there is a place in the group.
func (in *incoming) blocked(ctx context.Context) (what string, err error) {
	if !in.joined.Load() {
		return fmt.Sprintf("a place in the group %q", in.opts.group), in.askGroup(ctx)
	}
	what, err = fmt.Sprintf("records of %q", in.opts.topic), in.behind(ctx)
	if err != nil && !in.opts.stopAtEnd && in.opts.count < 0 {
		err = patientError{reason(err)}
	}
	return what, err
}

// behind returns why a partition's position or end is not known, or that there
// are records which do not come.
func (in *incoming) behind(ctx context.Context) error {
	tps := in.consumer.Assignment()
	positions := make([]int64, len(tps))
	for i, tp := range tps {
		var err error
		if positions[i], err = in.consumer.Position(ctx, tp); err != nil {
			return err
		}
	}
	ends, err := in.consumer.EndOffsets(ctx, tps...)
	if err != nil {
		return err
	}
	for i, tp := range tps {
		if positions[i] < ends[tp] {
			return fmt.Errorf("partition %d ends at offset %d, and nothing comes after %d", tp.Partition, ends[tp], positions[i])
		}
	}
	return nil
}

// askGroup asks the group's coordinator how the group does.
func (in *incoming) askGroup(ctx context.Context) error {
	req, resp := msg.NewDescribeGroupsRequest(), msg.NewDescribeGroupsResponse()
	req.Groups = []string{in.opts.group}
	err := in.client.Route(ctx, req, resp)
	if isUnsupported(err) || errors.Is(err, netclient.ErrNoCoordinator) {
		return nil // before 0.9
	}
	if err != nil {
		return fmt.Errorf("asking its coordinator: %w", err)
	}
	for _, e := range netclient.ErrorsIn(resp) {
		return fmt.Errorf("its coordinator says: %w", &e)
	}
	for _, g := range resp.Groups {
		var members []string
		for _, m := range g.Members {
			members = append(members, m.MemberID)
		}
		slices.Sort(members)
		return patientError{fmt.Errorf("it is in the state %s; the group itself bounds how long it waits for its members (%s)",
			g.GroupState, strings.Join(members, ", "))}
	}
	return nil
}
