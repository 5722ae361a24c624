package assignors_test

import (
	"fmt"

	"github.com/barnabas-kafka/barnabas/assignors"
)

func Example() {
	members := []assignors.Member{
		{ID: "one", Topics: []string{"orders"}},
		{ID: "two", Topics: []string{"orders"}},
	}
	assigned := assignors.Range().Assign(members, map[string]int32{"orders": 5})
	fmt.Println(assigned["one"])
	fmt.Println(assigned["two"])
	// Output:
	// [orders/0 orders/1 orders/2]
	// [orders/3 orders/4]
}
