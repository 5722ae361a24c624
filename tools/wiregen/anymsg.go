package main

import (
	"fmt"
	"strings"
)

// anyMessage is the file of package anymsg: every message by its key or name.
func anyMessage(files []*file) string {
	var keys, requests, responses, names, data strings.Builder
	for _, f := range files {
		name := goName(f.name)
		if f.key < 0 {
			fmt.Fprintf(&names, "\t\t%q,\n", f.name)
			fmt.Fprintf(&data, "\tcase %q:\n\t\treturn msg.New%s(), true\n", f.name, name)
			continue
		}
		fmt.Fprintf(&keys, "\t\twire.Key%s,\n", name)
		fmt.Fprintf(&requests, "\tcase wire.Key%s:\n\t\treturn msg.New%sRequest(), true\n", name, name)
		fmt.Fprintf(&responses, "\tcase wire.Key%s:\n\t\treturn msg.New%sResponse(), true\n", name, name)
	}
	var b strings.Builder
	b.WriteString(head + "package anymsg\n\nimport (\n\t\"github.com/barnabas-kafka/barnabas/wire\"\n\t\"github.com/barnabas-kafka/barnabas/wire/msg\"\n)\n")
	fmt.Fprintf(&b, "\n// Keys are the keys of all APIs that package msg knows, ascending.\nfunc Keys() []wire.APIKey {\n\treturn []wire.APIKey{\n%s\t}\n}\n", &keys)
	fmt.Fprintf(&b, "\n// NewRequest returns a request of that API with every field at its default; ok\n// is false for an unknown API.\nfunc NewRequest(key wire.APIKey) (req Request, ok bool) {\n\tswitch key {\n%s\t}\n\treturn nil, false\n}\n", &requests)
	fmt.Fprintf(&b, "\n// NewResponse returns a response of that API with every field at its default; ok\n// is false for an unknown API.\nfunc NewResponse(key wire.APIKey) (resp Response, ok bool) {\n\tswitch key {\n%s\t}\n\treturn nil, false\n}\n", &responses)
	fmt.Fprintf(&b, "\n// DataNames are Kafka's names of the messages that have no key, in alphabetical\n// order: those that travel inside others, and those inside control records.\nfunc DataNames() []string {\n\treturn []string{\n%s\t}\n}\n", &names)
	fmt.Fprintf(&b, "\n// NewData returns the message of that name with every field at its default; ok\n// is false for an unknown name.\nfunc NewData(name string) (data Data, ok bool) {\n\tswitch name {\n%s\t}\n\treturn nil, false\n}\n", &data)
	return b.String()
}
