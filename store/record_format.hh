// Every key and every byte of the database, in one place; store/README.md tells it in prose. Keys
// sort bytewise; numbers in keys are big-endian; texts in keys are escaped so that a key part never
// runs into the next one. Values are varints, length-prefixed strings and 32-byte digests
// (engine/event/wire.hh).
//
// family       key                                          value
// meta         "schema"                                     varint schema_version
//              "head"                                       Head
//              "projections"                                varint projections_version; 0 = being
//                                                           rebuilt
//              "retained-from"                              varint seq: records and blobs of older
//                                                           events may be gone
//              "retaining"                                  varint seq: a retention to there is
//                                                           under way
//              "repairing"                                  JSON of what is lost: a repair is
//                                                           under way
//              "lost-blob/" digest                          (empty): a repair found it gone
//              "old-blob/" digest                           (empty): an event that is gone named it
//              "ledger-key"                                 public key of the ledger, as text
//              "checkpoint"                                 the last signed checkpoint, a note
//              "checkpoint/" size                           a signed checkpoint that is kept
// events       seq                                          event record (engine/event/codec.hh)
// index        's' kind ns name group cluster seq           (empty)
//              'o' kind ns name group seq (of the owner)    (empty)
//              't' time                                     big-endian seq: the last event of that
//                                                           time
// blobs        digest                                       Blob (store/blobs.cc)
// projections  a letter a view, see store/projections       by the view
// snapshots    name seq                                     digest of the rest, varint size, zstd
//                                                           bytes
// inputs       number, from 1                               a record of the engine's steps
//                                                           (engine/reconcile/recording.hh)
// tiles        level (0 = leaves, 1 = tree level 8) index   hash
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.hh"
#include "engine/base/digest.hh"
#include "engine/base/result.hh"
#include "engine/model/object_id.hh"
#include "store/kv.hh"

namespace weir::store::format {

inline constexpr std::uint64_t schema_version = 2;

inline constexpr std::string_view meta_schema = "schema";
inline constexpr std::string_view meta_head = "head";
inline constexpr std::string_view meta_projections = "projections";
inline constexpr std::string_view meta_retained_from = "retained-from";
inline constexpr std::string_view meta_lost_blobs = "lost-blob/";
inline constexpr std::string_view meta_retaining = "retaining";
inline constexpr std::string_view meta_repairing = "repairing";
inline constexpr std::string_view meta_old_blobs = "old-blob/";
inline constexpr std::string_view meta_ledger_key = "ledger-key";
inline constexpr std::string_view meta_checkpoint = "checkpoint";
inline constexpr std::string_view meta_kept_checkpoints = "checkpoint/";

inline constexpr char index_subject = 's';
inline constexpr char index_owner = 'o';
inline constexpr char index_time = 't';

// One key part: 0x00 becomes 0x00 0xff, and 0x00 0x01 ends it; order is kept and no part is
// another's prefix.
void append_part(std::string& key, std::string_view text);
// Takes a part off the front of `key`; nothing when it is malformed.
std::optional<std::string> take_part(std::string_view& key);

std::string seq_key(std::uint64_t seq);                   // 8 bytes; for events
std::optional<std::uint64_t> take_seq(std::string_view key);  // of exactly 8 bytes

// kind ns name group: the identity of an object whatever its version.
void append_object(std::string& key, const model::ObjectId& id);
// The id back, with an empty version; takes it off the front of `key`.
std::optional<model::ObjectId> take_object(std::string_view& key);

// The keys as texts of their own, and appended, as to what WriteBatch::begin_put() gives.
void append_subject_key(std::string& out, const model::ObjectId& id, std::string_view cluster,
                        std::uint64_t seq);
void append_owner_key(std::string& out, const model::ObjectId& owner, std::uint64_t seq);
void append_tile_key(std::string& out, unsigned level, std::uint64_t index);
std::string subject_key(const model::ObjectId& id, std::string_view cluster, std::uint64_t seq);
std::string owner_key(const model::ObjectId& owner, std::uint64_t seq);
std::string time_key(base::TimeUs time);
std::string tile_key(unsigned level, std::uint64_t index);
std::string lost_blob_key(const base::Digest& digest);
std::string old_blob_key(const base::Digest& digest);
std::string kept_checkpoint_key(std::uint64_t size);
std::string snapshot_key(std::string_view name, std::uint64_t seq);
std::string_view blob_key(const base::Digest& digest);  // points into `digest`

// The row that commits a batch: what the log's end is.
struct Head {
  std::uint64_t seq = 0;
  base::TimeUs time = 0;
  base::Digest root;
};
std::string encode_head(const Head& head);
Result<Head> decode_head(std::string_view bytes);

std::string encode_number(std::uint64_t number);
Result<std::uint64_t> decode_number(std::string_view bytes, std::string_view what);
// The number at `key` of the meta family; `fallback` when there is none.
Result<std::uint64_t> read_number(const Kv& kv, std::string_view key, std::uint64_t fallback);

}  // namespace weir::store::format
