// Command wiregen writes the message code of package wire/msg.
//
//	go run ./tools/wiregen generate           definitions in wire/defs to Go in wire/msg
//	go run ./tools/wiregen import NEW OLD     message JSON of two kafka-clients jars to definitions
//
// generate needs nothing but Go. import is run by hand when a Kafka release adds
// versions: NEW is the jar of that release; OLD is the jar of the last release
// that still had the versions that 4.0 dropped, 3.9.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", ".", "the root of the repository")
	flag.Parse()
	if err := run(*root, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "wiregen:", err)
		os.Exit(1)
	}
}

func run(root string, args []string) error {
	defs := filepath.Join(root, "wire", "defs")
	switch {
	case len(args) == 1 && args[0] == "generate":
		return generate(defs, filepath.Join(root, "wire"))
	case len(args) == 3 && args[0] == "import":
		return importJars(args[1], args[2], defs)
	}
	return fmt.Errorf("want 'generate', or 'import NEW.jar OLD.jar'")
}
