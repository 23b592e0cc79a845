// How JSON Schema compares values. Internal to schema*.cc; pure.
#pragma once

#include <cmath>

#include "engine/value/value.hh"

namespace weir::helm::schema {

// JSON's equality, numbers by value; and, as the reference has it, a text in `a` equals the number
// it spells in `b`, not the other way round.
bool equal(const Value& a, const Value& b);

inline bool is_whole(const Value& number) {
  return number.is_integer() || std::trunc(number.as_double()) == number.as_double();
}

// By their decimals: 0.3 is a multiple of 0.1.
bool is_multiple(double number, double of);

}  // namespace weir::helm::schema
