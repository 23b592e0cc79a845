// Objects: their histories, what they were, what changed; the whole cluster at an instant.
#include "api/audit/instant.hh"
#include "api/audit/kinds.hh"
#include "api/audit/routes.hh"
#include "api/audit/views.hh"
#include "engine/apply/diff.hh"

namespace weir::api::audit {
namespace {

namespace views = store::projections;

constexpr std::size_t history_max = 10'000;

Result<model::ObjectId> read_id(const Call& call) {
  model::ObjectId id;
  WEIR_TRY(id.gvk, resolve_kind(call.log(), call.path.find("kind")->second, "kind"));
  id.ns = call.path.find("namespace")->second;
  if (id.ns == "-") id.ns.clear();
  id.name = call.path.find("name")->second;
  return id;
}

Result<views::Side> read_side(const Call& call) {
  WEIR_TRY(const std::string word, call.one_of("side", {"", "desired", "live"}));
  return word == "live" ? views::Side::live : views::Side::desired;
}

// `at` as given, or the head.
Result<store::Seq> read_instant(const Call& call, std::string_view field) {
  const std::string_view text = call.parameter(field);
  if (text.empty()) return call.log().head().seq;
  return resolve_instant(call.log(), text, call.now(), field);
}

// The object on one side of a comparison: null when it did not exist.
struct Sided {
  Value view = Value::object();  // {seq, time, exists, manifest}
  Value manifest;
};

Result<Sided> read_side_of(const Call& call, const model::ObjectId& id, store::Seq seq,
                           views::Side side) {
  Sided out;
  WEIR_TRY(out.view, instant_view(call.log(), seq));
  WEIR_TRY(const auto state, views::object_at(call.log().kv(), id, seq, side));
  out.view.set("exists", state.has_value());
  if (!state) return out;
  out.view.set("changedBy", state->change.seq);
  if (!state->change.manifest) return out;
  out.view.set("digest", state->change.manifest->to_string());
  WEIR_TRY(out.manifest, read_manifest(call.blobs(), id, *state->change.manifest));
  return out;
}

constexpr std::string_view change_names[] = {"value", "added", "removed", "order"};

Value changes_view(const std::vector<apply::FieldChange>& changes) {
  Value out = Value::array();
  for (const apply::FieldChange& change : changes) {
    Value item = Value::object({{"change", change_names[static_cast<int>(change.kind)]},
                                {"path", change.path}});
    if (change.kind != apply::ChangeKind::added) item.set("before", change.before);
    if (change.kind != apply::ChangeKind::removed) item.set("after", change.after);
    out.push_back(std::move(item));
  }
  return out;
}

}  // namespace

Result<kube::Response> object_history(const Call& call) {
  WEIR_TRY(const model::ObjectId id, read_id(call));
  WEIR_TRY(const std::size_t limit, call.count("limit", 100, history_max));
  store::Seq to = call.log().head().seq;
  if (!call.parameter("cursor").empty()) {
    WEIR_TRY(to, call.count("cursor", 1, ~std::size_t{0} >> 1));
  }
  WEIR_TRY(const auto changes, views::object_history(call.log().kv(), id, to, limit + 1));
  if (changes.empty() && call.parameter("cursor").empty())
    return make_error(Code::not_found, "the log knows no " + id.subject());
  Value items = Value::array();
  for (std::size_t i = 0; i < std::min(limit, changes.size()); ++i)
    items.push_back(change_view(changes[i]));
  Value body = Value::object({{"object", id_view(id)}, {"items", std::move(items)}});
  if (changes.size() > limit) body.set("cursor", std::to_string(changes[limit].seq));
  return json_response(body);
}

Result<kube::Response> object_at(const Call& call) {
  WEIR_TRY(const model::ObjectId id, read_id(call));
  WEIR_TRY(const views::Side side, read_side(call));
  std::string_view field = "at";
  int given = 0;
  for (const std::string_view name : {"at", "time", "seq"})
    if (!call.parameter(name).empty()) {
      field = name;
      ++given;
    }
  if (given > 1) return bad_field(field, "give one of at, time and seq");
  WEIR_TRY(const store::Seq seq, read_instant(call, field));
  WEIR_TRY(const auto state, views::object_at(call.log().kv(), id, seq, side));
  WEIR_TRY(Value at, instant_view(call.log(), seq));
  if (!state)
    return make_error(Code::not_found,
                      id.subject() + " did not exist at event " + std::to_string(seq));
  Value body = Value::object({{"object", id_view(state->id)},
                              {"at", std::move(at)},
                              {"side", side == views::Side::live ? "live" : "desired"},
                              {"change", change_view(state->change)}});
  if (state->change.manifest) {
    WEIR_TRY(Value manifest, read_manifest(call.blobs(), id, *state->change.manifest));
    body.set("manifest", std::move(manifest));
  }
  return json_response(body);
}

Result<kube::Response> object_diff(const Call& call) {
  WEIR_TRY(const model::ObjectId id, read_id(call));
  WEIR_TRY(const views::Side side, read_side(call));
  if (call.parameter("from").empty()) return bad_field("from", "is needed");
  WEIR_TRY(const store::Seq from, read_instant(call, "from"));
  WEIR_TRY(const store::Seq to, read_instant(call, "to"));
  WEIR_TRY(const Sided before, read_side_of(call, id, from, side));
  WEIR_TRY(const Sided after, read_side_of(call, id, to, side));
  std::vector<apply::FieldChange> changes;
  std::string action = "unchanged";
  if (before.view["exists"].get_bool() != after.view["exists"].get_bool()) {
    action = after.view["exists"].get_bool() ? "created" : "deleted";
  } else if (before.manifest.is_object() && after.manifest.is_object()) {
    changes = apply::diff_objects(before.manifest, after.manifest);
    if (!changes.empty()) action = "configured";
  }
  return json_response(Value::object({{"object", id_view(id)},
                                      {"from", before.view},
                                      {"to", after.view},
                                      {"action", action},
                                      {"changes", changes_view(changes)},
                                      {"text", apply::format_changes(changes)}}));
}

Result<kube::Response> cluster_state(const Call& call) {
  WEIR_TRY(const views::Side side, read_side(call));
  WEIR_TRY(const store::Seq seq, read_instant(call, "at"));
  views::StateFilter filter;
  if (const auto text = call.parameter("kind"); !text.empty()) {
    WEIR_TRY(const model::Gvk gvk, resolve_kind(call.log(), text, "kind"));
    filter.kind = gvk.kind;
  }
  if (const auto text = call.parameter("namespace"); !text.empty())
    filter.ns = text == "-" ? "" : std::string(text);
  if (const auto text = call.parameter("owner"); !text.empty()) {
    WEIR_TRY(filter.owner, parse_owner(call.log(), text, "owner"));
  }
  WEIR_TRY(const auto states, views::state_at(call.log().kv(), seq, side, filter));
  WEIR_TRY(Value at, instant_view(call.log(), seq));
  Value items = Value::array();
  for (const views::ObjectState& state : states) items.push_back(state_view(state));
  return json_response(Value::object({{"at", std::move(at)},
                                      {"side", side == views::Side::live ? "live" : "desired"},
                                      {"items", std::move(items)}}));
}

Result<kube::Response> list_reconciles(const Call& call) {
  const std::string_view kind = call.parameter("kind");
  model::ObjectId id;
  WEIR_TRY(id.gvk, resolve_kind(call.log(), kind.empty() ? "Kustomization" : kind, "kind"));
  if (!is_owner_kind(id.gvk))
    return bad_field("kind", id.gvk.kind + " objects have no reconciles of their own");
  id.ns = call.parameter("namespace").empty() ? "flux-system" : call.parameter("namespace");
  id.name = call.parameter("name");
  if (id.name.empty()) return bad_field("name", "is needed");
  WEIR_TRY(const std::size_t limit, call.count("limit", 100, history_max));
  WEIR_TRY(const auto records, views::reconciles(call.log().kv(), id, limit));
  Value items = Value::array();
  for (const auto& record : records) items.push_back(reconcile_view(record));
  return json_response(Value::object({{"object", id_view(id)}, {"items", std::move(items)}}));
}

}  // namespace weir::api::audit
