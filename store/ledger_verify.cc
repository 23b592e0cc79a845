#include "store/ledger_verify.hh"

#include <algorithm>

#include "engine/event/event.hh"
#include "store/ledger.hh"
#include "store/record_format.hh"
#include "store/tree.hh"

namespace weir::store {
namespace {

// A checkpoint, and the change of keys that the last event under it is, if it is one.
struct Signed {
  SignedNote note;
  Checkpoint checkpoint;
  bool changes_key = false;
  bool vouched = true;  // by the old key
  VerifierKey old_key, new_key;
};

Result<Signed> open_note(std::string_view text) {
  Signed out;
  WEIR_TRY(out.note, parse_note(text));
  WEIR_TRY(out.checkpoint, Checkpoint::parse(out.note.text));
  return out;
}

class LedgerVerifier {
 public:
  LedgerVerifier(const Kv& kv, const LedgerTrust& trust) : kv_(kv), tree_(kv), trust_(trust) {}

  Result<LedgerReport> run() {
    WEIR_CHECK(settle(load()));
    WEIR_CHECK(settle(walk_kept()));
    WEIR_CHECK(settle(check_last()));
    WEIR_CHECK(settle(check_trust()));
    for (const std::string& note : trust_.witnessed) WEIR_CHECK(settle(check_witnessed(note)));
    return report_;
  }

 private:
  void found(std::uint64_t seq, std::string what) {
    if (!report_.first) report_.first = Finding{seq, std::move(what)};
  }

  Result<void> settle(Result<void> step) {
    if (step.ok() || step.error().code == Code::io) return step;
    found(0, std::move(step).error().message);
    return {};
  }

  Result<void> load() {
    WEIR_TRY(const auto row, kv_.get(Family::meta, format::meta_head));
    if (row) {
      WEIR_TRY(head_, format::decode_head(*row));
    }
    WEIR_TRY(const auto last, stored_checkpoint(kv_));
    report_.present = last.has_value();
    if (last) last_ = *last;
    return load_kept();
  }

  Result<void> load_kept() {
    auto cursor = kv_.cursor(Family::meta);
    for (cursor->seek(format::meta_kept_checkpoints);
         cursor->valid() && cursor->key().starts_with(format::meta_kept_checkpoints);
         cursor->next()) {
      auto note = open_note(cursor->value());
      if (!note.ok()) return std::move(note).error().with_context("a kept checkpoint");
      if (format::kept_checkpoint_key(note->checkpoint.size) != cursor->key()) {
        return make_error(Code::corrupt,
                          "a kept checkpoint stands under another size than it states");
      }
      WEIR_CHECK(read_key_change(*note));
      kept_.push_back(std::move(*note));
    }
    WEIR_CHECK(cursor->status());
    WEIR_TRY(const auto stored, stored_ledger_key(kv_));
    const auto first = std::find_if(kept_.begin(), kept_.end(),
                                    [](const Signed& note) { return note.changes_key; });
    if (first != kept_.end()) {
      keys_.push_back(first->old_key);
    } else if (stored) {
      keys_.push_back(*stored);
    }
    if (stored) stored_key_ = *stored;
    return {};
  }

  Result<void> read_key_change(Signed& note) {
    WEIR_TRY(const auto record, kv_.get(Family::events, format::seq_key(note.checkpoint.size)));
    if (!record) return {};
    WEIR_TRY(const event::Event event, event::decode(*record));
    if (event.type != event::Type::checkpoint_signed) return {};
    note.changes_key = true;
    note.vouched = event.data["reason"].get_string() != "replaced";
    WEIR_TRY(note.new_key, VerifierKey::parse(event.data["publicKey"].get_string()));
    WEIR_TRY(note.old_key, VerifierKey::parse(event.data["previousKey"].get_string()));
    return {};
  }

  // The oldest first: each is signed by the key of its time, and leads to the next one.
  Result<void> walk_kept() {
    if (!kept_.empty() && keys_.empty()) found(0, "the log names no key of its checkpoints");
    if (report_.first) return {};
    for (const Signed& note : kept_) {
      WEIR_CHECK(check_covered(note.checkpoint));
      const bool follows = !note.changes_key || note.old_key == keys_.back();
      const bool by_old = note.note.is_signed_by(keys_.back());
      const bool by_new = !note.changes_key || note.note.is_signed_by(note.new_key);
      if (!follows || !by_new || (!by_old && note.vouched)) {
        found(note.checkpoint.size, "the checkpoint over " + std::to_string(note.checkpoint.size) +
                                        " events is not signed by the log's key of that time");
      }
      ++report_.checkpoints;
      if (!note.changes_key) continue;
      ++report_.rotations;
      if (!note.vouched) unvouched_ = keys_.size();
      if (!note.vouched) unvouched_seq_ = note.checkpoint.size;
      keys_.push_back(note.new_key);
    }
    return {};
  }

  // The log begins with the events that the checkpoint covers.
  Result<void> check_covered(const Checkpoint& checkpoint) {
    const std::string events = std::to_string(checkpoint.size) + " events";
    if (checkpoint.size > head_.seq) {
      found(head_.seq + 1, "the log ends at event " + std::to_string(head_.seq) +
                               ", but a checkpoint over " + events + " was signed");
      return {};
    }
    WEIR_TRY(const base::Digest root, tree_.root(checkpoint.size));
    if (root != checkpoint.root) {
      found(covered_ + 1, "the first " + events +
                              " are not those that the checkpoint was signed over; those up to " +
                              std::to_string(covered_) + " are");
      return {};
    }
    covered_ = std::max(covered_, checkpoint.size);
    return {};
  }

  Result<void> check_last() {
    if (!report_.present || keys_.empty()) {
      if (trust_.key || report_.present) found(0, "the log has no signed checkpoint and key");
      return {};
    }
    auto last = open_note(last_);
    if (!last.ok()) return std::move(last).error().with_context("the last checkpoint");
    WEIR_CHECK(check_covered(last->checkpoint));
    report_.signed_size = last->checkpoint.size;
    report_.public_key = keys_.back().text();
    ++report_.checkpoints;
    if (!last->note.is_signed_by(keys_.back())) {
      found(0, "the last checkpoint is not signed by the log's key " + report_.public_key);
    }
    if (stored_key_ != keys_.back()) {
      found(0, "the log's key is " + report_.public_key + ", but its row names another one");
    }
    if (last->checkpoint.origin != keys_.back().name) {
      found(0, "the last checkpoint is of the log " + last->checkpoint.origin + ", not of " +
                   keys_.back().name);
    }
    return {};
  }

  // Every key of the chain has signed; so the trusted one's place in it is all that matters.
  Result<void> check_trust() {
    if (!trust_.key) return {};
    const auto place = std::find(keys_.begin(), keys_.end(), *trust_.key);
    if (place == keys_.end()) {
      found(0, "the log is signed by " + (keys_.empty() ? "no key" : keys_.back().text()) +
                   ", which does not follow from " + trust_.key->text());
    } else if (static_cast<std::size_t>(place - keys_.begin()) < unvouched_) {
      found(unvouched_seq_, "the key " + trust_.key->text() +
                                " was replaced without its word: it vouches for nothing from here "
                                "on");
    }
    return {};
  }

  Result<void> check_witnessed(const std::string& text) {
    auto note = open_note(text);
    if (!note.ok()) return std::move(note).error().with_context("the witnessed checkpoint");
    const bool ours = std::any_of(keys_.begin(), keys_.end(), [&](const VerifierKey& key) {
      return note->note.is_signed_by(key);
    });
    if (!ours) {
      found(0, "the witnessed checkpoint over " + std::to_string(note->checkpoint.size) +
                   " events is not signed by this log's key");
      return {};
    }
    ++report_.checkpoints;
    return check_covered(note->checkpoint);
  }

  const Kv& kv_;
  const Tree tree_;
  const LedgerTrust& trust_;
  LedgerReport report_;
  format::Head head_;
  std::string last_;
  VerifierKey stored_key_;
  std::vector<Signed> kept_;
  std::vector<VerifierKey> keys_;  // the log's, in their order
  std::size_t unvouched_ = 0;      // keys before this one did not vouch for it
  std::uint64_t unvouched_seq_ = 0;
  std::uint64_t covered_ = 0;  // events under a checkpoint that was found true
};

}  // namespace

Result<LedgerReport> verify_ledger(const Kv& kv, const LedgerTrust& trust) {
  return LedgerVerifier(kv, trust).run();
}

}  // namespace weir::store
