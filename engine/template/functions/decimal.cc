#include "engine/template/functions/decimal.hh"

#include <openssl/bn.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "engine/base/assert.hh"
#include "engine/base/freed.hh"
#include "engine/value/number_text.hh"

namespace weir::tmpl {

namespace {

constexpr std::int64_t division_places = 16;

using Number = std::unique_ptr<BIGNUM, base::Freed<BN_free>>;

// A coefficient times ten to the power of `zeros`.
Number number_of(bool negative, const std::string& digits, std::int64_t zeros) {
  std::string text = digits.empty() ? "0" : digits;
  if (!digits.empty()) text.append(static_cast<std::size_t>(zeros), '0');
  BIGNUM* number = nullptr;
  WEIR_ASSERT(BN_dec2bn(&number, text.c_str()) != 0);
  BN_set_negative(number, negative ? 1 : 0);
  return Number(number);
}

struct Text {
  bool negative = false;
  std::string digits;
};

Text text_of(const BIGNUM* number) {
  char* raw = BN_bn2dec(number);
  WEIR_ASSERT(raw != nullptr);
  std::string digits = raw;
  OPENSSL_free(raw);
  const bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  if (digits == "0") digits.clear();
  return {negative && !digits.empty(), std::move(digits)};
}

Number new_number() {
  BIGNUM* number = BN_new();
  WEIR_ASSERT(number != nullptr);
  return Number(number);
}

}  // namespace

Decimal::Decimal(bool negative, std::string digits, std::int64_t exponent)
    : negative_(negative), digits_(std::move(digits)), exponent_(exponent) {}

Decimal Decimal::from_double(double number) {
  std::string text;
  value::append_general_float(text, number);
  Decimal result;
  std::size_t at = 0;
  if (text[at] == '-') {
    result.negative_ = true;
    ++at;
  }
  bool fraction = false;
  for (; at < text.size() && text[at] != 'e'; ++at) {
    if (text[at] == '.') {
      fraction = true;
      continue;
    }
    if (fraction) --result.exponent_;
    if (text[at] != '0' || !result.digits_.empty()) result.digits_ += text[at];
  }
  if (at < text.size()) result.exponent_ += std::stoi(text.substr(at + 1));
  if (result.digits_.empty()) return Decimal();
  return result;
}

double Decimal::to_double() const {
  if (digits_.empty()) return 0;
  std::string text = digits_;
  text.append("e").append(std::to_string(exponent_));
  const double size =
      value::parse_decimal_float(text).value_or(std::numeric_limits<double>::infinity());
  return negative_ ? -size : size;
}

Decimal Decimal::plus(const Decimal& other) const {
  const std::int64_t exponent = std::min(exponent_, other.exponent_);
  const Number a = number_of(negative_, digits_, exponent_ - exponent);
  const Number b = number_of(other.negative_, other.digits_, other.exponent_ - exponent);
  BN_add(a.get(), a.get(), b.get());
  Text sum = text_of(a.get());
  return Decimal(sum.negative, std::move(sum.digits), exponent);
}

Decimal Decimal::minus(const Decimal& other) const {
  Decimal negated = other;
  negated.negative_ = !other.negative_;
  return plus(negated);
}

Decimal Decimal::times(const Decimal& other) const {
  const Number a = number_of(negative_, digits_, 0);
  const Number b = number_of(other.negative_, other.digits_, 0);
  const std::unique_ptr<BN_CTX, base::Freed<BN_CTX_free>> context(BN_CTX_new());
  BN_mul(a.get(), a.get(), b.get(), context.get());
  Text product = text_of(a.get());
  return Decimal(product.negative, std::move(product.digits), exponent_ + other.exponent_);
}

Decimal Decimal::divided_by(const Decimal& other) const {
  WEIR_ASSERT(!other.is_zero());
  const std::int64_t zeros = exponent_ - other.exponent_ + division_places;
  const Number a = number_of(false, digits_, std::max<std::int64_t>(zeros, 0));
  const Number b = number_of(false, other.digits_, std::max<std::int64_t>(-zeros, 0));
  const Number quotient = new_number(), rest = new_number();
  const std::unique_ptr<BN_CTX, base::Freed<BN_CTX_free>> context(BN_CTX_new());
  BN_div(quotient.get(), rest.get(), a.get(), b.get(), context.get());
  BN_lshift1(rest.get(), rest.get());
  if (BN_cmp(rest.get(), b.get()) >= 0) BN_add_word(quotient.get(), 1);
  Text text = text_of(quotient.get());
  return Decimal(negative_ != other.negative_, std::move(text.digits), -division_places);
}

}  // namespace weir::tmpl
