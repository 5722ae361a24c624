package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/barnabas-kafka/barnabas/consumer"
)

// A format is how consume prints a record: literal text and kcat's letters.
type format []formatPart

type formatPart struct {
	literal string
	letter  byte // 0 for literal text
}

// formatLetters are the letters of -f, and what each prints.
const formatLetters = "%t topic, %p partition, %o offset, %k key, %s value, %T timestamp in ms (-1: none), %% a percent sign"

// parseFormat reads the argument of -f. What an escape stands for is literal: \x25 is
// a percent sign, not the beginning of a letter.
func parseFormat(s string) (format, error) {
	var f format
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			f = append(f, formatPart{literal: text.String()})
			text.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			char, size, err := escaped(s[i:])
			if err != nil {
				return nil, err
			}
			text.WriteByte(char)
			i += size - 1
		case s[i] != '%':
			text.WriteByte(s[i])
		case i+1 == len(s) || !strings.Contains("tpoksT%", s[i+1:i+2]):
			return nil, fmt.Errorf("no such letter as %q; letters are %s", s[i:min(i+2, len(s))], formatLetters)
		case s[i+1] == '%':
			text.WriteByte('%')
			i++
		default:
			flush()
			f = append(f, formatPart{letter: s[i+1]})
			i++
		}
	}
	flush()
	return f, nil
}

// append writes the record to dst.
func (f format) append(dst []byte, rec *consumer.Record) []byte {
	for _, part := range f {
		switch part.letter {
		case 0:
			dst = append(dst, part.literal...)
		case 't':
			dst = append(dst, rec.Topic...)
		case 'p':
			dst = strconv.AppendInt(dst, int64(rec.Partition), 10)
		case 'o':
			dst = strconv.AppendInt(dst, rec.Offset, 10)
		case 'k':
			dst = append(dst, rec.Key...)
		case 's':
			dst = append(dst, rec.Value...)
		case 'T':
			ms := int64(-1)
			if !rec.Timestamp.IsZero() {
				ms = rec.Timestamp.UnixMilli()
			}
			dst = strconv.AppendInt(dst, ms, 10)
		}
	}
	return dst
}
