package record_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"os"

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
		for rec, err := range records.All() {
			if err != nil {
				fmt.Println(err)
				return
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

// A segment file of a broker's log is batches, one after another. This one has a
// transaction that was committed and one that was aborted, each with its marker.
// Were anything compressed, Records would need the codecs of module wire/compress.
func ExampleStream() {
	segment, err := os.Open("testdata/4.4.0.log") // 00000000000000000000.log, when the broker had it
	if err != nil {
		log.Fatal(err)
	}
	defer segment.Close()
	batches := record.NewStream(segment, 0)
	for {
		batch, err := batches.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = batch.Check()
		}
		if err != nil {
			log.Fatal(err)
		}
		records, err := batch.Records(nil, nil, 0)
		if err != nil {
			log.Fatal(err)
		}
		for rec, err := range records.All() {
			if err != nil {
				log.Fatal(err)
			}
			if batch.Control {
				marker, err := rec.Control()
				if err != nil {
					log.Fatal(err)
				}
				fmt.Printf("%d %d: %v of the transaction of producer %d\n", rec.Offset, rec.Timestamp, marker.Type, batch.ProducerID)
				continue
			}
			fmt.Printf("%d %d: %q %q\n", rec.Offset, rec.Timestamp, rec.Key, rec.Value)
		}
	}
	// Output:
	// 0 1795408001500: "alice" "3 apples"
	// 1 1795408003000: "" "2 pears"
	// 2 1795408004500: "bob" ""
	// 3 1795408006000: "carol" "1 plum"
	// 4 1795408063038: commit of the transaction of producer 1
	// 5 1795408007500: "dave" "9 figs"
	// 6 1795408063055: abort of the transaction of producer 1
}

// A segment of an old broker: message format v0 has no timestamps.
func ExampleStream_v0() {
	segment, err := os.Open("testdata/0.8.2.2.log")
	if err != nil {
		log.Fatal(err)
	}
	defer segment.Close()
	batches := record.NewStream(segment, 0)
	for batch, err := batches.Next(); !errors.Is(err, io.EOF); batch, err = batches.Next() {
		if err != nil {
			log.Fatal(err)
		}
		records, err := batch.Records(nil, nil, 0)
		if err != nil {
			log.Fatal(err)
		}
		for rec, err := range records.All() {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%d %d: %q %q\n", rec.Offset, rec.Timestamp, rec.Key, rec.Value)
		}
	}
	// Output:
	// 0 -1: "alice" "3 apples"
	// 1 -1: "" "2 pears"
	// 2 -1: "bob" ""
	// 3 -1: "carol" "1 plum"
}
