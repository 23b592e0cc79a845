// Number literals of templates, as strconv and text/template read them. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::tmpl {

// strconv.ParseUint and ParseInt with base 0: prefixes 0x, 0o, 0b, 0 and underscores.
std::optional<std::uint64_t> parse_go_unsigned(std::string_view text);
std::optional<std::int64_t> parse_go_integer(std::string_view text);
// strconv.ParseFloat of a decimal or hexadecimal literal; nothing on overflow.
std::optional<double> parse_go_float(std::string_view text);

struct ComplexLiteral {
  double real = 0;
  double imaginary = 0;
};
// "1+2i"
std::optional<ComplexLiteral> parse_go_complex(std::string_view text);

}  // namespace weir::tmpl
