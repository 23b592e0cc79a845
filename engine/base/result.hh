// Result<T>: a value, or an Error with a closed Code. Every seam of weir returns one, because a
// failure here is data: it becomes an event in the log and a Condition on an object. No exceptions
// cross a seam.
//
//   Result<int> parse(std::string_view text);
//   Result<void> f() {
//     WEIR_TRY(int n, parse("12"));          // returns the error to the caller when parse fails
//     WEIR_CHECK(write(n));                  // the same for Result<void>
//     return {};
//   }
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "engine/base/assert.hh"

namespace weir::base {

// What kind of failure it is; decides retry and HTTP status, never the text shown.
enum class Code : unsigned char {
  invalid,         // the input is wrong and will stay wrong until somebody edits it
  not_found,       // the thing named does not exist
  already_exists,  //
  conflict,        // somebody else changed it meanwhile (HTTP 409)
  unauthorized,    // no or bad credentials (HTTP 401)
  forbidden,       // known caller, not allowed (HTTP 403)
  timeout,         // a deadline passed
  unavailable,     // network or server failure that may pass (connection refused, HTTP 5xx)
  rate_limited,    // HTTP 429
  gone,            // a resourceVersion or cursor is too old (HTTP 410)
  limit,           // a cap of engine/base/limits.hh was hit
  corrupt,         // stored bytes fail their digest or do not decode
  io,              // the local disk or operating system failed
  unsupported,     // a feature weir refuses, clearly
  cancelled,       // given up on request
  internal,        // a defect of weir
};

// "invalid", "not_found", ... the enumerator's own name.
std::string_view code_name(Code code);

struct Error {
  Code code = Code::internal;
  std::string message;  // for people; complete without its context
  std::string reason;  // a machine word where the source gave one ("Invalid", "Forbidden"), else ""

  // The same error with `context` and ": " before the message.
  Error with_context(std::string_view context) &&;
};

inline Error make_error(Code code, std::string message, std::string reason = {}) {
  return Error{code, std::move(message), std::move(reason)};
}

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // The value; a bug (abort) when there is none.
  T& value() & {
    WEIR_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    WEIR_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    WEIR_ASSERT(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // The error; a bug (abort) when there is none.
  Error& error() & {
    WEIR_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }
  const Error& error() const& {
    WEIR_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    WEIR_ASSERT(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

  // This result, its error (if any) prefixed with "context: ".
  Result with_context(std::string_view context) && {
    if (ok()) return std::move(*this);
    return std::move(*this).error().with_context(context);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }

  Error& error() & {
    WEIR_ASSERT(!ok());
    return *error_;
  }
  const Error& error() const& {
    WEIR_ASSERT(!ok());
    return *error_;
  }
  Error&& error() && {
    WEIR_ASSERT(!ok());
    return std::move(*error_);
  }

  Result with_context(std::string_view context) && {
    if (ok()) return {};
    return std::move(*error_).with_context(context);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace weir::base

namespace weir {
using base::Code;
using base::Error;
using base::make_error;
using base::Result;
}  // namespace weir

#define WEIR_JOIN_(a, b) a##b
#define WEIR_JOIN(a, b) WEIR_JOIN_(a, b)
#define WEIR_TRY_(temporary, declaration, expression)       \
  auto temporary = (expression);                            \
  if (!temporary.ok()) return std::move(temporary).error(); \
  declaration = std::move(temporary).value()
// Declares or assigns `declaration` from a Result, or returns its error.
#define WEIR_TRY(declaration, expression) \
  WEIR_TRY_(WEIR_JOIN(weir_try_, __LINE__), declaration, expression)
// Returns the error of a Result<void>, if it has one.
#define WEIR_CHECK(expression)                                  \
  do {                                                          \
    auto weir_check = (expression);                             \
    if (!weir_check.ok()) return std::move(weir_check).error(); \
  } while (false)
