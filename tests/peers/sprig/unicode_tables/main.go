// Prints engine/template/functions/unicode_tables.cc from Go's unicode package:
//
//	go run ./unicode_tables > engine/template/functions/unicode_tables.cc
package main

import (
	"fmt"
	"strings"
	"unicode"
)

func rows(items []string) {
	line := "   "
	for _, item := range items {
		if len(line)+1+len(item) > 99 {
			fmt.Println(line)
			line = "   "
		}
		line += " " + item
	}
	fmt.Println(line)
}

func table(name string, t *unicode.RangeTable) {
	var items []string
	for _, r := range t.R16 {
		items = append(items, fmt.Sprintf("{%#x, %#x, %d},", r.Lo, r.Hi, r.Stride))
	}
	for _, r := range t.R32 {
		items = append(items, fmt.Sprintf("{%#x, %#x, %d},", r.Lo, r.Hi, r.Stride))
	}
	fmt.Printf("const RuneRange %s_ranges[%d] = {\n", name, len(items))
	rows(items)
	fmt.Println("};")
	fmt.Println()
}

func main() {
	fmt.Printf("// Unicode %s, written by tests/peers/sprig/unicode_tables.\n", unicode.Version)
	fmt.Print(strings.TrimLeft(`
#include "engine/template/functions/unicode_tables.hh"

namespace weir::tmpl::unicode {

// clang-format off
`, "\n"))
	table("letter", unicode.L)
	table("upper", unicode.Lu)
	table("lower", unicode.Ll)
	table("title", unicode.Lt)
	table("digit", unicode.Nd)
	table("number", unicode.N)
	table("punct", unicode.P)
	var items []string
	for _, r := range unicode.CaseRanges {
		if r.Delta[0] > unicode.MaxRune {
			items = append(items, fmt.Sprintf("{%#x, %#x, alternating, 0, 0},", r.Lo, r.Hi))
		} else {
			items = append(items, fmt.Sprintf("{%#x, %#x, %d, %d, %d},", r.Lo, r.Hi, r.Delta[0], r.Delta[1], r.Delta[2]))
		}
	}
	fmt.Printf("const CaseRange case_ranges[%d] = {\n", len(items))
	rows(items)
	fmt.Print("};\n// clang-format on\n\n}  // namespace weir::tmpl::unicode\n")
}
