// A TOML text read rune by rune, with the line it is at. Problems are thrown as TomlProblem, with
// the words of the Go library that Helm reads TOML with. Internal to toml_*.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::tmpl {

// The first thing wrong with the text, and its line.
struct TomlProblem {
  std::size_t line;
  std::string what;
};

class TomlCursor {
 protected:
  static constexpr std::uint32_t at_end = 0;

  explicit TomlCursor(std::string_view text) : text_(text) {}

  [[noreturn]] static void complain(std::size_t line, std::string what);
  // At the end, the problem is on the line before when that is where the text ends.
  [[noreturn]] void complain(std::string what) const;
  [[noreturn]] void complain_before(std::string what) const;
  void check_start();
  std::uint32_t next();
  // Undoes the last next().
  void back();
  std::uint32_t peek();
  bool accept(std::uint32_t wanted);
  static std::string hex(char c);

  template <typename Wanted>
  void skip_while(Wanted wanted) {
    while (wanted(next())) {
    }
    back();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t width_ = 0;  // of what next() took
  std::size_t line_ = 1;
  bool ended_ = false;
};

}  // namespace weir::tmpl
