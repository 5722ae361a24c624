package main

import (
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

// parseFormat reads the argument of -f.
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
		if s[i] != '%' && s[i] != '\\' {
			text.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			return nil, usagef("-f %q ends in the middle of %q; letters are %s; \\n, \\t and \\\\", s, s[i-1:], formatLetters)
		}
		switch pair := s[i-1 : i+1]; pair {
		case "%t", "%p", "%o", "%k", "%s", "%T":
			flush()
			f = append(f, formatPart{letter: s[i]})
		case "%%":
			text.WriteByte('%')
		case `\n`:
			text.WriteByte('\n')
		case `\t`:
			text.WriteByte('\t')
		case `\\`:
			text.WriteByte('\\')
		default:
			return nil, usagef("-f %q: no such letter %q; letters are %s; \\n, \\t and \\\\", s, pair, formatLetters)
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
