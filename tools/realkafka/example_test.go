package realkafka_test

import (
	"fmt"

	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

func ExampleVersions() {
	versions := realkafka.Versions()
	fmt.Println("from", versions[0], "to", versions[len(versions)-1])
	// Output: from 0.8.0 to 4.4.0
}
