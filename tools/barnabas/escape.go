package main

import (
	"fmt"
	"strconv"
	"strings"
)

// escapes are those of every option that takes text, as -h lists them.
const escapes = `\n, \t, \r, \0, \xHH and \\`

// unescape returns the text that an option's argument stands for.
func unescape(s string) (string, error) {
	var text strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			text.WriteByte(s[i])
			i++
			continue
		}
		char, size, err := escaped(s[i:])
		if err != nil {
			return "", err
		}
		text.WriteByte(char)
		i += size
	}
	return text.String(), nil
}

// escaped reads the escape at the beginning of s, which begins with a
// backslash: the character meant, and the length of the escape.
func escaped(s string) (char byte, size int, err error) {
	if len(s) < 2 {
		return 0, 0, fmt.Errorf(`%q ends after a backslash; there are %s`, s, escapes)
	}
	switch s[1] {
	case 'n':
		return '\n', 2, nil
	case 't':
		return '\t', 2, nil
	case 'r':
		return '\r', 2, nil
	case '0':
		return 0, 2, nil
	case '\\':
		return '\\', 2, nil
	case 'x':
		if len(s) >= 4 {
			if n, err := strconv.ParseUint(s[2:4], 16, 8); err == nil {
				return byte(n), 4, nil
			}
		}
	}
	return 0, 0, fmt.Errorf(`no such escape as %s; there are %s`, s[:2], escapes)
}
