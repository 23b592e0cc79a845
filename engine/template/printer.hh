// Prints one value by one verb with its flags, as Go's fmt does. For format.cc alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/template/datum.hh"

namespace weir::tmpl {

class Printer {
 public:
  struct Flags {
    bool plus = false, minus = false, sharp = false, space = false, zero = false;
    bool plus_v = false, sharp_v = false;  // %+v and %#v
    bool has_width = false, has_precision = false;
    int width = 0;
    int precision = 0;
    // '#' and '+' mean other things with %v.
    void to_verb_v() {
      sharp_v = sharp;
      plus_v = plus;
      sharp = plus = false;
    }
  };

  explicit Printer(std::string& out) : out_(out), start_(out.size()) {}

  // Throws FunctionError{limit} when the value nests too deep or the text grows too long.
  void print_operand(const Datum& datum, std::uint32_t verb);

  // %v of what a pointer without String() points to; others as print_operand.
  void print_pointee(const Datum& datum);

  Flags flags;

 private:
  void print_value(const Datum& datum, std::uint32_t verb, std::size_t depth);
  bool print_by_method(const Datum& datum, std::uint32_t verb);
  void print_scalar(const Datum& datum, std::uint32_t verb);
  void print_map(const Datum& datum, std::uint32_t verb, std::size_t depth);
  void print_slice(const Datum& datum, std::uint32_t verb, std::size_t depth);
  void print_struct(const Datum& datum, std::string_view type_name, std::uint32_t verb,
                    std::size_t depth);
  void print_pointer(const Datum& datum, std::uint32_t verb, std::size_t depth);
  void bad_verb(const Datum& datum, std::uint32_t verb);

  void boolean(const Datum& datum, std::uint32_t verb);
  void integer(const Datum& datum, std::uint64_t number, bool has_sign, std::uint32_t verb);
  void digits(std::uint64_t number, int base, bool has_sign, std::uint32_t verb, bool upper);
  void prefixed_hex(std::uint64_t number, bool prefix);
  void character(std::uint64_t number);
  void quoted_character(std::uint64_t number);
  void code_point(std::uint64_t number);
  void floating(const Datum& datum, double number, int bits, std::uint32_t verb);
  void float_text(double number, int bits, char verb, int precision);
  void complex(const Datum& datum, std::uint32_t verb);
  void string(const Datum& datum, std::string_view text, std::uint32_t verb);
  void bytes(const Datum& datum, std::uint32_t verb, bool is_operand);
  void hex_text(std::string_view text, bool upper);
  void quoted_text(std::string_view text);

  void pad(std::string_view text);
  void padding(std::int64_t count);
  std::string_view cut(std::string_view text) const;
  void check_size() const;

  std::string& out_;
  const std::size_t start_;
  bool complaining_ = false;  // inside "%!d(...)": methods are not called
};

}  // namespace weir::tmpl
