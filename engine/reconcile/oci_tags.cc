#include "engine/reconcile/oci_tags.hh"

#include <re2/re2.h>

#include <algorithm>
#include <optional>

#include "engine/base/semver.hh"

namespace weir::reconcile {
namespace {

// In Go's words, where RE2 has others.
std::string problem_of(const re2::RE2& regex) {
  using enum re2::RE2::ErrorCode;
  std::string words = regex.error();
  switch (regex.error_code()) {
    case ErrorMissingBracket: words = "missing closing ]"; break;
    case ErrorMissingParen: words = "missing closing )"; break;
    case ErrorUnexpectedParen: words = "unexpected )"; break;
    case ErrorBadEscape: words = "invalid escape sequence"; break;
    case ErrorBadCharClass:
    case ErrorBadCharRange: words = "invalid character class range"; break;
    case ErrorTrailingBackslash: words = "trailing backslash at end of expression"; break;
    case ErrorRepeatArgument: words = "missing argument to repetition operator"; break;
    case ErrorRepeatSize: words = "invalid repeat count"; break;
    case ErrorRepeatOp: words = "invalid nested repetition operator"; break;
    default: return words;
  }
  return words + ": `" + regex.error_arg() + "`";
}

}  // namespace

Result<std::vector<std::string>> filter_tags(std::vector<std::string> tags,
                                             const std::string& pattern) {
  if (pattern.empty()) return tags;
  const re2::RE2 filter(pattern, re2::RE2::Quiet);
  if (!filter.ok())
    return make_error(Code::invalid, "error parsing regexp: " + problem_of(filter));
  std::erase_if(tags, [&](const std::string& tag) { return !re2::RE2::PartialMatch(tag, filter); });
  return tags;
}

Result<std::string> highest_tag(const std::vector<std::string>& tags, const std::string& range,
                                bool chart) {
  auto constraint = base::VersionConstraint::parse(range);
  if (!constraint.ok())
    return std::move(constraint).error().with_context("semver '" + range + "' parse error");
  std::optional<base::Version> best;
  std::string chosen;
  for (const std::string& tag : tags) {
    std::string text = tag;
    if (chart) std::replace(text.begin(), text.end(), '_', '+');
    if (!base::is_version_candidate(text)) continue;
    auto version = base::Version::parse(text);
    if (!version.ok() || !constraint->matches(*version)) continue;
    if (best && base::compare(*version, *best) <= 0) continue;
    best = *std::move(version);
    chosen = tag;
  }
  if (!best) return make_error(Code::not_found, "no match found for semver: " + range);
  return chosen;
}

}  // namespace weir::reconcile
