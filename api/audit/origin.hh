// Where an owner's manifests came from at an instant: its spec, its source, the commit. Reads of
// the log; thread-safe. Errors: not_found (the log does not say), corrupt, io.
#pragma once

#include <string>
#include <string_view>

#include "engine/model/object_id.hh"
#include "store/event_log.hh"

namespace weir::api::audit {

// The spec's source, `ns` the owner's; without an API version.
model::ObjectId source_reference(const model::ObjectId& owner, const Value& reference);

// The owner's object (masked) and its spec as they were last seen at or before `at`.
Result<Value> owner_at(const store::EventLog& log, const model::ObjectId& owner, store::Seq at);
Result<Value> spec_at(const store::EventLog& log, const model::ObjectId& owner, store::Seq at);

struct SourceOrigin {
  model::ObjectId id;
  std::string url;
  std::string branch;    // "" when the source follows no branch of a Git repository
  std::string revision;  // "main@sha1:..."
  std::string commit;    // 40 hex digits; "" when the revision names none
  std::string artifact;  // path of the stored artifact
  Value details;         // {sha, author, time, subject} of the commit, as far as the log says
};
// As the source stood at `at`; with `revision`, as it was when it had that revision.
Result<SourceOrigin> source_of(const store::EventLog& log, const model::ObjectId& owner,
                               store::Seq at, std::string_view revision = {});

// The commit of a Git revision; "" when it names none.
std::string_view commit_of(std::string_view revision);

}  // namespace weir::api::audit
