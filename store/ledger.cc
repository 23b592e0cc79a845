#include "store/ledger.hh"

#include <charconv>
#include <cstdio>

#include "store/key_file.hh"
#include "store/record_format.hh"

namespace weir::store {
namespace {

// A checkpoint is kept for good each time the log has grown by so many events: they bracket where
// a forged history parts from the signed one.
constexpr std::uint64_t kept_every = 65'536;

std::string next_path(const std::string& path) { return path + ".next"; }

Result<SigningKey> load_or_create(const std::string& path, const std::string& name) {
  auto loaded = SigningKey::load(path);
  if (loaded.ok() || loaded.error().code != Code::not_found) return loaded;
  WEIR_TRY(const SigningKey key, SigningKey::generate(name));
  WEIR_CHECK(key.save(path));
  return SigningKey::load(path);  // of two starts at once one has won
}

}  // namespace

std::string Checkpoint::text() const {
  const std::string_view bytes = format::blob_key(root);
  return origin + "\n" + std::to_string(size) + "\n" + base::base64_encode(bytes) + "\n";
}

Result<Checkpoint> Checkpoint::parse(std::string_view text) {
  const auto corrupt = [] {
    return make_error(Code::corrupt, "checkpoint: not the lines origin, size and root");
  };
  std::string_view lines[3];
  for (std::string_view& line : lines) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos || end == 0) return corrupt();
    line = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  Checkpoint out;
  out.origin = lines[0];
  const auto [end, error] =
      std::from_chars(lines[1].data(), lines[1].data() + lines[1].size(), out.size);
  const bool whole = error == std::errc() && end == lines[1].data() + lines[1].size();
  const auto root = decode_canonical_base64(lines[2]);
  if (!whole || (lines[1].size() > 1 && lines[1].front() == '0') || !root.ok() ||
      root->size() != out.root.bytes.size())
    return corrupt();
  std::copy(root->begin(), root->end(), out.root.bytes.begin());
  return out;
}

Result<std::optional<std::string>> stored_checkpoint(const Kv& kv) {
  return kv.get(Family::meta, format::meta_checkpoint);
}

Result<std::optional<VerifierKey>> stored_ledger_key(const Kv& kv) {
  WEIR_TRY(const auto row, kv.get(Family::meta, format::meta_ledger_key));
  if (!row) return std::optional<VerifierKey>();
  auto key = VerifierKey::parse(*row);
  if (!key.ok()) return make_error(Code::corrupt, "the \"ledger-key\" row is malformed");
  return std::optional<VerifierKey>(std::move(*key));
}

Result<std::unique_ptr<Ledger>> Ledger::open(EventLog& log, const Options& options) {
  WEIR_TRY(const auto stored, stored_ledger_key(log.kv()));
  const std::string name = stored ? stored->name : options.name;
  WEIR_TRY(SigningKey key, load_or_create(options.key_path, name));
  std::unique_ptr<Ledger> ledger(new Ledger(log, std::move(key)));
  WEIR_CHECK(ledger->adopt_stored(options).with_context("open the ledger"));
  return ledger;
}

Result<void> Ledger::adopt_stored(const Options& options) {
  WEIR_TRY(const auto note, stored_checkpoint(log_.kv()));
  if (note) {
    WEIR_TRY(const SignedNote parsed, parse_note(*note));
    WEIR_TRY(const Checkpoint last, Checkpoint::parse(parsed.text));
    if (last.size > log_.head().seq) {
      return make_error(Code::corrupt, "the log ends at event " + std::to_string(log_.head().seq) +
                                           ", but a checkpoint over " + std::to_string(last.size) +
                                           " events was signed");
    }
    note_ = *note;
    size_ = last.size;
  }
  WEIR_TRY(const auto stored, stored_ledger_key(log_.kv()));
  if (!stored) {
    WriteBatch batch;
    batch.put(Family::meta, format::meta_ledger_key, key_.verifier().text());
    WEIR_CHECK(log_.kv().write(batch, true));
  } else {
    const auto next = SigningKey::load(next_path(options.key_path));
    if (next.ok() && *stored == next->verifier()) {
      // A rotation was cut off behind its event.
      WEIR_CHECK(finish_rotation(*next, options.key_path));
    } else if (*stored != key_.verifier()) {
      WEIR_CHECK(introduce(key_, *stored, "replaced"));
      const Checkpoint head = at_head();
      WEIR_CHECK(store(key_.sign(head.text()), head.size, true));
    }
  }
  std::remove(next_path(options.key_path).c_str());
  return options.rotate ? rotate(options.key_path) : Result<void>();
}

// The event and the row that names the key are one write.
Result<void> Ledger::introduce(const SigningKey& next, const VerifierKey& old,
                               std::string_view reason) {
  event::Event event;
  event.type = event::Type::checkpoint_signed;
  event.actor = "weir";
  event.data = Value::object(
      {{"reason", reason}, {"publicKey", next.verifier().text()}, {"previousKey", old.text()}});
  WriteBatch staged;
  staged.put(Family::meta, format::meta_ledger_key, next.verifier().text());
  auto appended = log_.append({std::move(event)}, std::move(staged));
  if (!appended.ok()) return std::move(appended).error();
  return {};
}

Result<void> Ledger::rotate(const std::string& path) {
  WEIR_TRY(const SigningKey made, SigningKey::generate(key_.verifier().name));
  WEIR_CHECK(made.save(next_path(path)));
  WEIR_TRY(const SigningKey next, SigningKey::load(next_path(path)));
  WEIR_CHECK(introduce(next, key_.verifier(), "rotated"));
  return finish_rotation(next, path);
}

Result<void> Ledger::finish_rotation(const SigningKey& next, const std::string& path) {
  const Checkpoint head = at_head();
  WEIR_CHECK(store(next.cosign(key_.sign(head.text())), head.size, true));
  WEIR_CHECK(replace_key_file(next_path(path), path));
  key_ = next;
  return {};
}

Checkpoint Ledger::at_head() const {
  const LogHead head = log_.head();
  return {key_.verifier().name, head.seq, head.root};
}

// Synced: all that the checkpoint covers stands before it in the same write-ahead log.
Result<void> Ledger::store(const std::string& note, std::uint64_t size, bool keep) {
  WriteBatch batch;
  batch.put(Family::meta, format::meta_checkpoint, note);
  if (keep || size / kept_every > size_ / kept_every) {
    batch.put(Family::meta, format::kept_checkpoint_key(size), note);
  }
  WEIR_CHECK(log_.kv().write(batch, true).with_context("store a checkpoint"));
  note_ = note;
  size_ = size;
  return {};
}

Result<std::string> Ledger::checkpoint() {
  const std::lock_guard lock(mutex_);
  const Checkpoint head = at_head();
  if (note_.empty() || head.size != size_) {
    WEIR_CHECK(store(key_.sign(head.text()), head.size, false));
  }
  return note_;
}

}  // namespace weir::store
