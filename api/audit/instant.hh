// Points in the log's time, as people write them: a sequence number ("1234"), an RFC 3339 time or a
// date, a time before now ("-2h"), "now", or the revision of a source ("3f2a91c", "main@sha1:...").
//
// Pure but for reads of the log; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.hh"
#include "store/event_log.hh"

namespace weir::api::audit {

struct Instant {
  std::optional<store::Seq> seq;
  std::optional<base::TimeUs> time;
  std::string revision;  // when neither
};

Instant parse_instant(std::string_view text, base::TimeUs now);

// The last event at or before it. A revision: the last finished reconcile that succeeded with it,
// of `owner` when given. A number beyond the head that a revision begins with is that revision.
// Errors: invalid (before the first event), not_found, corrupt, io; `field` is named.
Result<store::Seq> resolve_instant(const store::EventLog& log, std::string_view text,
                                   base::TimeUs now, std::string_view field,
                                   const model::ObjectId* owner = nullptr);

// "main@sha1:3f2a91c..." is meant by itself, by its beginning, and by the digest's (4 digits on).
bool revision_matches(std::string_view revision, std::string_view wanted);

}  // namespace weir::api::audit
