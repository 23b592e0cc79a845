#include "engine/template/functions/expression.hh"

#include <re2/re2.h>

#include <algorithm>
#include <list>

namespace weir::tmpl {

namespace {

// Compiled expressions a thread keeps; charts use the same few again and again.
constexpr std::size_t expressions_kept = 64;

std::string_view error_text(const re2::RE2& expression) {
  switch (expression.error_code()) {
    case re2::RE2::ErrorBadEscape: return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass: return "invalid character class";
    case re2::RE2::ErrorBadCharRange: return "invalid character class range";
    case re2::RE2::ErrorMissingBracket: return "missing closing ]";
    case re2::RE2::ErrorMissingParen: return "missing closing )";
    case re2::RE2::ErrorUnexpectedParen: return "unexpected )";
    case re2::RE2::ErrorTrailingBackslash: return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument: return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize: return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp: return "invalid nested repetition operator";
    case re2::RE2::ErrorBadPerlOp: return "invalid or unsupported Perl syntax";
    case re2::RE2::ErrorBadUTF8: return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture: return "invalid named capture";
    default: return "expression too large";
  }
}

// Where escapes and classes end that begin at `at`; `at` itself when none does.
std::size_t skip_escape(std::string_view pattern, std::size_t at) {
  if (pattern[at] != '\\') return at;
  if (pattern.substr(at).starts_with("\\Q")) {
    const std::size_t end = pattern.find("\\E", at + 2);
    return end == std::string_view::npos ? pattern.size() : end + 2;
  }
  return std::min(at + 2, pattern.size());
}

// "(?<name>" as "(?P<name>", which this RE2 knows.
std::string with_named_groups(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (std::size_t at = 0; at < pattern.size();) {
    if (const std::size_t end = skip_escape(pattern, at); end != at) {
      out += pattern.substr(at, end - at);
      at = end;
      continue;
    }
    if (!in_class && pattern.substr(at).starts_with("(?<")) {
      out += "(?P<";
      at += 3;
      continue;
    }
    if (pattern[at] == '[' && !in_class) {
      in_class = true;
      // A bracket right at the start of a class stands for itself.
      std::size_t body = at + 1;
      if (body < pattern.size() && pattern[body] == '^') ++body;
      if (body < pattern.size() && pattern[body] == ']') ++body;
      out += pattern.substr(at, body - at);
      at = body;
      continue;
    }
    if (pattern[at] == ']') in_class = false;
    out += pattern[at++];
  }
  return out;
}

// RE2 has an escape for one byte that Go has not.
bool has_byte_escape(std::string_view pattern) {
  for (std::size_t at = 0; at < pattern.size();) {
    const std::size_t end = skip_escape(pattern, at);
    if (end == at + 2 && pattern.substr(at, 2) == "\\C") return true;
    at = end == at ? at + 1 : end;
  }
  return false;
}

}  // namespace

Expression compile_expression(std::string_view pattern) {
  struct Kept {
    std::string pattern;
    Expression expression;
  };
  thread_local std::list<Kept> kept;
  for (auto at = kept.begin(); at != kept.end(); ++at) {
    if (at->pattern != pattern) continue;
    kept.splice(kept.begin(), kept, at);
    return kept.front().expression;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  const bool renames = pattern.find("(?<") != std::string_view::npos;
  auto expression = std::make_shared<const re2::RE2>(
      renames ? re2::StringPiece(with_named_groups(pattern))
              : re2::StringPiece(pattern.data(), pattern.size()),
      options);
  kept.push_front({std::string(pattern), std::move(expression)});
  if (kept.size() > expressions_kept) kept.pop_back();
  return kept.front().expression;
}

std::string expression_error(std::string_view pattern, const re2::RE2& expression) {
  if (expression.ok() && !has_byte_escape(pattern)) return {};
  if (expression.ok()) return "error parsing regexp: invalid escape sequence: `\\C`";
  std::string part(expression.error_arg());
  if (expression.error_code() == re2::RE2::ErrorBadUTF8) part = pattern;
  // As it was written, before with_named_groups.
  if (part.starts_with("(?P<") && pattern.find(part) == std::string_view::npos) part.erase(2, 1);
  return std::string("error parsing regexp: ")
      .append(error_text(expression))
      .append(": `")
      .append(part)
      .append("`");
}

}  // namespace weir::tmpl
