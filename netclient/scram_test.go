package netclient

import (
	"strings"
	"testing"
)

// TestScramOfTheRFC is the exchange in RFC 7677, with its nonce in place of a
// random one.
func TestScramOfTheRFC(t *testing.T) {
	const (
		first     = "n=user,r=rOprNGfwEbeRWgbNEkqO"
		challenge = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
		final     = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
		proof     = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
		signature = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
	)
	s := ScramSHA256("user", "pencil").(*scram)
	c, err := parseChallenge(challenge, "rOprNGfwEbeRWgbNEkqO")
	if err != nil {
		t.Fatal(err)
	}
	salted, err := s.salt(c)
	if err != nil {
		t.Fatal(err)
	}
	said := first + "," + challenge + "," + final
	if got := scramBase64.EncodeToString(s.proof(salted, said)); got != proof {
		t.Errorf("the proof is %s, want %s", got, proof)
	}
	if err := s.checkSignature(signature, salted, said); err != nil {
		t.Error(err)
	}
}

// TestScramOfAnImpostor: a broker that does not do its part is refused.
func TestScramOfAnImpostor(t *testing.T) {
	for _, c := range []struct{ challenge, signature, want string }{
		{"r=NONCEx,s=c2FsdA==,i=4096", "v=AAAA", "does not know the password"},
		{"r=NONCEx,s=c2FsdA==,i=4096,x=y", "v=AAAA,x=y", "does not know the password"},
		{"r=NONCEx,s=c2FsdA==,i=4096", "", "last message is not one of SCRAM"},
		{"r=NONCEx,s=c2FsdA==,i=4096", "v=", "does not know the password"},
		{"r=NONCEx,s=c2FsdA==,i=4096", "v=!", "last message is not one of SCRAM"},
		{"r=NONCEx,s=c2FsdA==,i=4096", "e=other-error", "other-error"},
		{"r=NONCE,s=c2FsdA==,i=4096", "", "nonce"},
		{"r=other,s=c2FsdA==,i=4096", "", "nonce"},
		{"r=,s=c2FsdA==,i=4096", "", "nonce"},
		{"r=NONCEx,s=,i=4096", "", "salt"},
		{"r=NONCEx,s=!,i=4096", "", "salt"},
		{"r=NONCEx,s=c2FsdA==,i=4095", "", "\"4095\" iterations; 4096 to"},
		{"r=NONCEx,s=c2FsdA==,i=1000001", "", "iterations"},
		{"r=NONCEx,s=c2FsdA==,i=99999999999999999999", "", "iterations"},
		{"r=NONCEx,s=c2FsdA==,i=-1", "", "iterations"},
		{"m=must,r=NONCEx,s=c2FsdA==,i=4096", "", "first message is not one of SCRAM"},
		{"", "", "first message is not one of SCRAM"},
		{"r=NONCEx", "", "first message is not one of SCRAM"},
	} {
		asked := 0
		_, err := ScramSHA512("alice", "secret").Authenticate(t.Context(), "", func(token []byte) ([]byte, error) {
			if asked++; asked == 1 {
				_, nonce, _ := strings.Cut(string(token), ",r=")
				return []byte(strings.Replace(c.challenge, "NONCE", nonce, 1)), nil
			}
			return []byte(c.signature), nil
		})
		wantInError(t, err, c.want)
	}
}
