package record_test

import (
	"errors"
	"fmt"
	"io"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

func Example() {
	var b record.Builder
	b.Reset(record.V2, nil)
	b.Append(1700000000000, []byte("k"), []byte("hello"), []wire.Header{{Key: "lang", Value: []byte("en")}})
	b.Append(1700000000005, nil, []byte("world"), nil)
	batch, err := b.Seal(nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	record.Stamp(batch, -1, -1, -1)
	record.Place(batch, 40, 0) // a broker gives it its offsets

	r := record.NewReader(batch)
	for {
		batch, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || batch.Check() != nil {
			fmt.Println("damaged")
			return
		}
		records, err := batch.Records(nil, nil, 0)
		if err != nil {
			fmt.Println(err)
			return
		}
		var rec record.Record
		for {
			ok, err := records.Next(&rec)
			if err != nil {
				fmt.Println(err)
			}
			if !ok {
				break
			}
			lang, _ := rec.Headers.Get("lang")
			fmt.Printf("%d: %s=%s %q\n", rec.Offset, rec.Key, rec.Value, lang)
		}
	}
	// Output:
	// 40: k=hello "en"
	// 41: =world ""
}

// A leader that turns out to be older than expected gets the batch in its own
// format.
func ExampleConvert() {
	var b record.Builder
	b.Reset(record.V2, nil)
	b.Append(1700000000000, []byte("k"), []byte("v"), nil)
	batch, _ := b.Seal(nil, nil)

	set, err := record.Convert(batch, nil, record.V0, nil)
	fmt.Printf("%x %v\n", set, err)
	// Output: 0000000000000000000000101fecd70a0000000000016b0000000176 <nil>
}
