// The ledger: signed checkpoints (C2SP tlog-checkpoint) over the log's tree. The key is a file
// beside the database, made on the first start. A new key is introduced by an event
// (checkpoint_signed) and by a checkpoint over that event which both keys sign, so whoever trusts
// an old key can follow to the new one.
//
// A checkpoint is stored, synced, before anybody sees it: what was signed is never lost with a torn
// end of the log. Thread-safe after open(). Errors: io, corrupt; forbidden (the key file is open to
// others).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/digest.hh"
#include "engine/base/result.hh"
#include "store/event_log.hh"
#include "store/note.hh"

namespace weir::store {

// What a checkpoint says: the root over the first `size` events.
struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  base::Digest root;

  // Three lines: origin, size, base64 of the root.
  std::string text() const;
  // From a note's text. Error: corrupt.
  static Result<Checkpoint> parse(std::string_view text);
};

// The last one that was signed; nothing before the first.
Result<std::optional<std::string>> stored_checkpoint(const Kv& kv);
// The key that the log is signed with; nothing before the first start with a ledger.
Result<std::optional<VerifierKey>> stored_ledger_key(const Kv& kv);

class Ledger {
 public:
  struct Options {
    std::string key_path;
    std::string name;     // of a key that is made now; "" = from its digest
    bool rotate = false;  // begin a new key
  };

  // Appends an event when the key changes, so it goes before the engine's start. A key file that
  // was lost is replaced by a new one, without the old one's word: whoever pinned that is told so
  // by a verification.
  static Result<std::unique_ptr<Ledger>> open(EventLog& log, const Options& options);

  // A signed note over the log as it stands. Errors: io (disk full), corrupt.
  Result<std::string> checkpoint();
  VerifierKey public_key() const { return key_.verifier(); }

 private:
  Ledger(EventLog& log, SigningKey key) : log_(log), key_(std::move(key)) {}
  Result<void> adopt_stored(const Options& options);
  Result<void> introduce(const SigningKey& next, const VerifierKey& old, std::string_view reason);
  Result<void> rotate(const std::string& path);
  Result<void> finish_rotation(const SigningKey& next, const std::string& path);
  Checkpoint at_head() const;
  Result<void> store(const std::string& note, std::uint64_t size, bool keep);

  EventLog& log_;
  SigningKey key_;
  std::mutex mutex_;  // guards what follows
  std::string note_;  // the last one; "" = none
  std::uint64_t size_ = 0;
};

}  // namespace weir::store
