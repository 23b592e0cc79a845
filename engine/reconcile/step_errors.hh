// Small makers that the executor's source files share: failures in the contract's words, and
// members of a status. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/reconcile/command.hh"

namespace weir::reconcile {

inline StepError authentication_error(std::string message) {
  return {Code::unauthorized, "AuthenticationFailed", std::move(message), false};
}

// A failure of the artifact store; its own reason where it names one.
inline StepError storage_error(const Error& error) {
  const std::string reason = error.reason.empty() ? "ArchiveOperationFailed" : error.reason;
  return {error.code, reason, error.message, false};
}

// The error with context before its text and the contract's reason; a reason "URLInvalid"
// or "TLSConfig" stays.
inline Error with_reason(Error error, std::string_view reason, const std::string& context) {
  if (error.reason == "URLInvalid" || error.reason == "TLSConfig") return error;
  Error out = std::move(error).with_context(context);
  out.reason = reason;
  return out;
}

inline Value text_or_null(const std::optional<std::string>& text) {
  return text && !text->empty() ? Value(*text) : Value();
}

}  // namespace weir::reconcile
