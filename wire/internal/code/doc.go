// Package code is what the generated code of wire/msg calls to read and to write
// the protocol's primitives, and wire/internal/schema with it.
package code
