#include "engine/base/result.hh"

#include <array>

namespace weir::base {

std::string_view code_name(Code code) {
  static constexpr std::array<std::string_view, 16> names = {
      "invalid", "not_found",    "already_exists", "conflict", "unauthorized", "forbidden",
      "timeout", "unavailable",  "rate_limited",   "gone",     "limit",        "corrupt",
      "io",      "unsupported",  "cancelled",      "internal"};
  const auto index = static_cast<std::size_t>(code);
  WEIR_ASSERT(index < names.size());
  return names[index];
}

Error Error::with_context(std::string_view context) && {
  std::string text;
  text.reserve(context.size() + 2 + message.size());
  text.append(context).append(": ").append(message);
  message = std::move(text);
  return std::move(*this);
}

}  // namespace weir::base
