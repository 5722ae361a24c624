package netclient

import (
	"errors"
	"strings"
	"unicode"

	"github.com/barnabas-kafka/barnabas/netclient/properties"
)

// setJAAS reads a user and a password, or the same of an OAuth client, out of the
// configuration of a Java login module, and leaves out what is for Java.
func setJAAS(d *draft, v string) error {
	options, ok := parseJAAS(v)
	if !ok {
		return properties.ErrValue
	}
	s := &d.security
	for name, value := range options {
		switch name {
		case "username":
			s.user = value
		case "password":
			s.password = NewSecret(value)
		case "clientId":
			s.oauth.ClientID = value
		case "clientSecret":
			s.oauth.ClientSecret = NewSecret(value)
		case "scope":
			s.oauth.Scope = value
		case "tokenauth":
			if strings.EqualFold(value, "true") {
				return errors.New("tokenauth, the login with a delegation token (KIP-48), is not supported")
			}
		}
	}
	return nil
}

// parseJAAS reads: class flag name="value" name='value' name=value;
func parseJAAS(text string) (options map[string]string, ok bool) {
	text, ok = strings.CutSuffix(strings.TrimSpace(text), ";")
	_, text = cutWord(text)
	flag, text := cutWord(text)
	if !ok || flag == "" {
		return nil, false
	}
	options = map[string]string{}
	for {
		text = strings.TrimSpace(text)
		if text == "" {
			return options, true
		}
		name, rest, found := strings.Cut(text, "=")
		if !found || strings.ContainsAny(name, "\"'") {
			return nil, false
		}
		value, rest, closed := jaasValue(strings.TrimSpace(rest))
		if !closed {
			return nil, false
		}
		options[strings.TrimSpace(name)], text = value, rest
	}
}

// cutWord takes what comes before the first white space.
func cutWord(text string) (word, rest string) {
	text = strings.TrimSpace(text)
	if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

// jaasValue takes a value from the front of text; within quotes a backslash keeps
// what follows as it is.
func jaasValue(text string) (value, rest string, closed bool) {
	if text == "" || text[0] != '"' && text[0] != '\'' {
		end := strings.IndexAny(text, " \t\r\n")
		if end < 0 {
			end = len(text)
		}
		return text[:end], text[end:], true
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == text[0]:
			return b.String(), text[i+1:], true
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		b.WriteByte(text[i])
	}
	return "", "", false
}
