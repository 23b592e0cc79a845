#include "engine/base/result.hh"

#include <catch2/catch.hpp>

using namespace weir::base;

namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return make_error(Code::invalid, "odd", "Odd");
  return number / 2;
}

Result<int> quarter(int number) {
  WEIR_TRY(const int once, half(number));
  return half(once);
}

Result<void> check_even(int number) {
  WEIR_CHECK(half(number).ok() ? Result<void>() : Result<void>(half(number).error()));
  return {};
}

}  // namespace

TEST_CASE("WEIR_TRY hands on the first error") {
  CHECK(quarter(8).value() == 2);
  CHECK(quarter(6).error().message == "odd");
  CHECK(quarter(3).error().reason == "Odd");
  CHECK(check_even(2).ok());
  CHECK(check_even(1).error().code == Code::invalid);
}

TEST_CASE("context stands before the message and keeps code and reason") {
  const auto failed = half(3).with_context("halving 3");
  CHECK(failed.error().message == "halving 3: odd");
  CHECK(failed.error().reason == "Odd");
  CHECK(half(4).with_context("x").value() == 2);
}

TEST_CASE("every code has its own name") {
  CHECK(code_name(Code::invalid) == "invalid");
  CHECK(code_name(Code::internal) == "internal");
  CHECK(code_name(Code::rate_limited) == "rate_limited");
}
