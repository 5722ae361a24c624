package kafkatest

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strings"
	"time"
	"unicode"
)

// plainServer is RFC 4616.
func plainServer(cfg *SASLConfig) saslExchange {
	return func(token []byte) ([]byte, bool, error) {
		parts := strings.Split(string(token), "\x00")
		if len(parts) != 3 || parts[0] != "" && parts[0] != parts[1] {
			return nil, false, errSASL
		}
		password, ok := cfg.Users[parts[1]]
		if !ok || password != parts[2] {
			return nil, false, errSASL
		}
		return []byte{}, true, nil
	}
}

func scramServer256(cfg *SASLConfig) saslExchange { return scramServer(cfg, sha256.New) }
func scramServer512(cfg *SASLConfig) saslExchange { return scramServer(cfg, sha512.New) }

// scramIterations is the least that brokers take.
const scramIterations = 4096

// scramServer is RFC 5802.
func scramServer(cfg *SASLConfig, h func() hash.Hash) saslExchange {
	var clientFirst, serverFirst, nonce string
	var salted []byte
	first := func(token []byte) ([]byte, error) {
		bare, ok := strings.CutPrefix(string(token), "n,,")
		attributes := strings.Split(bare, ",")
		if !ok || len(attributes) != 2 || !strings.HasPrefix(attributes[0], "n=") || !strings.HasPrefix(attributes[1], "r=") {
			return nil, errors.New("Authentication failed: not a first message of SCRAM")
		}
		user := strings.NewReplacer("=2C", ",", "=3D", "=").Replace(attributes[0][2:])
		password, ok := cfg.Users[user]
		if !ok || strings.ContainsFunc(user, func(r rune) bool { return r > unicode.MaxASCII }) { // as Kafka's own parser
			return nil, errors.New("Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM")
		}
		salt := []byte(rand.Text())
		var err error
		if salted, err = pbkdf2.Key(h, password, salt, scramIterations, h().Size()); err != nil {
			return nil, err
		}
		clientFirst, nonce = bare, attributes[1][2:]+rand.Text()
		serverFirst = fmt.Sprintf("r=%s,s=%s,i=%d", nonce, base64.StdEncoding.EncodeToString(salt), scramIterations)
		return []byte(serverFirst), nil
	}
	final := func(token []byte) ([]byte, error) {
		without, proof, _ := strings.Cut(string(token), ",p=")
		got, err := base64.StdEncoding.DecodeString(proof)
		if err != nil || without != "c=biws,r="+nonce {
			return nil, errors.New("Authentication failed: not a final message of SCRAM")
		}
		mac := func(key []byte, text string) []byte {
			m := hmac.New(h, key)
			m.Write([]byte(text))
			return m.Sum(nil)
		}
		digest := h()
		digest.Write(mac(salted, "Client Key"))
		storedKey := digest.Sum(nil)
		said := clientFirst + "," + serverFirst + "," + without
		// What the client XORed its key with gives the key back.
		key := mac(storedKey, said)
		if len(got) != len(key) {
			return nil, errSASL
		}
		for i := range key {
			key[i] ^= got[i]
		}
		again := h()
		again.Write(key)
		if !bytes.Equal(again.Sum(nil), storedKey) {
			return nil, errors.New("Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM")
		}
		return []byte("v=" + base64.StdEncoding.EncodeToString(mac(mac(salted, "Server Key"), said))), nil
	}
	return func(token []byte) (answer []byte, done bool, err error) {
		if serverFirst == "" {
			answer, err = first(token)
			return answer, false, err
		}
		answer, err = final(token)
		return answer, err == nil, err
	}
}

// oauthServer is RFC 7628. A refusal is told in JSON, which the client
// acknowledges.
func oauthServer(cfg *SASLConfig) saslExchange {
	var refused error
	return func(token []byte) ([]byte, bool, error) {
		if refused != nil {
			return nil, false, fmt.Errorf("{\"status\":%q}", refused)
		}
		_, rest, ok := strings.Cut(string(token), ",\x01auth=Bearer ")
		bearer, _, ends := strings.Cut(rest, "\x01")
		if !ok || !ends || !bytes.HasSuffix(token, []byte("\x01\x01")) {
			return nil, false, errors.New("Authentication failed: not a message of OAUTHBEARER")
		}
		if cfg.Token == nil {
			refused = errors.New("invalid_token")
		} else {
			var end time.Time
			if end, refused = cfg.Token(bearer); refused == nil && !end.IsZero() && !time.Now().Before(end) {
				refused = errors.New("invalid_token")
			}
		}
		if refused != nil {
			return fmt.Appendf(nil, "{\"status\":%q}", refused), false, nil
		}
		return []byte{}, true, nil
	}
}
