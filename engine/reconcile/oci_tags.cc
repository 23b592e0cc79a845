#include "engine/reconcile/oci_tags.hh"

#include <re2/re2.h>

#include <algorithm>
#include <optional>

#include "engine/base/semver.hh"
#include "engine/template/functions/expression.hh"

namespace weir::reconcile {

Result<std::vector<std::string>> filter_tags(std::vector<std::string> tags,
                                             const std::string& pattern) {
  if (pattern.empty()) return tags;
  const re2::RE2 filter(pattern, re2::RE2::Quiet);
  if (!filter.ok())
    return make_error(Code::invalid, tmpl::expression_error(pattern, filter));
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
