#include "engine/expr/cel_functions.hh"

#include <re2/re2.h>

#include <unordered_map>

namespace weir::expr {
namespace {

constexpr int pattern_memory_max = 8 << 20;

// The words of Go's regexp/syntax for what RE2 found wrong.
std::string_view pattern_error(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorBadEscape: return "invalid escape sequence";
    case RE2::ErrorBadCharClass: return "invalid character class";
    case RE2::ErrorBadCharRange: return "invalid character class range";
    case RE2::ErrorMissingBracket: return "missing closing ]";
    case RE2::ErrorMissingParen: return "missing closing )";
    case RE2::ErrorUnexpectedParen: return "unexpected )";
    case RE2::ErrorTrailingBackslash: return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument: return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize: return "invalid repeat count";
    case RE2::ErrorRepeatOp: return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp: return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8: return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture: return "invalid named capture";
    case RE2::ErrorPatternTooLarge: return "expression too large";
    default: return "unexpected error";
  }
}

}  // namespace

class CelPattern {
 public:
  CelPattern(std::string_view text, const RE2::Options& options)
      : regex(re2::StringPiece(text.data(), text.size()), options) {}
  RE2 regex;
};

Result<std::shared_ptr<const CelPattern>> compile_pattern(std::string_view text) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(pattern_memory_max);
  auto pattern = std::make_shared<const CelPattern>(text, options);
  if (pattern->regex.ok()) return pattern;
  const RE2& regex = pattern->regex;
  const bool whole = regex.error_code() == RE2::ErrorMissingParen ||
                     regex.error_code() == RE2::ErrorUnexpectedParen;
  const std::string shown = whole ? std::string(text) : regex.error_arg();
  std::string message = "error parsing regexp: " + std::string(pattern_error(regex.error_code()));
  if (regex.error_code() != RE2::ErrorTrailingBackslash || !shown.empty()) {
    message += ": `" + shown + "`";
  }
  return make_error(Code::invalid, std::move(message));
}

bool pattern_matches(const CelPattern& pattern, std::string_view text) {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern.regex);
}

const CelFunction* find_cel_function(std::string_view name) {
  using Index = std::unordered_map<std::string_view, const CelFunction*>;
  static const Index index = [] {
    Index built;
    for (const auto table : {standard_functions(), conversion_functions(), string_functions(),
                             collection_functions()}) {
      for (const CelFunction& function : table) built.emplace(function.name, &function);
    }
    return built;
  }();
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

CelValue no_such_overload() { return CelValue::error("no such overload"); }

CelValue no_such_overload(std::string_view function) {
  return CelValue::error("no such overload: " + std::string(function));
}

}  // namespace weir::expr
