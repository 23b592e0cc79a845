// verify_archive: reads the lines once, in flat memory.
#include <algorithm>
#include <charconv>
#include <vector>

#include "engine/value/json.hh"
#include "store/archive.hh"
#include "store/ledger.hh"
#include "store/record_format.hh"
#include "store/tree.hh"

namespace weir::store {
namespace {

using base::Digest;

// A record and what binds it to a checkpoint.
struct Bound {
  std::string record;
  event::Event event;
  Digest previous;
  std::vector<Digest> proof;
};

Error corrupt(std::string what) { return make_error(Code::corrupt, std::move(what)); }

Result<Digest> read_hash(std::string_view bytes) {
  Digest out;
  if (bytes.size() != out.bytes.size()) return corrupt("a hash has another size than 32 bytes");
  std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
  return out;
}

Result<Digest> read_hex(std::string_view text) {
  auto digest = Digest::parse(text);
  if (!digest.ok() || digest->hex() != text) return corrupt("previousleaf is no hash in hex");
  return digest;
}

Result<std::vector<Digest>> read_proof(std::string_view text) {
  constexpr std::size_t levels_max = 64;
  std::vector<Digest> out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    auto bytes = decode_canonical_base64(text.substr(0, comma));
    if (!bytes.ok() || out.size() == levels_max) return corrupt("proof is no list of hashes");
    WEIR_TRY(out.emplace_back(), read_hash(*bytes));
    if (comma + 1 == text.size()) return corrupt("proof ends in a comma");
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

Result<Bound> read_record(const Value& line) {
  Bound out;
  auto record = decode_canonical_base64(line["record"].get_string());
  if (!record.ok()) return corrupt("record is not base64");
  out.record = std::move(*record);
  WEIR_TRY(out.event, event::decode(out.record));
  WEIR_TRY(out.proof, read_proof(line["proof"].get_string()));
  return out;
}

class ArchiveVerifier {
 public:
  ArchiveVerifier(const LineSource& next_line, const std::optional<VerifierKey>& trusted)
      : next_line_(next_line), trusted_(trusted) {}

  Result<ArchiveReport> run() {
    WEIR_TRY(auto line, read());
    WEIR_CHECK(settle(line ? begin(*line) : corrupt("the archive is empty")));
    while (!report_.first) {
      WEIR_TRY(line, read());
      WEIR_CHECK(settle(line ? take(*line) : corrupt("the archive ends before its last line")));
      if (ended_) break;
    }
    if (!report_.first) {
      WEIR_TRY(line, read());
      if (line) found(0, "there are lines behind the last one");
    }
    return report_;
  }

 private:
  Result<std::optional<std::string>> read() {
    ++line_;
    seq_ = 0;
    return next_line_();
  }

  void found(std::uint64_t seq, std::string what) {
    if (!report_.first) report_.first = ArchiveFinding{line_, seq, std::move(what)};
  }

  Result<void> settle(Result<void> step) {
    if (step.ok() || step.error().code == Code::io) return step;
    found(seq_, std::move(step).error().message);
    return {};
  }

  Result<void> begin(const std::string& text) {
    auto line = value::parse_json(text);
    if (!line.ok()) return corrupt("the first line is no JSON");
    const Value& data = (*line)["data"];
    const std::string_view note = data["checkpoint"].get_string();
    WEIR_TRY(const VerifierKey key, VerifierKey::parse(data["publicKey"].get_string()));
    WEIR_TRY(const SignedNote parsed, parse_note(note));
    WEIR_TRY(checkpoint_, Checkpoint::parse(parsed.text));
    WEIR_TRY(Value changes, follow_keys(data["keyChanges"], key));
    Value again = Value::object({{"specversion", "1.0"},
                                 {"id", "ArchiveBegun"},
                                 {"source", "/weir"},
                                 {"type", "weir.ArchiveBegun"},
                                 {"datacontenttype", "application/json"}});
    again.append_member("data", Value::object({{"origin", checkpoint_.origin},
                                               {"publicKey", key.text()},
                                               {"checkpoint", note},
                                               {"keyChanges", std::move(changes)}}));
    if (archive_text(again) != text) return corrupt("the first line is not as weir writes it");
    if (!parsed.is_signed_by(key) || checkpoint_.origin != key.name) {
      return corrupt("the checkpoint is not signed by " + key.text());
    }
    report_.size = checkpoint_.size;
    report_.public_key = key.text();
    return {};
  }

  // From the trusted key, if it is an older one, to the one that signed. Returns the changes as
  // they are to be written.
  Result<Value> follow_keys(const Value& changes, const VerifierKey& signer) {
    std::vector<VerifierKey> known;
    if (trusted_) known.push_back(*trusted_);
    Value again = Value::array();
    for (const Value& change : changes.items()) {
      WEIR_TRY(Bound bound, read_record(change));
      WEIR_TRY(bound.previous, read_hex(change["previousleaf"].get_string()));
      const std::string_view text = change["checkpoint"].get_string();
      WEIR_TRY(const SignedNote note, parse_note(text));
      WEIR_TRY(const Checkpoint at, Checkpoint::parse(note.text));
      const Value& data = bound.event.data;
      WEIR_TRY(const VerifierKey next, VerifierKey::parse(data["publicKey"].get_string()));
      WEIR_TRY(const VerifierKey old, VerifierKey::parse(data["previousKey"].get_string()));
      const Digest leaf = hash_entry(bound.previous, bound.record);
      const bool replaced = data["reason"].get_string() == "replaced";
      if (bound.event.type != event::Type::checkpoint_signed || !note.is_signed_by(next) ||
          (!replaced && !note.is_signed_by(old)) ||
          !verify_inclusion(leaf, bound.event.seq - 1, at.size, bound.proof, at.root)) {
        return corrupt("a change of keys is not signed by both, or not in the log");
      }
      const bool trusted = std::find(known.begin(), known.end(), old) != known.end();
      if (trusted && !replaced) known.push_back(next);
      again.push_back(Value::object({{"checkpoint", text},
                                     {"record", change["record"]},
                                     {"previousleaf", change["previousleaf"]},
                                     {"proof", change["proof"]}}));
    }
    report_.key_trusted = std::find(known.begin(), known.end(), signer) != known.end();
    if (trusted_ && !report_.key_trusted) {
      return corrupt("the archive is signed by " + signer.text() + ", which does not follow from " +
                     trusted_->text());
    }
    return again;
  }

  Result<void> take(const std::string& text) {
    auto line = value::parse_json(text);
    if (!line.ok()) {
      seq_ = chained_ ? last_seq_ + 1 : 0;
      return corrupt("the line is no JSON");
    }
    if ((*line)["type"].get_string() == "weir.ArchiveEnded") return end(text);
    // What the line claims to be, until its record says so.
    const std::string_view id = (*line)["id"].get_string();
    std::from_chars(id.data(), id.data() + id.size(), seq_);
    if (chained_) seq_ = last_seq_ + 1;
    WEIR_TRY(Bound bound, read_record(*line));
    return check_event(*line, std::move(bound), text);
  }

  Result<void> check_event(const Value& line, Bound bound, const std::string& text) {
    const std::uint64_t seq = bound.event.seq;
    const bool begins = line.contains("previousleaf");
    const bool ends = line.contains("proof");
    if (begins == chained_) {
      return corrupt(begins ? "a run of events begins before the last one had its proof"
                            : "a run of events begins without the leaf before it");
    }
    if (chained_ && seq != last_seq_ + 1) {
      return corrupt("event " + std::to_string(last_seq_ + 1) + " belongs here, not event " +
                     std::to_string(seq));
    }
    if (begins && seq <= last_seq_) return corrupt("the events are not in their order");
    seq_ = seq;
    if (begins) {
      WEIR_TRY(leaf_, read_hex(line["previousleaf"].get_string()));
    }
    leaf_ = hash_entry(leaf_, bound.record);
    Value again = event::to_cloud_event(bound.event);
    again.append_member("record", line["record"]);
    if (begins) again.append_member("previousleaf", line["previousleaf"]);
    if (ends) again.append_member("proof", line["proof"]);
    if (archive_text(again) != text) {
      return corrupt("the line does not say what its record does");
    }
    if (ends &&
        !verify_inclusion(leaf_, seq - 1, checkpoint_.size, bound.proof, checkpoint_.root)) {
      // A change further up in the run shows here, where the chain meets the tree.
      const std::string from = std::to_string(begins ? seq : run_from_);
      return corrupt("the events " + from + " to " + std::to_string(seq) +
                     " are not those of the checkpoint");
    }
    if (begins) run_from_ = seq;
    chained_ = !ends;
    last_seq_ = seq;
    ++report_.events;
    if (ends) ++report_.proofs;
    return {};
  }

  Result<void> end(const std::string& text) {
    ended_ = true;
    if (chained_) {
      seq_ = last_seq_;
      return corrupt("the last run of events has no proof");
    }
    if (text != archive_text(archive_end(report_.events))) {
      return corrupt("the last line does not state the " + std::to_string(report_.events) +
                     " events that the archive has");
    }
    return {};
  }

  const LineSource& next_line_;
  const std::optional<VerifierKey>& trusted_;
  ArchiveReport report_;
  Checkpoint checkpoint_;
  std::uint64_t line_ = 0;
  std::uint64_t seq_ = 0;  // of the line in hand, for findings
  std::uint64_t last_seq_ = 0, run_from_ = 0;
  bool chained_ = false;  // the next line must be the next event
  bool ended_ = false;
  Digest leaf_;
};

}  // namespace

Result<ArchiveReport> verify_archive(const LineSource& next_line,
                                     const std::optional<VerifierKey>& trusted) {
  return ArchiveVerifier(next_line, trusted).run();
}

}  // namespace weir::store
