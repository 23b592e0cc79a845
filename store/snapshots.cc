#include "store/snapshots.hh"

#include "engine/base/digest.hh"
#include "engine/base/limits.hh"
#include "engine/event/wire.hh"
#include "store/compression.hh"
#include "store/record_format.hh"

namespace weir::store {
namespace {

std::string name_prefix(std::string_view name) {
  std::string key;
  format::append_part(key, name);
  return key;
}

std::optional<std::string> decode_row(std::string_view row) {
  event::Reader reader(row);
  const base::Digest digest = reader.digest();
  if (!reader.ok() || base::sha256(reader.rest()) != digest) return std::nullopt;
  const std::uint64_t size = reader.varint();
  if (!reader.ok() || size > base::limits::blob_bytes_max) return std::nullopt;
  return decompress(reader.rest(), size);
}

}  // namespace

Result<void> put_snapshot(Kv& kv, std::string_view name, std::uint64_t seq,
                          std::string_view bytes) {
  if (bytes.size() > base::limits::blob_bytes_max) {
    return make_error(Code::limit, "a snapshot of " + std::to_string(bytes.size()) +
                                       " bytes is over the cap of " +
                                       std::to_string(base::limits::blob_bytes_max) +
                                       " bytes (blob_bytes_max)");
  }
  std::string body;
  event::append_varint(body, bytes.size());
  body += compress(bytes);
  std::string row;
  event::append_digest(row, base::sha256(body));
  row += body;
  WriteBatch batch;
  batch.put(Family::snapshots, format::snapshot_key(name, seq), row);
  return kv.write(batch, false).with_context("store a snapshot");
}

Result<std::optional<Snapshot>> latest_snapshot(const Kv& kv, std::string_view name,
                                                std::uint64_t max_seq) {
  const std::string prefix = name_prefix(name);
  auto cursor = kv.cursor(Family::snapshots);
  for (cursor->seek_for_previous(format::snapshot_key(name, max_seq));
       cursor->valid() && cursor->key().starts_with(prefix); cursor->previous()) {
    const auto seq = format::take_seq(cursor->key().substr(prefix.size()));
    auto bytes = decode_row(cursor->value());
    if (seq && bytes) return std::optional(Snapshot{*seq, std::move(*bytes)});
  }
  WEIR_CHECK(cursor->status());
  return std::optional<Snapshot>();
}

Result<std::vector<std::uint64_t>> snapshot_seqs(const Kv& kv, std::string_view name) {
  const std::string prefix = name_prefix(name);
  std::vector<std::uint64_t> out;
  auto cursor = kv.cursor(Family::snapshots);
  for (cursor->seek(prefix); cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    if (const auto seq = format::take_seq(cursor->key().substr(prefix.size()))) out.push_back(*seq);
  }
  WEIR_CHECK(cursor->status());
  return out;
}

Result<void> drop_snapshots_before(Kv& kv, std::uint64_t seq) {
  WriteBatch batch;
  auto cursor = kv.cursor(Family::snapshots);
  for (cursor->seek(""); cursor->valid(); cursor->next()) {
    const std::string_view key = cursor->key();
    const auto at = key.size() < sizeof seq
                        ? std::nullopt
                        : format::take_seq(key.substr(key.size() - sizeof seq));
    if (!at || *at < seq) batch.remove(Family::snapshots, key);
  }
  WEIR_CHECK(cursor->status());
  return batch.empty() ? Result<void>() : kv.write(batch, false).with_context("drop snapshots");
}

Result<std::size_t> drop_snapshots(Kv& kv, std::string_view name, std::size_t keep) {
  const std::string prefix = name_prefix(name);
  WriteBatch batch;
  std::size_t seen = 0;
  auto cursor = kv.cursor(Family::snapshots);
  for (cursor->seek_for_previous(format::snapshot_key(name, ~std::uint64_t{0}));
       cursor->valid() && cursor->key().starts_with(prefix); cursor->previous()) {
    if (++seen > keep) batch.remove(Family::snapshots, cursor->key());
  }
  WEIR_CHECK(cursor->status());
  if (!batch.empty()) WEIR_CHECK(kv.write(batch, false).with_context("drop snapshots"));
  return batch.size();
}

}  // namespace weir::store
