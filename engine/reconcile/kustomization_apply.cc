#include <algorithm>

#include "engine/base/duration.hh"
#include "engine/model/inventory.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/status.hh"

namespace weir::reconcile {
namespace {

void log_rendered(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  const RenderedSet& set = *ks.rendered;
  if (set.digest == ks.rendered_logged && set.revision == ks.rendered_revision) return;
  ctx.announce(id, ks, set.revision);
  Value data = Value::object({{"revision", set.revision},
                              {"digest", set.digest.to_string()},
                              {"objects", set.size()}});
  // What the inventory has not may come to stand before a crash, and only the log would know of it.
  if (const auto added = model::stale_objects(set.ids(), ks.inventory); !added.empty()) {
    data.set("adds", model::make_inventory(added));
    ks.attempted.insert(added.begin(), added.end());
  }
  ctx.log(event::Type::manifests_rendered, id, &ks, id, std::move(data), {set.set_blob});
  ks.rendered_logged = set.digest;
  ks.rendered_revision = set.revision;
}

bool stage_is_verified(const Context& ctx, const KustomizationState& ks,
                       const std::vector<RenderedObject>& stage) {
  if (ks.full_check) return false;
  return std::all_of(stage.begin(), stage.end(), [&](const RenderedObject& object) {
    const auto found = live_of(ctx, ks).find(object.id);
    return found != live_of(ctx, ks).end() && found->second.verified(object.digest);
  });
}

void send_stage(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  ApplyStage apply;
  apply.rendered = ks.rendered;
  apply.stage = ks.stage;
  apply.force = ks.spec.force;
  apply.full_check = ks.full_check;
  apply.validate_all = ks.spec.validate_client && ks.stage == 0;
  apply.cluster = ks.cluster;
  apply.as = identity_of(ctx, id, ks);
  apply.ignore = ks.spec.ignore;
  apply.owner = id;
  apply.rules = ks.health_rules;
  for (const RenderedObject& object : ks.rendered->stages[ks.stage]) {
    const auto found = live_of(ctx, ks).find(object.id);
    if (found != live_of(ctx, ks).end()) apply.known.insert(*found);
  }
  ks.phase = Phase::applying;
  ctx.command(id, ks, std::move(apply));
}

// One change becomes an event; before a correction, what the object had become is kept too.
void log_change(Context& ctx, const ObjectId& id, KustomizationState& ks,
                const ObjectChange& change) {
  if (change.action == Action::skipped) {
    log_object(ctx, event::Type::object_skipped, change.id, id, ks,
               Value::object({{"reason", change.note}}));
    return;
  }
  ctx.announce(id, ks, ks.artifact.revision);
  if (!change.live_blob.empty())
    log_object(ctx, event::Type::object_observed, change.id, id, ks,
               Value::object({{"fields", change.note}}), {change.live_blob});
  Value data = Value::object({{"action", action_name(change.action)},
                              {"resourceVersion", change.facts.resource_version},
                              {"revision", ks.rendered->revision}});
  // A plain digest of a Secret's fields would let its bytes be guessed; after a restart it is asked
  // about.
  if (change.id.gvk.kind != "Secret") data.set("owned", change.facts.owned.to_string());
  if (!change.note.empty()) data.set("fields", change.note);
  std::vector<base::Digest> blobs = {change.manifest_blob};
  if (!change.made_blob.empty()) blobs.push_back(change.made_blob);
  log_object(ctx, event::Type::object_applied, change.id, id, ks, std::move(data),
             std::move(blobs));
}

bool is_news(const LiveTable& live, const ObjectChange& change) {
  if (change.action == Action::created || change.action == Action::configured) return true;
  const auto found = live.find(change.id);
  if (change.action == Action::skipped) return found == live.end();
  return found == live.end() || found->second.applied_manifest != change.manifest ||
         found->second.applied_owned != change.facts.owned;
}

// Of another cluster nothing is remembered after a restart: what is found there as this very
// revision had left it was told before.
bool was_told(const KustomizationState& ks, const ObjectChange& change) {
  return ks.spec.kube_config && change.action == Action::unchanged &&
         ks.status["lastAppliedRevision"].get_string() == ks.rendered->revision;
}

std::string change_lines(const std::vector<ObjectChange>& changes) {
  std::string lines;
  for (const ObjectChange& change : changes) {
    if (change.action != Action::created && change.action != Action::configured) continue;
    if (!lines.empty()) lines.push_back('\n');
    lines += change.id.subject() + " " + std::string(action_name(change.action));
  }
  return lines;
}

// After all stages: the inventory is what was applied; what left it is pruned.
void finish_stages(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  const std::string lines = change_lines(ks.changes);
  if (!lines.empty()) {
    const std::string reason(condition_text(ks.status, "Ready", "reason"));
    ctx.emit(id, ks, "Normal", reason == "Progressing" || reason.empty() ? "Progressing" : reason,
             lines, revision_annotations(ks));
  }
  std::vector<ObjectId> before = std::move(ks.inventory);
  const ObjectSet listed(before.begin(), before.end());
  for (const ObjectId& object : ks.attempted) {
    const auto live = live_of(ctx, ks).find(object);
    if (!listed.contains(object) && live != live_of(ctx, ks).end() && live->second.exists)
      before.push_back(object);
  }
  ks.attempted.clear();
  ks.inventory = ks.rendered->ids();
  StatusEditor status(ks, ctx.now);
  status.set_inventory(ks.inventory);
  std::vector<ObjectId> stale = model::stale_objects(before, ks.inventory);
  if (!ks.spec.prune || stale.empty()) {
    for (const ObjectId& object : stale) live_of(ctx, ks).erase(object);
    return begin_health(ctx, id, ks);
  }
  begin_prune(ctx, id, ks, std::move(stale));
}

// CRDs, namespaces and classes must be there before what needs them.
bool must_wait(const Context& ctx, const KustomizationState& ks, std::vector<ObjectId>& waiting) {
  const auto& stage = ks.rendered->stages[ks.stage];
  for (const RenderedObject& object : stage) {
    if (!apply::stage_is_awaited(apply::stage_of(object.id.gvk))) continue;
    const auto found = live_of(ctx, ks).find(object.id);
    if (found != live_of(ctx, ks).end() && found->second.health == "Current") continue;
    waiting.push_back(object.id);
  }
  return !waiting.empty();
}

}  // namespace

Identity identity_of(const Context& ctx, const ObjectId& id, const KustomizationState& ks) {
  const std::string& account = ks.spec.service_account.empty() ? ctx.options.default_service_account
                                                               : ks.spec.service_account;
  if (account.empty()) return {};
  return {"system:serviceaccount:" + id.ns + ":" + account};
}

void on_rendered(Context& ctx, const ObjectId& id, KustomizationState& ks,
                 const ManifestsRendered& made) {
  ks.claimed = nullptr;
  ks.rendered = made.rendered;
  StatusEditor status(ks, ctx.now);
  status.set_field("lastAttemptedRevision", ks.rendered->revision);
  log_rendered(ctx, id, ks);
  if (ks.spec.kube_config)
    want_remote_watches(ctx, id, ks, ks.rendered->ids());
  else
    want_watches(ctx, ks.rendered->ids());
  ks.stage = 0;
  if (!ks.quiet)
    status.set("Reconciling", "True", "Progressing",
               "Detecting drift for revision " + ks.rendered->revision + " with a timeout of " +
                   base::format_duration(ks.spec.timeout));
  next_stage(ctx, id, ks);
}

void next_stage(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  const auto& stages = ks.rendered->stages;
  const bool whole = ks.spec.validate_client && ks.stage == 0;
  while (ks.stage < stages.size() && stage_is_verified(ctx, ks, stages[ks.stage]) && !whole)
    ++ks.stage;
  if (ks.stage < stages.size()) return send_stage(ctx, id, ks);
  if (ks.full_check)
    ks.full_check_due = ctx.after_jittered(id, ks, ctx.options.full_check_interval);
  finish_stages(ctx, id, ks);
}

void on_stage_applied(Context& ctx, const ObjectId& id, KustomizationState& ks,
                      const StageApplied& applied) {
  for (const ObjectChange& change : applied.changes) {
    if (is_news(live_of(ctx, ks), change) && !was_told(ks, change)) log_change(ctx, id, ks, change);
    if (change.action == Action::created || change.action == Action::configured) ks.quiet = false;
    LiveFacts& facts = live_of(ctx, ks)[change.id];
    facts = change.facts;
    ks.changes.push_back(change);
    ctx.metrics.count("objects", action_name(change.action));
  }
  if (applied.failure) {
    for (const RenderedObject& object : ks.rendered->stages[applied.stage])
      ks.attempted.insert(object.id);
    StepError error = *applied.failure;
    const std::string lines = change_lines(ks.changes);
    if (!lines.empty()) error.message += "\n" + lines;
    return fail(ctx, id, ks, error);
  }
  ks.stage_waiting.clear();
  if (must_wait(ctx, ks, ks.stage_waiting)) {
    ks.phase = Phase::stage_wait;
    ks.wait_started = ctx.now;
    for (const ObjectId& object : ks.stage_waiting) ctx.state.waiters[object].insert(id);
    ctx.schedule(id, ks, ctx.after(ctx.options.stage_wait_max));
    return poll_remote(ctx, id, ks);
  }
  ++ks.stage;
  next_stage(ctx, id, ks);
}

}  // namespace weir::reconcile
