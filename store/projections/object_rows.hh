// The rows of the view `objects` (objects.hh): their keys, and the changes they lead to; shared by
// what folds them, asks them and snapshots them. Pure but for read_change(); errors are corrupt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/event/codec.hh"
#include "engine/event/event.hh"
#include "engine/event/wire.hh"
#include "store/projections/objects.hh"

namespace weir::store::projections {

// Which states a change defines; a part of the key, never renumber.
enum class Class : char { both = 0, live_only = 1, desired_only = 2, neither = 3 };
inline constexpr Class classes[] = {Class::both, Class::live_only, Class::desired_only,
                                    Class::neither};
inline constexpr char after_classes = '\x7f';

// The class that defines this side alone.
Class class_of(Side side);

struct Effect {
  Class defines;
  bool gone;
  std::string_view action;
};

// Nothing for events that are no change of an object. `has_blobs`: it names contents.
std::optional<Effect> effect_of(event::Type type, const Value& data, bool has_blobs);

// What all keys of one object begin with.
std::string object_prefix(const model::ObjectId& id, std::string_view cluster);
// That of the event's own change, appended.
void append_change_key(std::string& out, const event::Event& event, Class defines);
std::string change_key(const std::string& prefix, Class defines, std::uint64_t seq);

// Nothing for events that are no change of an object.
Result<std::optional<ObjectChange>> change_of(const event::EnvelopeView& event);
// The change that a row leads to: rows have no value, the event has it all. Errors: corrupt, io.
Result<ObjectChange> read_change(const Kv& kv, std::uint64_t seq);

// For snapshots: all but the digest into `texts`, so that each part compresses as its kind does.
void encode_change(const ObjectChange& change, std::string& texts, std::string& digests);
// After the last one the readers say whether all was well.
ObjectChange decode_change(std::uint64_t seq, event::Reader& texts, event::Reader& digests);
Error malformed_key();

// What defines a side's state, a deletion included, of the last change that defines both sides and
// the last that defines this one alone.
std::optional<ObjectChange> defining(std::optional<ObjectChange> both,
                                     std::optional<ObjectChange> own, Side side);

struct Subject {
  model::ObjectId id;
  std::string cluster;
};

// The object that a key is about; `prefix_bytes` gets the length of the part that names it.
std::optional<Subject> subject_of(std::string_view key, std::size_t& prefix_bytes);

}  // namespace weir::store::projections
