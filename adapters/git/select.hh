// Which of a remote's references a GitRepository's spec.ref means. Pure.
#pragma once

#include <string>
#include <vector>

#include "adapters/git/remote.hh"
#include "engine/reconcile/source_port.hh"

namespace weir::git {

struct Candidate {
  std::string reference;  // of the remote: what to fetch for it
  std::string commit;     // 40 hex digits, annotated tags peeled
  std::string label;      // what stands before "@sha1:" in the revision
};

struct Selection {
  // One, or several tags of equal version, of which the one with the latest commit wins.
  std::vector<Candidate> candidates;
  // What to fetch when a candidate's commit is missing.
  std::vector<std::string> wanted;
};

// Precedence commit > name > tag > semver > branch > any; nothing means branch "master". Errors:
// not_found (worded `couldn't find remote ref "refs/heads/x"`), invalid (a commit that is not 40
// hex digits, a bad range).
Result<Selection> select(const std::vector<RemoteReference>& remote,
                         const reconcile::GitReference& reference);

}  // namespace weir::git
