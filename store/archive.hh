// Archives of the log: JSON Lines of CloudEvents that prove themselves, without the database.
//
// The first line (weir.ArchiveBegun) has the signed checkpoint and what leads from key to key; the
// last one (weir.ArchiveEnded) the number of events. An event's line is its CloudEvent and the
// extension attributes
//   record        its canonical bytes (base64)
//   previousleaf  the leaf hash before it (hex): where the line before is not the event before
//   proof         its audit path to the checkpoint's root (base64, by commas): where the line
//                 behind is not the event behind
// so that a run of events is bound by its chain, and by one proof at its end. Every byte of a line
// follows from what is proven: a changed one is found.
//
// Thread-safe reads. Errors: corrupt, io.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/event/event.hh"
#include "engine/value/value.hh"
#include "store/kv.hh"
#include "store/note.hh"

namespace weir::store {

// The first line. `checkpoint`: a signed note of this log.
Result<Value> archive_begin(const Kv& kv, std::string_view checkpoint);
// An event's line. begins_run, ends_run: whether the lines beside are the events beside.
Result<Value> archive_line(const Kv& kv, const event::Event& event, std::uint64_t size,
                           bool begins_run, bool ends_run);
Value archive_end(std::uint64_t events);
// A line as it is in the file, without its newline.
std::string archive_text(const Value& line);

// The audit path's hashes, base64, by commas.
Result<std::string> inclusion_text(const Kv& kv, std::uint64_t seq, std::uint64_t size);
// The leaf hash before event `seq`, hex.
Result<std::string> previous_leaf_text(const Kv& kv, std::uint64_t seq);

struct ArchiveFinding {
  std::uint64_t line = 0;
  std::uint64_t seq = 0;  // 0 = of no event
  std::string what;
};

struct ArchiveReport {
  std::uint64_t events = 0;
  std::uint64_t proofs = 0;
  std::uint64_t size = 0;    // events that the checkpoint covers
  std::string public_key;    // that signed it
  bool key_trusted = false;  // it was given, or follows from the one that was
  std::optional<ArchiveFinding> first;
};

// Gives the next line without its newline; nothing at the end. Error: io.
using LineSource = std::function<Result<std::optional<std::string>>()>;

// Checks every line. Without a key the archive's own is taken, which proves that it is whole but
// not whose it is. Error: io.
Result<ArchiveReport> verify_archive(const LineSource& next_line,
                                     const std::optional<VerifierKey>& trusted);

}  // namespace weir::store
