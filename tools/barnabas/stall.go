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
	wait time.Duration
	w    io.Writer

	since time.Time // when records last came, or nothing was in their way
	next  time.Time // when to look
	said  bool
}

// moved says that records came, or that nothing is in their way.
func (s *stall) moved() {
	s.since = time.Now()
	s.next = s.since.Add(s.interval())
	s.said = false
}

func (s *stall) interval() time.Duration { return min(sayAfter, s.wait) }

// due reports whether nothing has come for so long that it is time to look.
func (s *stall) due() bool { return !time.Now().Before(s.next) }

// A patientError is what others bound, so that nothing has to be given up here.
type patientError struct{ error }

// look asks what is in the way, says it once, and returns it as an error when
// it has lasted for the time given.
func (s *stall) look(ctx context.Context, blocked func(context.Context) (what string, err error)) error {
	deadline := s.since.Add(s.wait)
	asking, cancel := context.WithTimeout(ctx, min(s.interval(), max(time.Until(deadline), time.Second)))
	defer cancel()
	what, err := blocked(asking)
	now := time.Now()
	s.next = now.Add(s.interval())
	if s.next.After(deadline) && now.Before(deadline) {
		s.next = deadline
	}
	_, patient := errors.AsType[patientError](err)
	switch {
	case ctx.Err() != nil:
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

// blocked asks the cluster what keeps records from coming, if anything does.
func (in *incoming) blocked(ctx context.Context) (what string, err error) {
	if !in.joined {
		what = fmt.Sprintf("a place in the group %q", in.opts.group)
		return what, in.askGroup(ctx)
	}
	what = fmt.Sprintf("records of %q", in.opts.topic)
	tps := in.consumer.Assignment()
	positions := make([]int64, len(tps))
	for i, tp := range tps {
		if positions[i], err = in.consumer.Position(ctx, tp); err != nil {
			return what, err
		}
	}
	ends, err := in.consumer.EndOffsets(ctx, tps...)
	if err != nil {
		return what, err
	}
	for i, tp := range tps {
		if positions[i] < ends[tp] {
			return what, fmt.Errorf("partition %d ends at offset %d, and nothing comes after %d", tp.Partition, ends[tp], positions[i])
		}
	}
	return what, nil
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
