#include "engine/template/compare.hh"

#include <string>
#include <utility>

#include "engine/template/format.hh"
#include "engine/template/function.hh"

namespace weir::tmpl {

namespace {

enum class Basic : std::uint8_t { none, boolean, complex, integer, floating, string, natural };

Basic basic_of(const Datum& datum) {
  const Kind kind = datum.kind();
  if (is_signed(kind)) return Basic::integer;
  if (is_unsigned(kind)) return Basic::natural;
  if (is_float(kind)) return Basic::floating;
  switch (kind) {
    case Kind::boolean: return Basic::boolean;
    case Kind::complex128: return Basic::complex;
    case Kind::string: return Basic::string;
    default: return Basic::none;
  }
}

bool is_valid(const Datum& datum) { return datum.valid() && datum.kind() != Kind::interface; }

[[noreturn]] void fail_incompatible(const Datum& a, const Datum& b) {
  std::string message = "incompatible types for comparison: ";
  message += a.type_name();
  message += " and ";
  message += b.type_name();
  throw FunctionError{std::move(message)};
}

[[noreturn]] void fail_bad_type() { throw FunctionError{"invalid type for comparison"}; }

void append_as_string(std::string& out, const Datum& datum) {
  append_printf(out, "%s", std::span<const Datum>(&datum, 1));
}

bool equal_basic(const Datum& a, const Datum& b, Basic basic) {
  switch (basic) {
    case Basic::boolean: return a.as_bool() == b.as_bool();
    case Basic::complex: return a.as_real() == b.as_real() && a.as_imaginary() == b.as_imaginary();
    case Basic::integer: return a.as_int() == b.as_int();
    case Basic::natural: return a.as_uint() == b.as_uint();
    case Basic::floating: return a.as_float() == b.as_float();
    default: return a.as_string() == b.as_string();
  }
}

// Maps, lists, pointers and nothing.
bool equal_other(const Datum& a, const Datum& b) {
  if (is_valid(a) && is_valid(b) && a.kind() != b.kind()) {
    std::string message = "non-comparable types ";
    append_as_string(message, a);
    message += ": ";
    message += a.type_name();
    message += ", ";
    message += b.type_name();
    message += ": ";
    append_text(message, b);
    throw FunctionError{std::move(message)};
  }
  if (a.is_nil() || b.is_nil()) return a.is_nil() == b.is_nil();
  if (b.is_map() || b.kind() == Kind::slice || b.kind() == Kind::func) {
    std::string message = "non-comparable type ";
    append_as_string(message, b);
    message += ": ";
    message += b.type_name();
    throw FunctionError{std::move(message)};
  }
  if (b.kind() == Kind::pointer) return a.same_map(b);
  return deep_equal(a, b);
}

}  // namespace

bool compare_equal(const Datum& a, const Datum& b) {
  const Basic left = basic_of(a);
  const Basic right = basic_of(b);
  if (left == right) return left == Basic::none ? equal_other(a, b) : equal_basic(a, b, left);
  if (left == Basic::integer && right == Basic::natural)
    return a.as_int() >= 0 && static_cast<std::uint64_t>(a.as_int()) == b.as_uint();
  if (left == Basic::natural && right == Basic::integer)
    return b.as_int() >= 0 && static_cast<std::uint64_t>(b.as_int()) == a.as_uint();
  if (is_valid(a) && is_valid(b)) fail_incompatible(a, b);
  return false;
}

bool compare_less(const Datum& a, const Datum& b) {
  const Basic left = basic_of(a);
  const Basic right = basic_of(b);
  if (left == Basic::none || right == Basic::none) fail_bad_type();
  if (left == Basic::integer && right == Basic::natural)
    return a.as_int() < 0 || static_cast<std::uint64_t>(a.as_int()) < b.as_uint();
  if (left == Basic::natural && right == Basic::integer)
    return b.as_int() >= 0 && a.as_uint() < static_cast<std::uint64_t>(b.as_int());
  if (left != right) fail_incompatible(a, b);
  switch (left) {
    case Basic::integer: return a.as_int() < b.as_int();
    case Basic::natural: return a.as_uint() < b.as_uint();
    case Basic::floating: return a.as_float() < b.as_float();
    case Basic::string: return a.as_string() < b.as_string();
    default: fail_bad_type();
  }
}

}  // namespace weir::tmpl
