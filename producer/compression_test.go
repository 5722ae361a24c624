package producer

import (
	"fmt"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

func TestCompression(t *testing.T) {
	for name, want := range map[string]Compression{"none": {}, "gzip": Gzip, "snappy": Snappy, "lz4": LZ4, "zstd": Zstd} {
		got, err := ParseCompression(name)
		if err != nil || got != want {
			t.Errorf("%s is %v, %v", name, got, err)
		}
		if fmt.Sprintf("%v", got) != name || !strings.Contains(fmt.Sprintf("%+v", Config{Compression: got}), "Compression:"+name) {
			t.Errorf("%s prints as %v", name, got)
		}
		codec, err := got.open(0)
		if err != nil || codec != nil && codec.Compression() != got.id() || (codec == nil) != (got == Compression{}) {
			t.Errorf("%s has the codec %v, %v", name, codec, err)
		}
	}
	if got, err := ParseCompression("zip"); err == nil || got != (Compression{}) || !strings.Contains(err.Error(), "none, gzip, snappy, lz4, zstd") {
		t.Errorf("zip is %v, %v", got, err)
	}
}

// TestOwnCodecs: a producer reads what it has written itself, and nothing else.
func TestOwnCodecs(t *testing.T) {
	zstd, err := Zstd.open(3)
	if err != nil {
		t.Fatal(err)
	}
	own := ownCodecs{zstd}
	if c, err := own.Codec(record.None); c != nil || err != nil {
		t.Errorf("none: %v, %v", c, err)
	}
	if c, err := own.Codec(record.Zstd); c != zstd || err != nil {
		t.Errorf("zstd: %v, %v", c, err)
	}
	for _, codecs := range []ownCodecs{own, {}} {
		if c, err := codecs.Codec(record.Gzip); c != nil || err == nil {
			t.Errorf("gzip: %v, %v", c, err)
		}
	}
}
