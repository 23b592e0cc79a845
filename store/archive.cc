#include "store/archive.hh"

#include "engine/value/json.hh"
#include "store/ledger.hh"
#include "store/record_format.hh"
#include "store/tree.hh"

namespace weir::store {
namespace {

constexpr value::JsonStyle one_line{.sort_keys = false, .escape_html = false, .indent = 0};

Value frame(std::string_view type, Value data) {
  return Value::object({{"specversion", "1.0"},
                        {"id", type},
                        {"source", "/weir"},
                        {"type", "weir." + std::string(type)},
                        {"datacontenttype", "application/json"},
                        {"data", std::move(data)}});
}

Result<std::string> record_of(const Kv& kv, std::uint64_t seq) {
  WEIR_TRY(auto record, kv.get(Family::events, format::seq_key(seq)));
  if (record) return std::move(*record);
  return make_error(Code::gone,
                    "the record of event " + std::to_string(seq) + " was removed by retention");
}

// What leads from an older key to a newer one: checkpoints over the events that introduce one.
Result<Value> key_changes(const Kv& kv) {
  Value out = Value::array();
  auto cursor = kv.cursor(Family::meta);
  for (cursor->seek(format::meta_kept_checkpoints);
       cursor->valid() && cursor->key().starts_with(format::meta_kept_checkpoints);
       cursor->next()) {
    const std::string note(cursor->value());
    WEIR_TRY(const SignedNote parsed, parse_note(note));
    WEIR_TRY(const Checkpoint checkpoint, Checkpoint::parse(parsed.text));
    WEIR_TRY(const auto record, kv.get(Family::events, format::seq_key(checkpoint.size)));
    if (!record) continue;
    WEIR_TRY(const event::Event event, event::decode(*record));
    if (event.type != event::Type::checkpoint_signed) continue;
    WEIR_TRY(std::string previous, previous_leaf_text(kv, event.seq));
    WEIR_TRY(std::string proof, inclusion_text(kv, event.seq, checkpoint.size));
    out.push_back(Value::object({{"checkpoint", note},
                                 {"record", base::base64_encode(*record)},
                                 {"previousleaf", std::move(previous)},
                                 {"proof", std::move(proof)}}));
  }
  WEIR_CHECK(cursor->status());
  return out;
}

}  // namespace

Result<std::string> inclusion_text(const Kv& kv, std::uint64_t seq, std::uint64_t size) {
  WEIR_TRY(const auto proof, Tree(kv).inclusion_proof(seq - 1, size));
  std::string text;
  for (const base::Digest& hash : proof) {
    if (!text.empty()) text += ',';
    text += base::base64_encode(format::blob_key(hash));
  }
  return text;
}

Result<std::string> previous_leaf_text(const Kv& kv, std::uint64_t seq) {
  base::Digest previous;
  if (seq > 1) {
    WEIR_TRY(previous, Tree(kv).leaf(seq - 2));
  }
  return previous.hex();
}

Result<Value> archive_begin(const Kv& kv, std::string_view checkpoint) {
  WEIR_TRY(const auto key, stored_ledger_key(kv));
  if (!key) return make_error(Code::not_found, "the log has no ledger key yet");
  WEIR_TRY(Value changes, key_changes(kv));
  return frame("ArchiveBegun", Value::object({{"origin", key->name},
                                              {"publicKey", key->text()},
                                              {"checkpoint", checkpoint},
                                              {"keyChanges", std::move(changes)}}));
}

Result<Value> archive_line(const Kv& kv, const event::Event& event, std::uint64_t size,
                           bool begins_run, bool ends_run) {
  Value line = event::to_cloud_event(event);
  WEIR_TRY(const std::string record, record_of(kv, event.seq));
  line.append_member("record", base::base64_encode(record));
  if (begins_run) {
    WEIR_TRY(std::string previous, previous_leaf_text(kv, event.seq));
    line.append_member("previousleaf", std::move(previous));
  }
  if (ends_run) {
    WEIR_TRY(std::string proof, inclusion_text(kv, event.seq, size));
    line.append_member("proof", std::move(proof));
  }
  return line;
}

Value archive_end(std::uint64_t events) {
  return frame("ArchiveEnded", Value::object({{"events", events}}));
}

std::string archive_text(const Value& line) { return value::write_json(line, one_line); }

}  // namespace weir::store
