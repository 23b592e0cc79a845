#include "adapters/git/select.hh"

#include <algorithm>
#include <optional>

#include "engine/base/semver.hh"

namespace weir::git {
namespace {

using Remotes = std::vector<RemoteReference>;

const RemoteReference* find(const Remotes& remote, const std::string& name) {
  const auto found = std::find_if(remote.begin(), remote.end(),
                                  [&](const RemoteReference& one) { return one.name == name; });
  return found == remote.end() ? nullptr : &*found;
}

Result<Candidate> by_name(const Remotes& remote, const std::string& name, std::string label) {
  const RemoteReference* found = find(remote, name);
  if (!found) return make_error(Code::not_found, "couldn't find remote ref \"" + name + "\"");
  const RemoteReference* peeled = find(remote, name + "^{}");
  return Candidate{name, (peeled ? peeled : found)->id, std::move(label)};
}

Result<Selection> one(Result<Candidate> candidate) {
  if (!candidate) return std::move(candidate).error();
  Selection out;
  out.wanted = {candidate->reference};
  out.candidates.push_back(std::move(*candidate));
  return out;
}

bool is_sha1(const std::string& text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// Any history may hold the commit, unless a branch or name says which.
Result<Selection> by_commit(const Remotes& remote, const reconcile::GitReference& reference) {
  if (!is_sha1(reference.commit))
    return make_error(Code::invalid, "commit '" + reference.commit + "' is not a full SHA-1");
  Selection out;
  const std::string& label = reference.name.empty() ? reference.branch : reference.name;
  out.candidates.push_back({"", reference.commit, label});
  std::string only = reference.name;
  if (only.empty() && !reference.branch.empty()) only = "refs/heads/" + reference.branch;
  if (!only.empty()) {
    WEIR_TRY(Candidate found, by_name(remote, only, label));
    out.wanted = {std::move(found.reference)};
    return out;
  }
  for (const RemoteReference& each : remote)
    if ((each.name.starts_with("refs/heads/") || each.name.starts_with("refs/tags/")) &&
        !each.name.ends_with("^{}"))
      out.wanted.push_back(each.name);
  return out;
}

// Tags of the highest version in range. Build metadata does not order versions, so there may be
// several.
Result<Selection> by_semver(const Remotes& remote, const std::string& range) {
  auto constraint = base::VersionConstraint::parse(range);
  if (!constraint) return std::move(constraint).error().with_context("semver parse error");
  std::optional<base::Version> best;
  Selection out;
  for (const RemoteReference& each : remote) {
    constexpr std::string_view prefix = "refs/tags/";
    if (!each.name.starts_with(prefix) || each.name.ends_with("^{}")) continue;
    const std::string tag = each.name.substr(prefix.size());
    const auto version = base::Version::parse(tag);
    if (!base::is_version_candidate(tag) || !version || !constraint->matches(*version)) continue;
    const int order = best ? base::compare(*version, *best) : 1;
    if (order < 0) continue;
    if (order > 0) out.candidates.clear();
    best = *version;
    WEIR_TRY(Candidate candidate, by_name(remote, each.name, tag));
    out.candidates.push_back(std::move(candidate));
  }
  if (out.candidates.empty())
    return make_error(Code::not_found, "no match found for semver: " + range);
  for (const Candidate& candidate : out.candidates) out.wanted.push_back(candidate.reference);
  return out;
}

// The rules by which `git fetch` completes a name, in their order.
Result<Selection> by_any(const Remotes& remote, const std::string& text) {
  for (const char* prefix : {"", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"}) {
    const std::string name = prefix + text;
    if (find(remote, name) != nullptr) return one(by_name(remote, name, text));
  }
  if (is_sha1(text)) {
    reconcile::GitReference commit;
    commit.commit = text;
    return by_commit(remote, commit);
  }
  return make_error(Code::not_found, "couldn't find remote ref \"" + text + "\"");
}

}  // namespace

Result<Selection> select(const Remotes& remote, const reconcile::GitReference& reference) {
  if (!reference.commit.empty()) return by_commit(remote, reference);
  if (!reference.name.empty()) return one(by_name(remote, reference.name, reference.name));
  if (!reference.tag.empty())
    return one(by_name(remote, "refs/tags/" + reference.tag, reference.tag));
  if (!reference.semver.empty()) return by_semver(remote, reference.semver);
  if (reference.branch.empty() && !reference.any.empty()) return by_any(remote, reference.any);
  const std::string branch = reference.branch.empty() ? "master" : reference.branch;
  return one(by_name(remote, "refs/heads/" + branch, branch));
}

}  // namespace weir::git
