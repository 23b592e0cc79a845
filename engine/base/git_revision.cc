#include "engine/base/git_revision.hh"

#include <algorithm>

namespace weir::base {
namespace {

bool is_sha1(std::string_view text) {
  return text.size() == 40 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

std::string git_revision(std::string_view reference, std::string_view commit) {
  std::string out(reference);
  if (!out.empty()) out += '@';
  return out.append("sha1:").append(commit);
}

std::string normalize_git_revision(std::string_view revision) {
  if (is_sha1(revision)) return git_revision({}, revision);
  const std::size_t slash = revision.rfind('/');
  if (slash == std::string_view::npos || !is_sha1(revision.substr(slash + 1)))
    return std::string(revision);
  // "HEAD" stood for a commit without a branch.
  const std::string_view reference = revision.substr(0, slash);
  return git_revision(reference == "HEAD" ? std::string_view() : reference,
                      revision.substr(slash + 1));
}

bool same_revision(std::string_view a, std::string_view b) {
  return !a.empty() && normalize_git_revision(a) == normalize_git_revision(b);
}

}  // namespace weir::base
