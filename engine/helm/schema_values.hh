// How JSON Schema compares values. Internal to schema*.cc; pure.
#pragma once

#include <algorithm>
#include <cmath>

#include "engine/value/value.hh"

namespace weir::helm::schema {

// JSON's equality: numbers by value, whatever their kind.
inline bool equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number())
    return a.kind() == b.kind() ? a == b : a.as_double() == b.as_double();
  if (a.is_array() && b.is_array())
    return a.size() == b.size() &&
           std::equal(a.items().begin(), a.items().end(), b.items().begin(), equal);
  if (a.is_object() && b.is_object())
    return a.size() == b.size() &&
           std::all_of(a.members().begin(), a.members().end(), [&](const value::Member& member) {
             const Value* other = b.find(member.name());
             return other && equal(member.value, *other);
           });
  return a == b;
}

inline bool is_whole(const Value& number) {
  return number.is_integer() || std::trunc(number.as_double()) == number.as_double();
}

// By their decimals: 0.3 is a multiple of 0.1.
bool is_multiple(double number, double of);

}  // namespace weir::helm::schema
