#include "engine/template/type.hh"

#include <array>

#include "engine/template/datum.hh"

namespace weir::tmpl {

namespace {

constexpr std::array<std::string_view, 24> kind_names = {
    "invalid", "bool",   "int",    "int8",   "int16",   "int32",   "int64",   "uint",
    "uint8",   "uint16", "uint32", "uint64", "uintptr", "float32", "float64", "complex128",
    "string",  "slice",  "array",  "map",    "ptr",     "struct",  "func",    "interface"};

bool same_literal(const Type& a, const Type& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.underlying != nullptr || b.underlying != nullptr) return false;
  return a.name == b.name;
}

}  // namespace

std::string_view kind_name(Kind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

int bits_of(Kind kind) {
  switch (kind) {
    case Kind::int8:
    case Kind::uint8: return 8;
    case Kind::int16:
    case Kind::uint16: return 16;
    case Kind::int32:
    case Kind::uint32:
    case Kind::float32: return 32;
    default: return 64;
  }
}

bool assignable(const Type& from, const Type& to) {
  if (&from == &to || to.kind == Kind::interface) return true;
  if (same_literal(from, to)) return true;
  // One of both is a named type of the other.
  if (from.underlying != nullptr && to.underlying == nullptr)
    return to.kind > Kind::string && same_literal(*from.underlying, to);
  if (to.underlying != nullptr && from.underlying == nullptr)
    return from.kind > Kind::string && same_literal(from, *to.underlying);
  return false;
}

}  // namespace weir::tmpl
