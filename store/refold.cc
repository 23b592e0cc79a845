#include "store/refold.hh"

#include <map>

#include "engine/base/digest.hh"
#include "store/projections/view.hh"
#include "store/record_format.hh"

namespace weir::store {
namespace {

// One row an event or less on average, of some 200 bytes: a pass holds about 200 MB.
constexpr std::uint64_t events_a_pass = 1'000'000;
constexpr std::size_t rows_a_write = 4096;

Result<format::Head> read_head(const Kv& kv) {
  WEIR_TRY(const auto row, kv.get(Family::meta, format::meta_head));
  if (!row) return format::Head{};
  return format::decode_head(*row);
}

Result<void> drop_all(Kv& kv) {
  WriteBatch batch;
  batch.put(Family::meta, format::meta_projections, format::encode_number(0));
  auto cursor = kv.cursor(Family::projections);
  for (cursor->seek(""); cursor->valid(); cursor->next()) {
    batch.remove(Family::projections, cursor->key());
    if (batch.size() < rows_a_write) continue;
    WEIR_CHECK(kv.write(batch, false));
    batch.clear();
  }
  WEIR_CHECK(cursor->status());
  return kv.write(batch, false);
}

// FNV-1a: stable everywhere, so that a pass is the same set of keys on every run.
std::uint64_t hash_key(std::string_view key) {
  std::uint64_t hash = 14695981039346656037u;
  for (char c : key) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211u;
  return hash;
}

struct Pass {
  std::uint64_t number = 0;
  std::uint64_t count = 1;
  bool takes(std::string_view key) const { return hash_key(key) % count == number; }
};

using Rows = std::map<std::string, std::string, std::less<>>;

Result<Rows> fold_pass(const Kv& kv, std::uint64_t head, const Pass& pass) {
  Rows rows;
  WriteBatch batch;
  WEIR_CHECK(for_each_event(kv, 1, head, [&](const event::Event& event) -> Result<void> {
    batch.clear();
    projections::fold(event, batch);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const WriteBatch::Operation operation = batch[i];
      if (!pass.takes(operation.key)) continue;
      if (operation.remove) {
        rows.erase(std::string(operation.key));
      } else {
        rows.insert_or_assign(std::string(operation.key), std::string(operation.value));
      }
    }
    return {};
  }));
  return rows;
}

ProjectionDifference difference(std::string_view key, std::string what) {
  return {std::string(key.substr(0, 1)), base::hex_encode(key), std::move(what)};
}

Result<std::optional<ProjectionDifference>> compare_pass(const Kv& kv, const Rows& rows,
                                                         const Pass& pass) {
  auto row = rows.begin();
  auto cursor = kv.cursor(Family::projections);
  for (cursor->seek(""); cursor->valid(); cursor->next()) {
    const std::string_view key = cursor->key();
    if (!pass.takes(key)) continue;
    if (row == rows.end() || key < row->first) {
      return std::optional(difference(key, "not in a refold"));
    }
    if (row->first < key) return std::optional(difference(row->first, "missing"));
    if (row->second != cursor->value()) return std::optional(difference(key, "another value"));
    ++row;
  }
  WEIR_CHECK(cursor->status());
  if (row != rows.end()) return std::optional(difference(row->first, "missing"));
  return std::optional<ProjectionDifference>();
}

}  // namespace

Result<void> for_each_event(const Kv& kv, std::uint64_t first, std::uint64_t last,
                            const std::function<Result<void>(const event::Event&)>& visit) {
  if (first > last) return {};
  auto cursor = kv.cursor(Family::events);
  cursor->seek(format::seq_key(first));
  WEIR_TRY(const std::uint64_t retained, format::read_number(kv, format::meta_retained_from, 1));
  for (std::uint64_t seq = first; seq <= last; ++seq) {
    const std::string context = "event " + std::to_string(seq);
    if (!cursor->valid() || cursor->key() != format::seq_key(seq)) {
      WEIR_CHECK(cursor->status().with_context(context));
      if (seq < retained) continue;
      return make_error(Code::corrupt, context + ": the record is missing");
    }
    auto event = event::decode(cursor->value()).with_context(context);
    if (!event.ok()) return std::move(event).error();
    if (event->seq != seq) {
      return make_error(Code::corrupt,
                        context + ": the record says it is event " + std::to_string(event->seq));
    }
    WEIR_CHECK(visit(*event));
    cursor->next();
  }
  return {};
}

Result<void> refold_projections(Kv& kv) {
  WEIR_TRY(const format::Head head, read_head(kv));
  WEIR_CHECK(drop_all(kv));
  WriteBatch batch;
  const auto fold_and_write = [&](const event::Event& event) -> Result<void> {
    projections::fold(event, batch);
    if (batch.size() < rows_a_write) return {};
    WEIR_CHECK(kv.write(batch, false));
    batch.clear();
    return {};
  };
  WEIR_CHECK(for_each_event(kv, 1, head.seq, fold_and_write));
  batch.put(Family::meta, format::meta_projections, format::encode_number(projections::version));
  return kv.write(batch, true);
}

Result<std::optional<ProjectionDifference>> compare_projections(const Kv& kv) {
  WEIR_TRY(const format::Head head, read_head(kv));
  Pass pass;
  pass.count = head.seq / events_a_pass + 1;
  for (; pass.number < pass.count; ++pass.number) {
    WEIR_TRY(const Rows rows, fold_pass(kv, head.seq, pass));
    WEIR_TRY(auto found, compare_pass(kv, rows, pass));
    if (found) return found;
  }
  return std::optional<ProjectionDifference>();
}

}  // namespace weir::store
