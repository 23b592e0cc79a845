#include "store/projections/owners.hh"

#include "engine/event/wire.hh"
#include "store/projections/view.hh"
#include "store/record_format.hh"

namespace weir::store::projections {
namespace {

using event::Event;
using event::Type;

std::string row_key(const model::ObjectId& owner) {
  std::string key(1, prefix_last);
  format::append_object(key, owner);
  return key;
}

Result<OwnerResult> decode_row(std::string_view key, std::string_view bytes) {
  std::string_view rest = key.substr(1);
  auto owner = format::take_object(rest);
  event::Reader reader(bytes);
  OwnerResult result;
  result.seq = reader.varint();
  result.time = static_cast<base::TimeUs>(reader.varint());
  std::string version;
  for (std::string* field : {&version, &result.reconcile_id, &result.revision, &result.status,
                             &result.reason, &result.message}) {
    *field = std::string(reader.string());
  }
  if (!owner || !rest.empty() || !reader.at_end()) {
    return make_error(Code::corrupt, "owners: a row of event " + std::to_string(result.seq) +
                                         " is malformed");
  }
  result.owner = std::move(*owner);
  result.owner.gvk.version = std::move(version);
  return result;
}

}  // namespace

void fold_owners(const Event& event, WriteBatch& batch) {
  if (event.type == Type::spec_deleted) {
    batch.remove(Family::projections, row_key(event.subject.object));
    return;
  }
  if (event.type != Type::reconcile_finished) return;
  std::string row;
  event::append_varint(row, event.seq);
  event::append_varint(row, static_cast<std::uint64_t>(event.time));
  event::append_string(row, event.subject.object.gvk.version);
  event::append_string(row, event.reconcile_id);
  for (std::string_view field : {"revision", "status", "reason", "message"}) {
    event::append_string(row, event.data[field].get_string());
  }
  batch.put(Family::projections, row_key(event.subject.object), row);
}

Result<std::optional<OwnerResult>> last_result(const Kv& kv, const model::ObjectId& owner) {
  const std::string key = row_key(owner);
  WEIR_TRY(const auto row, kv.get(Family::projections, key));
  if (!row) return std::optional<OwnerResult>();
  WEIR_TRY(OwnerResult result, decode_row(key, *row));
  return std::optional<OwnerResult>(std::move(result));
}

Result<std::vector<OwnerResult>> last_results(const Kv& kv) {
  std::vector<OwnerResult> results;
  const std::string prefix(1, prefix_last);
  auto cursor = kv.cursor(Family::projections);
  for (cursor->seek(prefix); cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    WEIR_TRY(results.emplace_back(), decode_row(cursor->key(), cursor->value()));
  }
  WEIR_CHECK(cursor->status());
  return results;
}

}  // namespace weir::store::projections
