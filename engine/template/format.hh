// Go's fmt over Datums: what a template prints, printf with all its verbs and flags. Pure
// functions. Text that grows past the caps ends in FunctionError{limit}.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/template/datum.hh"
#include "engine/template/quote.hh"

namespace weir::tmpl {

// fmt.Sprint of one value (%v): "<nil>", "map[a:1 b:[x y]]", "1e+06", what String() says.
void append_text(std::string& out, const Datum& datum);
std::string text_of(const Datum& datum);

// What an action prints: as append_text, but what a pointer points to.
void append_printable(std::string& out, const Datum& datum);

// fmt.Sprint: spaces between operands when neither is a string. fmt.Sprintln: always, and "\n".
void append_print(std::string& out, std::span<const Datum> operands);
void append_println(std::string& out, std::span<const Datum> operands);
// fmt.Sprintf, its "%!d(string=x)" texts included.
void append_printf(std::string& out, std::string_view format, std::span<const Datum> operands);

// strconv.FormatFloat(number, format, precision, bits): format one of eEfFgGbxX, precision -1 for
// the shortest text that reads back.
void append_float(std::string& out, double number, char format, int precision, int bits = 64);

}  // namespace weir::tmpl
