// Objects: their histories, what they were, what changed; the whole cluster at an instant.
#include <map>

#include "api/audit/instant.hh"
#include "api/audit/kinds.hh"
#include "api/audit/routes.hh"
#include "api/audit/side.hh"
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

// `at` as given, or the head.
Result<store::Seq> read_instant(const Call& call, std::string_view field) {
  const std::string_view text = call.parameter(field);
  if (text.empty()) return call.log().head().seq;
  return resolve_instant(call.log(), text, call.now(), field);
}

Result<views::StateFilter> read_filter(const Call& call) {
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
  return filter;
}

// The object on one side of a comparison: null when it did not exist.
struct Sided {
  Value view = Value::object();  // {seq, time, exists, manifest}
  Value manifest;
};

Result<Sided> read_side_of(const Call& call, const model::ObjectId& id, store::Seq seq, View view) {
  Sided out;
  WEIR_TRY(out.view, instant_view(call.log(), seq));
  WEIR_TRY(const auto state, object_in_view(call, id, seq, view));
  out.view.set("exists", state.has_value());
  if (!state) return out;
  out.view.set("changedBy", state->change.seq);
  if (view == View::health) {
    WEIR_TRY(const Value seen, HealthReader(call.log(), seq).of(*state));
    for (const std::string_view name : {"status", "message"})
      if (seen.contains(name)) out.manifest.entry("health").set(name, seen[name]);
    return out;
  }
  if (!state->change.manifest) return out;
  out.view.set("digest", state->change.manifest->to_string());
  WEIR_TRY(out.manifest, read_manifest(call.blobs(), id, *state->change.manifest));
  return out;
}

// What the projection does not keep of a change: who made a drift and where, why it was skipped,
// and how the reconcile went that it belongs to.
class ChangeDetails {
 public:
  explicit ChangeDetails(const store::EventLog& log) : log_(log) {}

  Result<void> add(Value& view, const views::ObjectChange& change) {
    const bool told = change.type != event::Type::object_applied;
    if (told) {
      const auto event = log_.read(change.seq);
      if (!event.ok() && event.error().code != Code::gone) return event.error();
      for (const std::string_view name : {"manager", "fields", "reason"})
        if (event.ok() && !event->data[name].get_string().empty())
          view.set(name, event->data[name]);
      if (event.ok() && change.type == event::Type::health_observed)
        view.set("health", event->data["status"]);
    }
    // What was only seen bears the id of a reconcile that was over by then.
    const bool done = change.type == event::Type::object_applied ||
                      change.type == event::Type::object_pruned ||
                      change.type == event::Type::object_skipped;
    if (!done || change.reconcile_id.empty() || change.owner.empty()) return {};
    WEIR_TRY(const Value end, end_of(change));
    if (!end.is_object()) return {};
    view.set("result", end["status"]);
    view.set("durationMs", end["durationMs"]);
    return {};
  }

 private:
  // Of the reconcile: its finishing event's data; null while it runs.
  Result<Value> end_of(const views::ObjectChange& change) {
    const auto known = ends_.find(change.reconcile_id);
    if (known != ends_.end()) return known->second;
    constexpr std::size_t looked_at_max = 20'000;
    store::ScanRequest scan;
    scan.from = change.seq;
    scan.limit = 1;
    scan.examined_max = looked_at_max;
    scan.filter.type = event::Type::reconcile_finished;
    scan.filter.reconcile_id = change.reconcile_id;
    scan.filter.group = change.owner.gvk.group;
    scan.filter.kind = change.owner.gvk.kind;
    scan.filter.ns = change.owner.ns;
    scan.filter.name = change.owner.name;
    WEIR_TRY(const store::EventPage page, log_.scan(scan));
    const Value end = page.events.empty() ? Value() : page.events.front().data;
    return ends_.emplace(change.reconcile_id, end).first->second;
  }

  const store::EventLog& log_;
  std::map<std::string, Value> ends_;  // by reconcile id
};

constexpr std::string_view change_names[] = {"value", "added", "removed", "order"};

Value changes_view(const std::vector<apply::FieldChange>& changes) {
  Value out = Value::array();
  for (const apply::FieldChange& change : changes) {
    Value item = Value::object(
        {{"change", change_names[static_cast<int>(change.kind)]}, {"path", change.path}});
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
  ChangeDetails details(call.log());
  for (std::size_t i = 0; i < std::min(limit, changes.size()); ++i) {
    Value item = change_view(changes[i]);
    WEIR_CHECK(details.add(item, changes[i]));
    items.push_back(std::move(item));
  }
  Value body = Value::object({{"object", id_view(id)}, {"items", std::move(items)}});
  if (changes.size() > limit) body.set("cursor", std::to_string(changes[limit].seq));
  return json_response(body);
}

Result<kube::Response> object_at(const Call& call) {
  WEIR_TRY(const model::ObjectId id, read_id(call));
  WEIR_TRY(const View view, read_view(call));
  std::string_view field = "at";
  int given = 0;
  for (const std::string_view name : {"at", "time", "seq"})
    if (!call.parameter(name).empty()) {
      field = name;
      ++given;
    }
  if (given > 1) return bad_field(field, "give one of at, time and seq");
  WEIR_TRY(const store::Seq seq, read_instant(call, field));
  WEIR_TRY(const auto state, object_in_view(call, id, seq, view));
  WEIR_TRY(Value at, instant_view(call.log(), seq));
  if (!state)
    return make_error(Code::not_found,
                      id.subject() + " did not exist at event " + std::to_string(seq));
  Value body = Value::object({{"object", id_view(state->id)},
                              {"at", std::move(at)},
                              {"side", view_name(view)},
                              {"change", change_view(state->change)}});
  if (view == View::health) {
    WEIR_TRY(Value health, HealthReader(call.log(), seq).of(*state));
    body.set("health", std::move(health));
  }
  if (state->change.manifest) {
    WEIR_TRY(Value manifest, read_manifest(call.blobs(), id, *state->change.manifest));
    body.set("manifest", std::move(manifest));
  }
  return json_response(body);
}

Result<kube::Response> object_diff(const Call& call) {
  WEIR_TRY(const model::ObjectId id, read_id(call));
  WEIR_TRY(const View view, read_view(call));
  if (call.parameter("from").empty()) return bad_field("from", "is needed");
  WEIR_TRY(const store::Seq from, read_instant(call, "from"));
  WEIR_TRY(const store::Seq to, read_instant(call, "to"));
  WEIR_TRY(const Sided before, read_side_of(call, id, from, view));
  WEIR_TRY(const Sided after, read_side_of(call, id, to, view));
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
  WEIR_TRY(const View view, read_view(call));
  WEIR_TRY(const store::Seq seq, read_instant(call, "at"));
  WEIR_TRY(const views::StateFilter filter, read_filter(call));
  WEIR_TRY(const auto states, cluster_in_view(call, seq, view, filter));
  WEIR_TRY(Value at, instant_view(call.log(), seq));
  Value items = Value::array();
  HealthReader health(call.log(), seq);
  for (const views::ObjectState& state : states) {
    Value item = state_view(state);
    if (view == View::health) {
      WEIR_TRY(Value seen, health.of(state));
      item.set("health", std::move(seen));
    }
    items.push_back(std::move(item));
  }
  return json_response(Value::object(
      {{"at", std::move(at)}, {"side", view_name(view)}, {"items", std::move(items)}}));
}

// What became of one object between two states of it; null when nothing did.
Result<Value> object_change(const Call& call, const views::ObjectState* before,
                            const views::ObjectState* after) {
  const views::ObjectState& one = after != nullptr ? *after : *before;
  Value out = id_view(one.id);
  if (before == nullptr || after == nullptr) {
    out.set("action", after != nullptr ? "created" : "deleted");
    out.set("changedBy", one.change.seq);
    return out;
  }
  if (before->change.manifest == after->change.manifest) return Value();
  out.set("action", "configured");
  out.set("changedBy", after->change.seq);
  if (!before->change.manifest || !after->change.manifest) return out;
  WEIR_TRY(const Value old, read_manifest(call.blobs(), one.id, *before->change.manifest));
  WEIR_TRY(const Value fresh, read_manifest(call.blobs(), one.id, *after->change.manifest));
  const auto changes = apply::diff_objects(old, fresh);
  if (changes.empty()) return Value();
  out.set("changes", changes_view(changes));
  out.set("text", apply::format_changes(changes));
  return out;
}

Result<kube::Response> cluster_diff(const Call& call) {
  WEIR_TRY(const View view, read_view(call));
  if (call.parameter("from").empty()) return bad_field("from", "is needed");
  WEIR_TRY(const store::Seq from, read_instant(call, "from"));
  WEIR_TRY(const store::Seq to, read_instant(call, "to"));
  WEIR_TRY(const views::StateFilter filter, read_filter(call));
  WEIR_TRY(const auto before, cluster_in_view(call, from, view, filter));
  WEIR_TRY(const auto after, cluster_in_view(call, to, view, filter));
  std::map<std::string, std::pair<const views::ObjectState*, const views::ObjectState*>> pairs;
  const auto key = [](const views::ObjectState& state) {
    return state.id.subject() + "/" + state.id.gvk.group + "/" + state.cluster;
  };
  for (const views::ObjectState& state : before) pairs[key(state)].first = &state;
  for (const views::ObjectState& state : after) pairs[key(state)].second = &state;
  Value items = Value::array();
  for (const auto& [name, pair] : pairs) {
    WEIR_TRY(Value item, object_change(call, pair.first, pair.second));
    if (!item.is_null()) items.push_back(std::move(item));
  }
  WEIR_TRY(Value from_view, instant_view(call.log(), from));
  WEIR_TRY(Value to_view, instant_view(call.log(), to));
  return json_response(Value::object({{"from", std::move(from_view)},
                                      {"to", std::move(to_view)},
                                      {"side", view_name(view)},
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
