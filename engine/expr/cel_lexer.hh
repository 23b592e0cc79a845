// Tokens of CEL and the value of its literals. Internal to engine/expr; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"

namespace weir::expr {

enum class TokenKind : std::uint8_t {
  end,
  identifier,
  integer,
  uinteger,
  floating,
  string,
  bytes,
  symbol,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;       // as written; empty at the end
  std::uint32_t position = 0;  // byte offset
};

// All tokens, ending in one of kind end. Error: invalid ("ERROR: <input>:1:1: Syntax error: token
// recognition error at: ...").
Result<std::vector<Token>> tokenize_cel(std::string_view text);

// The value of a string or bytes token; nothing when an escape is out of place.
std::optional<std::string> unquote_cel(std::string_view token);

}  // namespace weir::expr
