// Orders but for rollbacks: let pinned Kustomizations go; let a held prune go; make again what a
// prune has deleted.
#include <algorithm>
#include <set>

#include "api/audit/kinds.hh"
#include "api/audit/orders.hh"
#include "api/audit/views.hh"
#include "engine/base/closest.hh"
#include "engine/value/json.hh"
#include "store/projections/objects.hh"

namespace weir::api::audit {
namespace {

Result<void> check_members(const Value& object, std::string_view at,
                           const std::vector<std::string_view>& known) {
  if (!object.is_object())
    return bad_field(at.empty() ? "body" : at,
                     "is a " + std::string(value::kind_name(object.kind())) + ", not an object");
  for (const value::Member& member : object.members()) {
    bool found = false;
    for (const std::string_view name : known) found = found || name == member.name();
    if (found) continue;
    const std::string close(base::closest_name(member.name(), known));
    const std::string field =
        (at.empty() ? "" : std::string(at) + ".") + std::string(member.name());
    return bad_field(field,
                     "unknown field" + (close.empty() ? "" : ", did you mean \"" + close + "\"?"));
  }
  return {};
}

Result<model::ObjectId> read_target(const Call& call, const Value& target, std::string_view at) {
  WEIR_CHECK(check_members(target, at, {"kind", "namespace", "name"}));
  const std::string field(at);
  model::ObjectId id;
  WEIR_TRY(id.gvk,
           resolve_kind(call.log(), target["kind"].get_string("Kustomization"), field + ".kind"));
  if (!is_owner_kind(id.gvk) || (id.gvk.kind != "Kustomization" && id.gvk.kind != "HelmRelease"))
    return bad_field(field + ".kind",
                     "only Kustomizations and HelmReleases can be pinned, not a " + id.gvk.kind);
  id.ns = target["namespace"].get_string("flux-system");
  id.name = target["name"].get_string();
  if (id.name.empty()) return bad_field(field + ".name", "is needed");
  return id;
}

}  // namespace

Result<Value> read_body(const Call& call, const std::vector<std::string_view>& known) {
  auto body = value::parse_json(call.request.body);
  if (!body.ok()) return bad_field("body", "no JSON: " + body.error().message);
  WEIR_CHECK(check_members(*body, "", known));
  return body;
}

Result<void> check_flags(const Value& body, const std::vector<std::string_view>& names) {
  for (const std::string_view name : names)
    if (body.contains(name) && !body[name].is_bool()) return bad_field(name, "is no boolean");
  return {};
}

Result<std::vector<model::ObjectId>> read_targets(const Call& call, const Value& body) {
  std::vector<model::ObjectId> out;
  const auto targets = body["targets"].items();
  if (targets.empty() || targets.size() > targets_max)
    return bad_field("targets", "1 to " + std::to_string(targets_max) + " are needed");
  std::set<std::string> seen;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::string at = "targets[" + std::to_string(i) + "]";
    WEIR_TRY(model::ObjectId id, read_target(call, targets[i], at));
    if (!seen.insert(id.subject()).second) return bad_field(at, id.subject() + " is named twice");
    out.push_back(std::move(id));
  }
  return out;
}

Result<reconcile::Engine*> need_engine(const Call& call) {
  if (call.api.options().engine != nullptr) return call.api.options().engine;
  return make_error(Code::unavailable, "no engine is running: nothing can be changed");
}

// What the engine calls invalid is no fault of the request's form: the object's state forbids it.
Result<std::uint64_t> act(reconcile::Engine& engine, reconcile::OperatorAction action) {
  auto acted = engine.act(std::move(action));
  if (!acted.ok() && acted.error().code == Code::invalid) acted.error().code = Code::conflict;
  return acted;
}

namespace {

// An order that needs nothing but its targets.
Result<kube::Response> post_order(const Call& call, reconcile::OperatorAction::Kind kind) {
  WEIR_TRY(const Value body, read_body(call, {"targets"}));
  WEIR_TRY(const auto ordered, read_targets(call, body));
  WEIR_TRY(reconcile::Engine* const engine, need_engine(call));
  Value targets = Value::array();
  for (const model::ObjectId& target : ordered) {
    reconcile::OperatorAction action;
    action.kind = kind;
    action.target = target;
    action.actor = call.actor;
    WEIR_CHECK(act(*engine, action));
    targets.push_back(id_view(target));
  }
  return json_response(Value::object({{"targets", std::move(targets)}}));
}

// Events of a reconcile lie close together.
constexpr store::Seq reach = 50'000;

// What the prune deleted to which the event belongs: the event's whole reconcile, or it alone.
Result<std::vector<event::Event>> pruned_by(const Call& call, store::Seq seq, bool only) {
  auto named = call.log().read(seq);
  if (!named.ok() && named.error().code == Code::not_found)
    return make_error(Code::not_found,
                      "there is no event " + std::to_string(seq) + "; the last is " +
                          std::to_string(call.log().head().seq));
  if (!named.ok()) return std::move(named).error();
  const bool pruned = named->type == event::Type::object_pruned;
  if (only && pruned) return std::vector<event::Event>{*std::move(named)};
  std::vector<event::Event> out;
  if (only || named->reconcile_id.empty()) return out;
  store::ScanRequest scan;
  scan.from = seq > reach ? seq - reach : 1;
  scan.to = seq + reach;
  scan.filter.type = event::Type::object_pruned;
  scan.filter.reconcile_id = named->reconcile_id;
  scan.filter.owner = named->owner.empty() ? named->subject.object : named->owner;
  while (true) {
    WEIR_TRY(store::EventPage page, call.log().scan(scan));
    for (event::Event& event : page.events) out.push_back(std::move(event));
    if (!page.next) return out;
    scan.from = *page.next;
  }
}

// The manifest that was kept at the deletion, else that of the last change before it.
Result<std::optional<base::Digest>> last_manifest(const Call& call, const event::Event& pruned) {
  if (!pruned.blobs.empty()) return std::optional(pruned.blobs.front());
  namespace views = store::projections;
  WEIR_TRY(const auto before, views::object_at(call.log().kv(), pruned.subject.object,
                                               pruned.seq - 1, views::Side::live));
  return before ? before->change.manifest : std::optional<base::Digest>();
}

Result<reconcile::OperatorAction> plan_undo(const Call& call, store::Seq seq, bool only) {
  WEIR_TRY(const auto events, pruned_by(call, seq, only));
  reconcile::OperatorAction action;
  action.kind = reconcile::OperatorAction::Kind::undo;
  action.to_seq = seq;
  action.actor = call.actor;
  std::set<model::ObjectId, model::GroupKindOrder> seen;
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->data["action"].get_string() != "deleted") continue;
    const model::ObjectId& id = event->subject.object;
    if (!event->subject.cluster.empty())
      return make_error(Code::unsupported, id.subject() + " was deleted on the cluster " +
                                               event->subject.cluster +
                                               ", where an undo does not reach");
    if (!seen.insert(id).second) continue;
    WEIR_TRY(const auto blob, last_manifest(call, *event));
    if (!blob) continue;  // it was gone before the prune
    WEIR_TRY(const bool there, call.blobs().contains(*blob));
    if (!there)
      return make_error(Code::gone, "the manifest of " + id.subject() + " at event " +
                                        std::to_string(event->seq) + " was removed by retention");
    action.target = event->owner;
    action.restore.push_back({id, *blob, event->seq});
  }
  std::reverse(action.restore.begin(), action.restore.end());
  if (action.restore.empty())
    return make_error(Code::not_found,
                      "event " + std::to_string(seq) + " belongs to no prune that deleted anything "
                      "('weir audit --type ObjectPruned' lists them)");
  return action;
}

}  // namespace

Result<kube::Response> post_undo(const Call& call) {
  WEIR_TRY(const Value body, read_body(call, {"seq", "only", "dryRun"}));
  WEIR_CHECK(check_flags(body, {"only", "dryRun"}));
  const std::int64_t seq = body["seq"].get_int();
  if (seq < 1) return bad_field("seq", "the number of an event is needed");
  WEIR_TRY(reconcile::OperatorAction action,
           plan_undo(call, static_cast<store::Seq>(seq), body["only"].get_bool()));
  Value objects = Value::array();
  for (const reconcile::RestoreItem& item : action.restore) {
    objects.push_back(id_view(item.id));
    objects.item_mut(objects.size() - 1).set("pruned", item.pruned);
  }
  Value answer = Value::object({{"dryRun", body["dryRun"].get_bool()},
                                {"owner", id_view(action.target)},
                                {"objects", std::move(objects)}});
  if (!body["dryRun"].get_bool()) {
    WEIR_TRY(reconcile::Engine* const engine, need_engine(call));
    WEIR_TRY(const std::uint64_t acted, act(*engine, std::move(action)));
    answer.set("seq", acted);
  }
  return json_response(answer);
}

Result<kube::Response> post_unpin(const Call& call) {
  return post_order(call, reconcile::OperatorAction::Kind::unpin);
}

Result<kube::Response> post_release(const Call& call) {
  return post_order(call, reconcile::OperatorAction::Kind::release);
}

}  // namespace weir::api::audit
