// Orders: pin Kustomizations to an instant, let them go; let a held prune go.
#include <set>

#include "api/audit/instant.hh"
#include "api/audit/kinds.hh"
#include "api/audit/routes.hh"
#include "api/audit/views.hh"
#include "engine/base/closest.hh"
#include "engine/value/json.hh"

namespace weir::api::audit {
namespace {

constexpr std::size_t targets_max = 10'000;

struct Order {
  std::vector<model::ObjectId> targets;
  std::string to;
  bool hold = false;
  bool dry_run = false;
};

// What a target would be pinned to.
struct Plan {
  reconcile::OperatorAction action;
  std::size_t objects = 0;
  Value created = Value::array(), configured = Value::array(), deleted = Value::array();
  std::size_t unchanged = 0;
};

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
  if (id.gvk.kind != "Kustomization" || !is_owner_kind(id.gvk))
    return bad_field(field + ".kind", "only a Kustomization can be pinned, not a " + id.gvk.kind);
  id.ns = target["namespace"].get_string("flux-system");
  id.name = target["name"].get_string();
  if (id.name.empty()) return bad_field(field + ".name", "is needed");
  return id;
}

Result<Order> read_order(const Call& call, bool rollback) {
  auto body = value::parse_json(call.request.body);
  if (!body.ok()) return bad_field("body", "no JSON: " + body.error().message);
  std::vector<std::string_view> known = {"targets"};
  if (rollback) known.insert(known.end(), {"to", "hold", "dryRun"});
  WEIR_CHECK(check_members(*body, "", known));
  for (const std::string_view name : {"hold", "dryRun"})
    if (body->contains(name) && !(*body)[name].is_bool()) return bad_field(name, "is no boolean");
  Order order;
  const Value& to = (*body)["to"];
  order.to = to.is_integer() ? value::write_json(to) : std::string(to.get_string());
  order.hold = (*body)["hold"].get_bool();
  order.dry_run = (*body)["dryRun"].get_bool();
  const auto targets = (*body)["targets"].items();
  if (targets.empty() || targets.size() > targets_max)
    return bad_field("targets", "1 to " + std::to_string(targets_max) + " are needed");
  std::set<std::string> seen;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::string at = "targets[" + std::to_string(i) + "]";
    WEIR_TRY(model::ObjectId id, read_target(call, targets[i], at));
    if (!seen.insert(id.subject()).second) return bad_field(at, id.subject() + " is named twice");
    order.targets.push_back(std::move(id));
  }
  return order;
}

// The newest event of a type about `owner` up to `to` that `accept` takes.
template <typename Accept>
Result<std::optional<event::Event>> newest(const Call& call, const model::ObjectId& owner,
                                           event::Type type, store::Seq to, Accept accept) {
  store::ScanRequest scan;
  scan.to = to;
  scan.backward = true;
  scan.limit = 50;
  scan.filter.type = type;
  scan.filter.group = owner.gvk.group;
  scan.filter.kind = owner.gvk.kind;
  scan.filter.ns = owner.ns;
  scan.filter.name = owner.name;
  while (true) {
    WEIR_TRY(store::EventPage page, call.log().scan(scan));
    for (event::Event& event : page.events) {
      WEIR_TRY(const bool taken, accept(event));
      if (taken) return std::optional<event::Event>(std::move(event));
    }
    if (!page.next || page.events.empty()) return std::optional<event::Event>();
    scan.to = *page.next;
  }
}

Result<std::optional<event::Event>> rendered_before(const Call& call, const model::ObjectId& owner,
                                                    store::Seq to) {
  return newest(call, owner, event::Type::manifests_rendered, to,
                [](const event::Event& event) -> Result<bool> { return !event.blobs.empty(); });
}

// An event of a reconcile stands for the whole of it: its end, when it has one, else the event.
Result<store::Seq> end_of_reconcile(const Call& call, store::Seq seq) {
  constexpr std::size_t looked_at_max = 20'000;
  WEIR_TRY(const event::Event event, call.log().read(seq));
  if (event.reconcile_id.empty()) return seq;
  store::ScanRequest scan;
  scan.from = seq;
  scan.filter.reconcile_id = event.reconcile_id;
  scan.filter.type = event::Type::reconcile_finished;
  scan.limit = 1;
  scan.examined_max = looked_at_max;
  WEIR_TRY(const store::EventPage page, call.log().scan(scan));
  return page.events.empty() ? seq : page.events.front().seq;
}

// What was applied by the last reconcile that succeeded at or before the instant; for a revision,
// by the last one that applied that revision's manifests. A pinned reconcile finishes with the
// source's revision but rendered another one's manifests: the rendered event tells which.
Result<event::Event> find_good(const Call& call, const model::ObjectId& owner,
                               const std::string& to) {
  store::Seq bound = 0;
  std::string revision;
  const Instant instant = parse_instant(to, call.now());
  if (instant.time || (instant.seq && *instant.seq <= call.log().head().seq)) {
    WEIR_TRY(bound, resolve_instant(call.log(), to, call.now(), "to", &owner));
    if (instant.seq && bound > 0) {
      WEIR_TRY(bound, end_of_reconcile(call, bound));
    }
  } else {
    bound = call.log().head().seq;
    revision = to;
  }
  std::optional<event::Event> rendered;
  WEIR_TRY(const auto finished,
           newest(call, owner, event::Type::reconcile_finished, bound,
                  [&](const event::Event& event) -> Result<bool> {
                    if (event.data["status"].get_string() != "ReconciliationSucceeded")
                      return false;
                    WEIR_TRY(rendered, rendered_before(call, owner, event.seq));
                    return rendered &&
                           (revision.empty() ||
                            revision_matches(rendered->data["revision"].get_string(), revision));
                  }));
  if (!finished)
    return make_error(Code::not_found,
                      owner.subject() + " has no successful reconcile " +
                          (revision.empty() ? "at or before event " + std::to_string(bound)
                                            : "of revision \"" + revision + "\""),
                      "to");
  rendered->time = finished->time;
  rendered->seq = finished->seq;  // the instant whose state is restored
  return *std::move(rendered);
}

// Objects of a rendered set: their names and blobs, whatever the version.
using Set = std::map<model::ObjectId, base::Digest, model::GroupKindOrder>;

Result<Set> read_set(const Call& call, const base::Digest& blob) {
  WEIR_TRY(const std::string bytes, call.blobs().get(blob));
  WEIR_TRY(const Value list, value::parse_json(bytes));
  Set out;
  for (const Value& item : list.items()) {
    const model::ObjectId id{Gvk::from(item["apiVersion"].get_string(), item["kind"].get_string()),
                             std::string(item["namespace"].get_string()),
                             std::string(item["name"].get_string())};
    WEIR_TRY(out[id], base::Digest::parse(item["blob"].get_string()));
  }
  return out;
}

Result<Plan> plan_rollback(const Call& call, const model::ObjectId& target, const Order& order) {
  WEIR_TRY(const event::Event good, find_good(call, target, order.to));
  Plan plan;
  plan.action.kind = reconcile::OperatorAction::Kind::rollback;
  plan.action.target = target;
  plan.action.set_blob = good.blobs.front();
  plan.action.revision = good.data["revision"].get_string();
  plan.action.to_seq = good.seq;
  plan.action.hold = order.hold;
  plan.action.actor = call.actor;
  auto set = read_set(call, good.blobs.front());
  if (!set.ok())
    return std::move(set).error().with_context("the manifests of " + target.subject() +
                                               " at event " + std::to_string(good.seq));
  for (const auto& [id, blob] : *set) {
    WEIR_TRY(const bool there, call.blobs().contains(blob));
    if (!there)
      return make_error(Code::gone, "the manifest of " + id.subject() + " at event " +
                                        std::to_string(good.seq) + " was removed by retention");
  }
  plan.objects = set->size();
  Set current;
  WEIR_TRY(const auto last, rendered_before(call, target, call.log().head().seq));
  if (last) {
    WEIR_TRY(current, read_set(call, last->blobs.front()));
  }
  for (const auto& [id, blob] : *set) {
    const auto now = current.find(id);
    if (now == current.end())
      plan.created.push_back(id.subject());
    else if (now->second != blob)
      plan.configured.push_back(id.subject());
    else
      ++plan.unchanged;
  }
  for (const auto& [id, blob] : current)
    if (!set->contains(id)) plan.deleted.push_back(id.subject());
  return plan;
}

Value plan_view(const Plan& plan) {
  Value out = id_view(plan.action.target);
  out.set("toSeq", plan.action.to_seq);
  out.set("revision", plan.action.revision);
  out.set("objects", plan.objects);
  out.set("created", plan.created);
  out.set("configured", plan.configured);
  out.set("deleted", plan.deleted);
  out.set("unchanged", plan.unchanged);
  return out;
}

Result<reconcile::Engine*> need_engine(const Call& call) {
  if (call.api.options().engine != nullptr) return call.api.options().engine;
  return make_error(Code::unavailable, "no engine is running: nothing can be changed");
}

// What the engine calls invalid is no fault of the request's form: the object's state forbids it.
Result<void> act(reconcile::Engine& engine, const reconcile::OperatorAction& action) {
  auto acted = engine.act(action);
  if (!acted.ok() && acted.error().code == Code::invalid) acted.error().code = Code::conflict;
  return acted;
}

}  // namespace

Result<kube::Response> post_rollback(const Call& call) {
  WEIR_TRY(const Order order, read_order(call, true));
  if (order.to.empty()) return bad_field("to", "a time, a sequence number or a revision is needed");
  std::vector<Plan> plans;
  for (const model::ObjectId& target : order.targets) {
    WEIR_TRY(Plan plan, plan_rollback(call, target, order));
    plans.push_back(std::move(plan));
  }
  if (!order.dry_run) {
    WEIR_TRY(reconcile::Engine* const engine, need_engine(call));
    for (const Plan& plan : plans) WEIR_CHECK(act(*engine, plan.action));
  }
  Value targets = Value::array();
  for (const Plan& plan : plans) targets.push_back(plan_view(plan));
  return json_response(Value::object(
      {{"dryRun", order.dry_run}, {"hold", order.hold}, {"targets", std::move(targets)}}));
}

namespace {

// An order that needs nothing but its targets.
Result<kube::Response> post_order(const Call& call, reconcile::OperatorAction::Kind kind) {
  WEIR_TRY(const Order order, read_order(call, false));
  WEIR_TRY(reconcile::Engine* const engine, need_engine(call));
  Value targets = Value::array();
  for (const model::ObjectId& target : order.targets) {
    reconcile::OperatorAction action;
    action.kind = kind;
    action.target = target;
    action.actor = call.actor;
    WEIR_CHECK(act(*engine, action));
    targets.push_back(id_view(target));
  }
  return json_response(Value::object({{"targets", std::move(targets)}}));
}

}  // namespace

Result<kube::Response> post_unpin(const Call& call) {
  return post_order(call, reconcile::OperatorAction::Kind::unpin);
}

Result<kube::Response> post_release(const Call& call) {
  return post_order(call, reconcile::OperatorAction::Kind::release);
}

}  // namespace weir::api::audit
