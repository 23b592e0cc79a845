// Strings, numbers and dates of a TOML text. Internal to toml_*.cc.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/template/datum.hh"
#include "engine/template/functions/toml_cursor.hh"

namespace weir::tmpl {

class TomlScalarReader : protected TomlCursor {
 protected:
  using TomlCursor::TomlCursor;

  [[noreturn]] void complain_line_break() const;
  std::string read_raw_string();
  std::string read_string();
  void read_escape(std::string& out);
  void read_code(std::string& out, int digits, std::string_view count, char letter);
  void skip_first_line_end();
  // Quotes up to five in a row: up to two of the text, then the end.
  bool at_long_end(std::uint32_t quote, std::string& out);
  std::string read_long_raw_string();
  // A backslash at the end of a line takes the break and all space behind it.
  bool skip_line_joint();
  std::string read_long_string();
  Datum read_signed(std::size_t from);
  Datum read_number_or_date(std::size_t from);
  Datum read_prefixed(std::size_t from);
  Datum read_decimal(std::size_t from);
  Datum read_date(std::size_t from);
  // The value, or what is wrong with its text.
  Datum taken(Result<Datum> value) const;

  std::size_t string_start_ = 0;  // of the string that is being read
};

}  // namespace weir::tmpl
