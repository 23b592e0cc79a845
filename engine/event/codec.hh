// The binary form of an event beyond encode() and decode() of event.hh: encoding with its caps
// checked, and a look at a record's envelope that neither copies nor parses the data.
//
// Record, version 1: 0x01, type (1 byte), then varints and length-prefixed strings: seq, time,
// cause, subject (cluster, group, version, kind, namespace, name, uid), reconcile id, actor, owner
// flag (0 or 1; 1: group, version, kind, namespace, name), data (compact JSON with sorted keys, not
// HTML-escaped; empty = null), count of blobs, their digests of 32 bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/event/event.hh"

namespace weir::event {

// encode(), refusing what is over its cap. Error: limit, naming the event's type, subject and the
// cap.
Result<std::string> encode_within_limits(const Event& event);
// The same, behind what stands in `out`; after an error its end is undefined.
Result<void> append_within_limits(std::string& out, const Event& event);

// A record's envelope; every view points into the record.
struct EnvelopeView {
  std::uint64_t seq = 0;
  base::TimeUs time = 0;
  Type type = Type::engine_started;
  std::uint64_t cause = 0;
  std::string_view cluster, group, version, kind, ns, name, uid;
  std::string_view reconcile_id;
  std::string_view actor;
  bool has_owner = false;
  std::string_view owner_group, owner_version, owner_kind, owner_ns, owner_name;
  std::string_view data;   // JSON text; empty = null
  std::string_view blobs;  // 32 bytes each
};

// The type that a record says it has, not checked; of one too short to have any the number is 0.
Type type_of(std::string_view record);

// Of an event without one it is empty.
model::ObjectId owner_of(const EnvelopeView& view);

// Error: corrupt. Checks everything but the JSON.
Result<EnvelopeView> view_envelope(std::string_view record);

}  // namespace weir::event
