// Decimal numbers of any length, for the functions that reckon without binary rounding (addf,
// mulf, ...). As shopspring/decimal: doubles come in by their shortest text, division goes to 16
// places and rounds half away from zero.
//
// An immutable value. Nothing throws; division by zero is the caller's to refuse.
#pragma once

#include <cstdint>
#include <string>

namespace weir::tmpl {

class Decimal {
 public:
  static Decimal from_double(double number);  // finite
  double to_double() const;                   // the nearest; infinity when too large

  Decimal plus(const Decimal& other) const;
  Decimal minus(const Decimal& other) const;
  Decimal times(const Decimal& other) const;
  Decimal divided_by(const Decimal& other) const;  // not by zero (asserted)
  bool is_zero() const { return digits_.empty(); }
  // How long the number is, for what reckoning with it costs.
  std::size_t digits() const { return digits_.size(); }

 private:
  Decimal() = default;
  Decimal(bool negative, std::string digits, std::int64_t exponent);

  bool negative_ = false;
  std::string digits_;  // of the coefficient, no leading zeros; empty for zero
  std::int64_t exponent_ = 0;
};

}  // namespace weir::tmpl
