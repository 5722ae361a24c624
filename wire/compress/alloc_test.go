package compress

import (
	"fmt"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// TestAllocations: where the buffers suffice, no record costs an allocation, in any
// format and with any codec.
func TestAllocations(t *testing.T) {
	codecs := New()
	for _, format := range []record.Format{record.V0, record.V1, record.V2} {
		for _, c := range all {
			codec := codecOf(t, c)
			buf, dst, scratch := make([]byte, 0, 1<<20), make([]byte, 0, 1<<20), make([]byte, 0, 1<<20)
			value := fmt.Appendf(nil, "%0100d", 7)
			pass := func() {
				var b record.Builder
				b.Reset(format, buf)
				for i := range 1000 {
					if err := b.Append(int64(i), nil, value, nil); err != nil {
						t.Error(err)
					}
				}
				packed, err := b.Seal(codec, dst)
				if err != nil {
					t.Error(err)
				}
				record.Stamp(packed, -1, -1, -1)
				r := record.NewReader(packed)
				batch, err := r.Next()
				if err != nil {
					t.Error(err)
				}
				records, err := batch.Records(codecs, scratch, 0)
				if err != nil {
					t.Error(err)
				}
				n := 0
				for _, err := range records.All() {
					if err != nil {
						t.Error(err)
					}
					n++
				}
				if n != 1000 {
					t.Errorf("%d records", n)
				}
			}
			pass()
			// Pools lose what is in them now and then, and the race detector allocates a
			// little; neither is for each record.
			least := 1e9
			for range 20 {
				least = min(least, testing.AllocsPerRun(1, pass))
			}
			if least > 5 {
				t.Errorf("%v %v: %v allocations for 1,000 records", format, c, least)
			}
		}
	}
}
