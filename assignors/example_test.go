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
	group := assignors.Group{Members: members, Topics: map[string]assignors.Topic{"orders": {Partitions: 5}}}
	assigned, err := assignors.Range().Assign(group)
	fmt.Println(assigned.Members["one"].Partitions, err)
	fmt.Println(assigned.Members["two"].Partitions)
	// Output:
	// [orders/0 orders/1 orders/2] <nil>
	// [orders/3 orders/4]
}
