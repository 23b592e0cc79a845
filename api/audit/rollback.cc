// Rollbacks: which set of manifests each target is pinned to, and what that would change.
#include <algorithm>
#include <set>

#include "api/audit/git_revert.hh"
#include "api/audit/instant.hh"
#include "api/audit/orders.hh"
#include "api/audit/rollback.hh"
#include "api/audit/side.hh"
#include "api/audit/views.hh"
#include "engine/value/json.hh"
#include "store/projections/objects.hh"
#include "store/projections/owners.hh"

namespace weir::api::audit {
namespace {

struct Order {
  std::vector<model::ObjectId> targets;
  std::string to;
  bool every = false;  // all, or all of a namespace: what has no such past is passed over
  bool hold = false, dry_run = false, git_revert = false;
};

// A target that is passed over, and why.
struct Skipped {
  model::ObjectId target;
  std::string reason;
};

bool is_kustomization(const model::ObjectId& id) { return id.gvk.kind == "Kustomization"; }

// A HelmRelease goes back with the Kustomization that applies it, and by itself where none does.
Result<bool> goes_by_itself(const Call& call, const model::ObjectId& id) {
  if (is_kustomization(id)) return true;
  if (id.gvk.kind != "HelmRelease") return false;
  WEIR_TRY(const auto applied,
           store::projections::object_at(call.log().kv(), id, call.log().head().seq,
                                         store::projections::Side::desired));
  return !applied || !is_kustomization(applied->change.owner);
}

// Every Kustomization there is, and every HelmRelease that none of them applies; of one namespace
// when it is named. Releases are not built from files, so that no revert commit is for them.
Result<std::vector<model::ObjectId>> every_target(const Call& call, std::string_view ns,
                                                  bool git_revert, std::vector<Skipped>& skipped) {
  std::vector<std::pair<model::ObjectId, bool>> owners;  // and whether it is suspended
  if (reconcile::Engine* engine = call.api.options().engine) {
    for (const reconcile::OwnerSummary& owner : engine->summary())
      owners.emplace_back(owner.id, owner.suspended);
  } else {
    WEIR_TRY(const auto results, store::projections::last_results(call.log().kv()));
    for (const auto& result : results) owners.emplace_back(result.owner, false);
  }
  std::vector<model::ObjectId> out;
  for (auto& [id, suspended] : owners) {
    if ((!ns.empty() && id.ns != ns) || (git_revert && !is_kustomization(id))) continue;
    WEIR_TRY(const bool by_itself, goes_by_itself(call, id));
    if (!by_itself) continue;
    if (suspended)
      skipped.push_back({id, "it is suspended"});
    else
      out.push_back(id);
  }
  if (out.empty() && skipped.empty())
    return make_error(Code::not_found, "no Kustomizations or HelmReleases found" +
                                           (ns.empty() ? "" : " in namespace " + std::string(ns)));
  return out;
}

Result<Order> read_order(const Call& call, std::vector<Skipped>& skipped) {
  WEIR_TRY(const Value body,
           read_body(call, {"targets", "all", "namespace", "to", "hold", "dryRun", "gitRevert"}));
  WEIR_CHECK(check_flags(body, {"all", "hold", "dryRun", "gitRevert"}));
  Order order;
  const Value& to = body["to"];
  order.to = to.is_integer() ? value::write_json(to) : std::string(to.get_string());
  order.hold = body["hold"].get_bool();
  order.dry_run = body["dryRun"].get_bool();
  order.git_revert = body["gitRevert"].get_bool();
  const std::string_view ns = body["namespace"].get_string();
  order.every = body["all"].get_bool() || !ns.empty();
  if (order.every && body.contains("targets"))
    return bad_field("targets", "name targets, or all or a namespace of them, not both");
  if (order.git_revert && order.hold)
    return bad_field("hold", "a revert commit pins nothing, so there is nothing to hold");
  if (order.every) {
    WEIR_TRY(order.targets, every_target(call, ns, order.git_revert, skipped));
  } else {
    WEIR_TRY(order.targets, read_targets(call, body));
  }
  if (order.to.empty()) return bad_field("to", "a time, a sequence number or a revision is needed");
  for (const model::ObjectId& id : order.targets)
    if (order.git_revert && !is_kustomization(id))
      return bad_field("gitRevert", id.subject() + " is not built from files: it can be pinned");
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

using Set = RenderedObjects;

}  // namespace

Result<RenderedObjects> read_set(const Call& call, const base::Digest& blob) {
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

namespace {

Result<RollbackPlan> plan_rollback(const Call& call, const model::ObjectId& target,
                                   const Order& order) {
  WEIR_TRY(const event::Event good, find_good(call, target, order.to));
  RollbackPlan plan;
  if (target.gvk.kind == "HelmRelease") {
    if (good.blobs.size() < 2)
      return make_error(Code::not_found, "the log has no release of " + target.subject() +
                                             " at event " + std::to_string(good.seq));
    plan.action.release_blob = good.blobs[1];
    WEIR_TRY(const bool kept, call.blobs().contains(good.blobs[1]));
    if (!kept)
      return make_error(Code::gone, "the release of " + target.subject() + " at event " +
                                        std::to_string(good.seq) + " was removed by retention");
  }
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

Value plan_view(const RollbackPlan& plan) {
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

// What a Kustomization depends on, as its spec says now.
Result<std::vector<model::ObjectId>> dependencies(const Call& call, const model::ObjectId& owner) {
  std::vector<model::ObjectId> out;
  WEIR_TRY(const auto spec,
           newest_event(call.log(), owner, event::Type::spec_observed, call.log().head().seq));
  if (!spec) return out;
  for (const Value& item : spec->data.path("object", "spec", "dependsOn").items()) {
    model::ObjectId on = owner;
    on.name = item["name"].get_string();
    on.ns = item["namespace"].get_string(owner.ns);
    out.push_back(std::move(on));
  }
  return out;
}

// Dependencies before their dependents, else in the order given. What depends on itself in a circle
// comes last.
Result<void> sort_by_dependency(const Call& call, std::vector<RollbackPlan>& plans) {
  std::map<std::string, std::set<std::string>> waits;
  std::set<std::string> there;
  for (const RollbackPlan& plan : plans) there.insert(plan.action.target.subject());
  for (const RollbackPlan& plan : plans) {
    WEIR_TRY(const auto needed, dependencies(call, plan.action.target));
    auto& own = waits[plan.action.target.subject()];
    for (const model::ObjectId& id : needed)
      if (there.contains(id.subject())) own.insert(id.subject());
  }
  std::vector<RollbackPlan> sorted;
  std::set<std::string> done;
  while (!plans.empty()) {
    const auto ready = std::stable_partition(plans.begin(), plans.end(), [&](const auto& plan) {
      const auto& needed = waits[plan.action.target.subject()];
      return std::all_of(needed.begin(), needed.end(),
                         [&](const std::string& name) { return done.contains(name); });
    });
    const auto end = ready == plans.begin() ? plans.end() : ready;
    for (auto plan = plans.begin(); plan != end; ++plan) {
      done.insert(plan->action.target.subject());
      sorted.push_back(std::move(*plan));
    }
    plans.erase(plans.begin(), end);
  }
  plans = std::move(sorted);
  return {};
}

Result<std::vector<RollbackPlan>> plan_all(const Call& call, const Order& order,
                                           std::vector<Skipped>& skipped) {
  std::vector<RollbackPlan> plans;
  for (const model::ObjectId& target : order.targets) {
    auto plan = plan_rollback(call, target, order);
    if (plan.ok()) {
      plans.push_back(*std::move(plan));
    } else if (order.every && plan.error().code == Code::not_found) {
      skipped.push_back({target, plan.error().message});
    } else {
      return std::move(plan).error();
    }
  }
  if (plans.empty() && !skipped.empty())
    return make_error(Code::not_found, "none of " + std::to_string(skipped.size()) +
                                           " owners can be rolled back: " +
                                           skipped.front().target.subject() + ": " +
                                           skipped.front().reason);
  WEIR_CHECK(sort_by_dependency(call, plans));
  return plans;
}

}  // namespace

Result<kube::Response> post_rollback(const Call& call) {
  std::vector<Skipped> skipped;
  WEIR_TRY(const Order order, read_order(call, skipped));
  WEIR_TRY(std::vector<RollbackPlan> plans, plan_all(call, order, skipped));
  Value body = Value::object({{"dryRun", order.dry_run}, {"hold", order.hold}});
  if (order.git_revert) {
    WEIR_TRY(Value commits, revert_in_git(call, plans, order.to, order.dry_run));
    body.set("commits", std::move(commits));
  } else if (!order.dry_run) {
    WEIR_TRY(reconcile::Engine* const engine, need_engine(call));
    for (const RollbackPlan& plan : plans) WEIR_CHECK(act(*engine, plan.action));
  }
  Value targets = Value::array(), passed = Value::array();
  for (const RollbackPlan& plan : plans) targets.push_back(plan_view(plan));
  for (const Skipped& one : skipped) {
    passed.push_back(id_view(one.target));
    passed.item_mut(passed.size() - 1).set("reason", one.reason);
  }
  body.set("targets", std::move(targets));
  body.set("skipped", std::move(passed));
  return json_response(body);
}

}  // namespace weir::api::audit
