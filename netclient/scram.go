package netclient

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"unicode"
)

// ScramSHA256 is the mechanism SCRAM-SHA-256 (RFC 5802, RFC 7677; KIP-84): the
// password does not go to the broker, and the broker proves that it knows it,
// too.
//
// The bytes of the password count as they are: Kafka leaves out the preparation
// (SASLprep) that the RFC asks for, so a no-break space is not a space. Kafka lets
// nobody in whose user name is not of ASCII.
func ScramSHA256(user, password string) Mechanism {
	return &scram{"SCRAM-SHA-256", sha256.New, user, NewSecret(password)}
}

// ScramSHA512 is the mechanism SCRAM-SHA-512.
func ScramSHA512(user, password string) Mechanism {
	return &scram{"SCRAM-SHA-512", sha512.New, user, NewSecret(password)}
}

// errImpostor says that the other side of a login does not know the password.
var errImpostor = errors.New("the broker does not know the password: its signature is wrong; somebody else may pose as it")

type scram struct {
	name     string
	hash     func() hash.Hash
	user     string
	password Secret
}

// How many rounds a broker may ask for: fewer make the password easy to guess
// for whoever listens, more keep this program busy. Kafka has 4096 to 16384.
const (
	minIterations = 4096
	maxIterations = 1_000_000
)

// scramBase64 is that of RFC 5802.
var scramBase64 = base64.StdEncoding.Strict()

// scramName makes a user name fit between commas.
var scramName = strings.NewReplacer("=", "=3D", ",", "=2C")

func (s *scram) Name() string   { return s.name }
func (s *scram) String() string { return s.name + " as " + s.user }

func (s *scram) Authenticate(_ context.Context, _ string, send func([]byte) ([]byte, error)) ([]byte, error) {
	nonce := rand.Text()
	first := "n=" + scramName.Replace(s.user) + ",r=" + nonce
	answer, err := send([]byte("n,," + first))
	if err != nil {
		return nil, s.explain(err)
	}
	challenge, err := parseChallenge(string(answer), nonce)
	if err != nil {
		return nil, err
	}
	salted, err := s.salt(challenge)
	if err != nil {
		return nil, err
	}
	final := "c=biws,r=" + challenge.nonce // "biws" is "n,,"
	said := first + "," + string(answer) + "," + final
	answer, err = send([]byte(final + ",p=" + scramBase64.EncodeToString(s.proof(salted, said))))
	if err != nil {
		return nil, err
	}
	return nil, s.checkSignature(string(answer), salted, said)
}

// explain adds to a refusal what Kafka does not say: it makes users with any
// name, and knows only those of ASCII when they log in (seen on 4.4.0).
func (s *scram) explain(err error) error {
	beyond := strings.ContainsFunc(s.user, func(r rune) bool { return r > unicode.MaxASCII })
	if refused, ok := errors.AsType[*AuthError](err); ok && beyond {
		refused.Err = fmt.Errorf("%w (Kafka's SCRAM knows only user names of ASCII)", refused.Err)
	}
	return err
}

// salt makes what the password is known by here and at the broker.
func (s *scram) salt(c scramChallenge) ([]byte, error) {
	return pbkdf2.Key(s.hash, s.password.Reveal(), c.salt, c.iterations, s.hash().Size())
}

// proof shows that this side knows the password, and tells nothing of it.
func (s *scram) proof(salted []byte, said string) []byte {
	key := s.mac(salted, "Client Key")
	digest := s.hash()
	digest.Write(key)
	proof := s.mac(digest.Sum(nil), said)
	for i := range proof {
		proof[i] ^= key[i]
	}
	return proof
}

// checkSignature refuses a broker that does not know the password.
func (s *scram) checkSignature(answer string, salted []byte, said string) error {
	if why, ok := strings.CutPrefix(answer, "e="); ok {
		return fmt.Errorf("the broker refuses: %.100q", why)
	}
	text, ok := strings.CutPrefix(answer, "v=")
	text, _, _ = strings.Cut(text, ",")
	signature, err := scramBase64.DecodeString(text)
	if !ok || err != nil {
		return errors.New("the broker's last message is not one of SCRAM")
	}
	if !hmac.Equal(signature, s.mac(s.mac(salted, "Server Key"), said)) {
		return errImpostor
	}
	return nil
}

func (s *scram) mac(key []byte, text string) []byte {
	m := hmac.New(s.hash, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// scramChallenge is a broker's first message.
type scramChallenge struct {
	nonce      string // this side's, then the broker's
	salt       []byte
	iterations int
}

// parseChallenge reads "r=nonce,s=salt,i=iterations", after which there may be
// extensions.
func parseChallenge(text, nonce string) (c scramChallenge, err error) {
	parts := strings.Split(text, ",")
	if len(parts) < 3 || !strings.HasPrefix(parts[0], "r=") || !strings.HasPrefix(parts[1], "s=") || !strings.HasPrefix(parts[2], "i=") {
		return c, errors.New("the broker's first message is not one of SCRAM")
	}
	c.nonce = parts[0][2:]
	if !strings.HasPrefix(c.nonce, nonce) || len(c.nonce) == len(nonce) {
		return c, errors.New("the broker's nonce does not continue this client's: its message belongs to another login")
	}
	if c.salt, err = scramBase64.DecodeString(parts[1][2:]); err != nil || len(c.salt) == 0 {
		return c, errors.New("the broker's first message has no salt")
	}
	c.iterations, err = strconv.Atoi(parts[2][2:])
	if err != nil || c.iterations < minIterations || c.iterations > maxIterations {
		return c, fmt.Errorf("the broker asks for %.20q iterations; %d to %d are accepted", parts[2][2:], minIterations, maxIterations)
	}
	return c, nil
}
