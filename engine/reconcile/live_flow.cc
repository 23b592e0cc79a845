#include <algorithm>

#include "engine/apply/drift.hh"
#include "engine/apply/field_set.hh"
#include "engine/apply/health.hh"
#include "engine/model/inventory.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/helm_flow.hh"
#include "engine/value/json.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view namespace_label = "kustomize.toolkit.fluxcd.io/namespace";

// The manager that wrote last, other than ours: who made a drift. 'kubectl scale' and autoscalers
// write by the subresource scale; what is written by status is never drift.
std::string last_manager(const Value& object) {
  std::string_view best_time, best;
  for (const Value& entry : object.path("metadata", "managedFields").items()) {
    const std::string_view manager = entry["manager"].get_string();
    if (manager == field_manager || entry["subresource"].get_string() == "status") continue;
    if (entry["time"].get_string() < best_time) continue;
    best_time = entry["time"].get_string();
    best = manager;
  }
  return std::string(best);
}

const std::vector<apply::HealthRule>* rules_for(const Context& ctx, const ObjectId& owner) {
  const auto release = ctx.state.helm_releases.find(owner);
  if (release != ctx.state.helm_releases.end()) return &release->second.health_rules;
  const auto found = ctx.state.kustomizations.find(owner);
  return found == ctx.state.kustomizations.end() ? nullptr : &found->second.health_rules;
}

void wake_waiters(Context& ctx, const ObjectId& id) {
  const auto found = ctx.state.waiters.find(id);
  if (found == ctx.state.waiters.end()) return;
  const ObjectSet owners = found->second;
  for (const ObjectId& owner : owners) {
    const auto hr = ctx.state.helm_releases.find(owner);
    if (hr != ctx.state.helm_releases.end()) check_helm_wait(ctx, owner, hr->second);
    const auto ks = ctx.state.kustomizations.find(owner);
    if (ks == ctx.state.kustomizations.end()) continue;
    check_stage_wait(ctx, owner, ks->second);
    check_health(ctx, owner, ks->second);
  }
}

}  // namespace

// A change of ours comes back by the watch too; only what differs from it is drift.
void notice_drift(Context& ctx, const ObjectId& id, const ObjectId& owner, const Value& object) {
  const auto found = ctx.state.kustomizations.find(owner);
  if (found == ctx.state.kustomizations.end() || found->second.object.is_null()) return;
  KustomizationState& ks = found->second;
  if (ks.running || ks.await_sync || ks.spec.suspend || ks.deleting()) return;
  const LiveFacts& facts = live_of(ctx, ks)[id];
  if (facts.applied_manifest.empty() || facts.verified(facts.applied_manifest)) return;
  if (!std::any_of(ks.inventory.begin(), ks.inventory.end(),
                   [&](const ObjectId& item) { return model::same_object(item, id); }))
    return;
  Value data = Value::object({{"resourceVersion", facts.resource_version}});
  if (!facts.exists) data.set("deleted", true);
  const std::string manager = object.is_null() ? "" : last_manager(object);
  if (!manager.empty()) data.set("manager", manager);
  ctx.log_root(event::Type::drift_detected, id, ks, owner, std::move(data));
  ctx.out.events.back().subject.cluster = cluster_of(owner, ks);
  ctx.metrics.count("drifts", "");
  // Two parties that undo each other must not spin: the first correction is at once, the next ones
  // back off.
  const base::TimeUs calm = ks.drift_corrected + 60'000'000;
  ks.drift_retries = ctx.now < calm ? ks.drift_retries + 1 : 0;
  ks.drift_corrected = ctx.now;
  if (ks.drift_retries < 10) return request_kustomization(ctx, owner, ks, "drift");
  const int shift = std::min(ks.drift_retries - 10, 8);
  ctx.schedule(owner, ks, ctx.now + (std::int64_t{1'000'000} << shift));
}

ObjectId owner_of(const Value& object) {
  const Value& labels = object.path("metadata", "labels");
  const std::string_view name = labels[owner_name_label].get_string();
  if (name.empty()) return {};
  return {model::kustomization_gvk, std::string(labels[namespace_label].get_string()),
          std::string(name)};
}

namespace {

// Where they are kept: what a Secret is given as stringData stands in data, and managedFields say
// stringData.
apply::FieldSet kept_fields(const Value& object, std::string_view manager) {
  apply::FieldSet out = apply::owned_fields(object, manager);
  if (object["kind"].get_string() != "Secret") return out;
  const auto given = out.children.find("f:stringData");
  if (given != out.children.end()) out.children["f:data"].unite(apply::FieldSet(given->second));
  return out;
}

}  // namespace

LiveFacts facts_of(const Value& object, const std::vector<apply::HealthRule>* rules,
                   base::TimeUs now, const EngineOptions& options, const std::vector<Value>* pods,
                   std::string_view manager) {
  LiveFacts facts;
  facts.exists = true;
  const Value& metadata = object["metadata"];
  facts.resource_version = metadata["resourceVersion"].get_string();
  facts.uid = metadata["uid"].get_string();
  facts.deleting = !metadata["deletionTimestamp"].is_null();
  facts.foreign_manager = apply::has_foreign_manager(object, {manager, options.override_managers});
  // Of what a replay of the record sees.
  Value hidden = object;
  hide_secrets(hidden, options);
  facts.owned = apply::owned_digest(hidden, kept_fields(hidden, manager),
                                    model::find_type(Gvk::of(hidden)));
  apply::HealthContext context;
  context.rules = rules;
  context.pods = pods;
  context.now = now;
  const apply::Health health = apply::compute_health(object, context);
  facts.health = apply::health_status_name(health.status);
  facts.health_message = health.message;
  return facts;
}

namespace {

// An object here may bear the labels of a Kustomization that applies elsewhere.
bool is_local(const Context& ctx, const ObjectId& owner) {
  const auto found = ctx.state.kustomizations.find(owner);
  return found == ctx.state.kustomizations.end() || !found->second.spec.kube_config;
}

// A change of health that has come to rest is kept with all that the object was.
void keep_turn(Context& ctx, const ObjectId& owner, const LiveFacts& before, const LiveFacts& after,
               const Value& object) {
  if (before.health.empty() || before.health == after.health || after.health == "InProgress")
    return;
  const OwnerState none;
  const auto ks = ctx.state.kustomizations.find(owner);
  const auto hr = ctx.state.helm_releases.find(owner);
  const OwnerState* state = &none;
  if (ks != ctx.state.kustomizations.end()) state = &ks->second;
  if (hr != ctx.state.helm_releases.end()) state = &hr->second;
  if (state->object.is_null()) return;
  ctx.command(owner, *state, KeepLive{object, after.health, after.health_message});
  ctx.out.commands.back().cause = state->cause;
}

}  // namespace

void observe_live(Context& ctx, const Value& object, bool deleted) {
  const ObjectId id = ObjectId::of(object);
  const auto known = ctx.state.live.find(id);
  const ObjectId owner = owner_of(object);
  const ObjectId release = owner.empty() ? helm_owner_of(object) : ObjectId();
  if (known == ctx.state.live.end() && owner.empty() && release.empty() &&
      !ctx.state.waiters.contains(id))
    return;
  LiveFacts facts;
  if (!deleted)
    facts = facts_of(object, rules_for(ctx, release.empty() ? owner : release), ctx.now,
                     ctx.options, nullptr, release.empty() ? field_manager : helm_field_manager);
  if (known != ctx.state.live.end()) {
    facts.applied_manifest = known->second.applied_manifest;
    facts.applied_owned = known->second.applied_owned;
    if (!deleted) keep_turn(ctx, release.empty() ? owner : release, known->second, facts, object);
  }
  ctx.state.live[id] = std::move(facts);
  if (!owner.empty() && is_local(ctx, owner))
    notice_drift(ctx, id, owner, deleted ? Value() : object);
  if (!release.empty()) notice_helm_drift(ctx, id, release);
  wake_waiters(ctx, id);
}

void want_watches(Context& ctx, const std::vector<ObjectId>& ids) {
  for (const ObjectId& id : ids) {
    const std::string key = watch_key(id.gvk);
    if (ctx.state.watches.contains(key)) continue;
    WatchOptions options{id.gvk, ctx.options.watch_namespace, std::string(owner_name_label), ""};
    ctx.state.watches[key] = {options, false};
    ctx.out.watches.push_back(std::move(options));
  }
}

bool watches_synced(const Context& ctx, const std::vector<ObjectId>& ids) {
  return std::all_of(ids.begin(), ids.end(), [&](const ObjectId& id) {
    const auto found = ctx.state.watches.find(watch_key(id.gvk));
    return found != ctx.state.watches.end() && found->second.synced;
  });
}

bool has_drifted(const Context& ctx, const KustomizationState& ks) {
  return std::any_of(ks.inventory.begin(), ks.inventory.end(), [&](const ObjectId& id) {
    const auto found = live_of(ctx, ks).find(id);
    return found != live_of(ctx, ks).end() && !found->second.applied_manifest.empty() &&
           !found->second.verified(found->second.applied_manifest);
  });
}

void log_failure(Context& ctx, const ObjectId& id, OwnerState& owner, std::string_view step,
                 const StepError& error) {
  std::string text = error.reason + ": " + error.message;
  if (owner.failure_logged == text && error.unanswered.empty()) return;
  owner.failure_logged = std::move(text);
  Value data = Value::object({{"step", step},
                              {"code", base::code_name(error.code)},
                              {"reason", error.reason},
                              {"message", error.message}});
  if (!error.unanswered.empty()) data.set("unanswered", model::make_inventory(error.unanswered));
  ctx.log(event::Type::step_failed, id, &owner, id, std::move(data));
  ctx.metrics.count("failures", error.reason);
}

void log_spec(Context& ctx, const ObjectId& id, OwnerState& owner) {
  Value kept = masked(owner.object);
  kept.erase("status");
  const Value& metadata = owner.object["metadata"];
  Value compared = Value::object({{"spec", kept["spec"]},
                                  {"labels", metadata["labels"]},
                                  {"annotations", metadata["annotations"]},
                                  {"deleting", owner.deleting()}});
  const base::Digest digest = base::sha256(value::write_json(compared));
  if (digest == owner.spec_logged) return;
  owner.spec_logged = digest;
  ctx.log_root(event::Type::spec_observed, id, owner, id,
               Value::object({{"object", std::move(kept)}, {"digest", digest.to_string()}}));
}

}  // namespace weir::reconcile
