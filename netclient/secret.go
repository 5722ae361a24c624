package netclient

// Secret is a text that is never printed: no verb of package fmt, no logger and
// no encoder shows it, wherever it is kept. The zero Secret is empty.
type Secret struct {
	text func() string // fmt shows the values of fields, but of a function only where it is
}

// NewSecret makes a Secret of a text.
func NewSecret(text string) Secret { return Secret{func() string { return text }} }

// Reveal gives the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return s.text()
}

// String does not give the text.
func (s Secret) String() string {
	if s.Reveal() == "" {
		return ""
	}
	return "[hidden]"
}

// GoString does not give the text either.
func (s Secret) GoString() string { return "netclient.Secret(" + s.String() + ")" }
