#include "store/record_format.hh"

#include "engine/event/wire.hh"

namespace weir::store::format {

using event::append_big_endian;
using event::append_digest;
using event::append_varint;
using event::Reader;

void append_part(std::string& key, std::string_view text) {
  for (;;) {
    const std::size_t zero = text.find('\0');
    key.append(text.substr(0, zero));
    if (zero == std::string_view::npos) break;
    key.append("\0\xff", 2);
    text.remove_prefix(zero + 1);
  }
  key.append("\0\x01", 2);
}

std::optional<std::string> take_part(std::string_view& key) {
  std::string text;
  for (;;) {
    const std::size_t zero = key.find('\0');
    if (zero == std::string_view::npos || zero + 1 == key.size()) return std::nullopt;
    text.append(key.substr(0, zero));
    const char mark = key[zero + 1];
    key.remove_prefix(zero + 2);
    if (mark == '\x01') return text;
    if (mark != '\xff') return std::nullopt;
    text.push_back('\0');
  }
}

std::string seq_key(std::uint64_t seq) {
  std::string key;
  append_big_endian(key, seq);
  return key;
}

std::optional<std::uint64_t> take_seq(std::string_view key) {
  Reader reader(key);
  const std::uint64_t seq = reader.big_endian();
  if (!reader.at_end()) return std::nullopt;
  return seq;
}

void append_object(std::string& key, const model::ObjectId& id) {
  append_part(key, id.gvk.kind);
  append_part(key, id.ns);
  append_part(key, id.name);
  append_part(key, id.gvk.group);
}

std::optional<model::ObjectId> take_object(std::string_view& key) {
  model::ObjectId id;
  for (std::string* field : {&id.gvk.kind, &id.ns, &id.name, &id.gvk.group}) {
    auto part = take_part(key);
    if (!part) return std::nullopt;
    *field = std::move(*part);
  }
  return id;
}

void append_subject_key(std::string& out, const model::ObjectId& id, std::string_view cluster,
                        std::uint64_t seq) {
  out.push_back(index_subject);
  append_object(out, id);
  append_part(out, cluster);
  append_big_endian(out, seq);
}

void append_owner_key(std::string& out, const model::ObjectId& owner, std::uint64_t seq) {
  out.push_back(index_owner);
  append_object(out, owner);
  append_big_endian(out, seq);
}

void append_tile_key(std::string& out, unsigned level, std::uint64_t index) {
  out.push_back(static_cast<char>(level));
  append_big_endian(out, index);
}

std::string subject_key(const model::ObjectId& id, std::string_view cluster, std::uint64_t seq) {
  std::string key;
  append_subject_key(key, id, cluster, seq);
  return key;
}

std::string owner_key(const model::ObjectId& owner, std::uint64_t seq) {
  std::string key;
  append_owner_key(key, owner, seq);
  return key;
}

std::string time_key(base::TimeUs time) {
  std::string key(1, index_time);
  append_big_endian(key, static_cast<std::uint64_t>(time));
  return key;
}

std::string tile_key(unsigned level, std::uint64_t index) {
  std::string key;
  append_tile_key(key, level, index);
  return key;
}

std::string lost_blob_key(const base::Digest& digest) {
  std::string key(meta_lost_blobs);
  key += blob_key(digest);
  return key;
}

std::string old_blob_key(const base::Digest& digest) {
  std::string key(meta_old_blobs);
  key += blob_key(digest);
  return key;
}

std::string kept_checkpoint_key(std::uint64_t size) {
  std::string key(meta_kept_checkpoints);
  append_big_endian(key, size);
  return key;
}

std::string snapshot_key(std::string_view name, std::uint64_t seq) {
  std::string key;
  append_part(key, name);
  append_big_endian(key, seq);
  return key;
}

std::string_view blob_key(const base::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

std::string encode_head(const Head& head) {
  std::string bytes;
  append_varint(bytes, head.seq);
  append_varint(bytes, static_cast<std::uint64_t>(head.time));
  append_digest(bytes, head.root);
  return bytes;
}

Result<Head> decode_head(std::string_view bytes) {
  Reader reader(bytes);
  Head head;
  head.seq = reader.varint();
  head.time = static_cast<base::TimeUs>(reader.varint());
  head.root = reader.digest();
  if (!reader.at_end()) return make_error(Code::corrupt, "the log's head row is malformed");
  return head;
}

std::string encode_number(std::uint64_t number) {
  std::string bytes;
  append_varint(bytes, number);
  return bytes;
}

Result<std::uint64_t> decode_number(std::string_view bytes, std::string_view what) {
  Reader reader(bytes);
  const std::uint64_t number = reader.varint();
  if (!reader.at_end()) {
    return make_error(Code::corrupt, "the \"" + std::string(what) + "\" row is malformed");
  }
  return number;
}

Result<std::uint64_t> read_number(const Kv& kv, std::string_view key, std::uint64_t fallback) {
  WEIR_TRY(const std::optional<std::string> row, kv.get(Family::meta, key));
  if (!row) return fallback;
  return decode_number(*row, key);
}

}  // namespace weir::store::format
