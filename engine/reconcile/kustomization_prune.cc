// From the objects that have left the source to their deletion, or to not deleting them: what
// another Kustomization has taken over stays, and a prune that looks like a mistake is held.
#include <algorithm>

#include "engine/model/inventory.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/status.hh"

namespace weir::reconcile {
namespace {

// How long a prune waits for other Kustomizations of its source to say what they want.
constexpr std::int64_t handover_wait_max = 30'000'000;

bool holds(const KustomizationState& ks, const ObjectId& object) {
  const auto same = [&](const ObjectId& other) { return model::same_object(other, object); };
  const RenderedPtr& set = ks.claimed != nullptr ? ks.claimed : ks.rendered;
  if (set == nullptr) return std::any_of(ks.inventory.begin(), ks.inventory.end(), same);
  for (const auto& stage : set->stages)
    for (const RenderedObject& item : stage)
      if (same(item.id)) return true;
  return false;
}

// The Kustomization, other than `self`, that wants the object; an empty id when none does. What a
// suspended one wants is known when it resumes: it may have lost the object to `self` long ago.
ObjectId claimant(const Context& ctx, const ObjectId& self, const ObjectId& object) {
  const std::string cluster = cluster_of(self, ctx.state.kustomizations[self]);
  for (const auto& [id, ks] : ctx.state.kustomizations) {
    if (ks.object.is_null() || ks.deleting() || ks.spec.suspend) continue;
    if (model::same_object(id, self) || cluster_of(id, ks) != cluster) continue;
    if (holds(ks, object)) return id;
  }
  return {};
}

// A Kustomization that it applies is not known yet: its watch event is still under way.
bool has_unseen_child(const Context& ctx, const KustomizationState& ks) {
  if (ks.spec.kube_config) return false;
  return std::any_of(ks.inventory.begin(), ks.inventory.end(), [&](const ObjectId& object) {
    return object.gvk.group == model::kustomization_gvk.group &&
           object.gvk.kind == model::kustomization_gvk.kind &&
           !ctx.state.kustomizations.contains(object);
  });
}

// Whether it may still come to want objects that another one is about to delete.
bool is_unsettled(const Context& ctx, const KustomizationState& ks, const std::string& revision) {
  if (ks.object.is_null() || ks.deleting() || ks.spec.suspend || ks.pin) return false;
  if (!ks.spec_error.empty() || !ks.cel_error.empty() || !ks.spec.unsupported.empty()) return false;
  if (condition_text(ks.status, "Ready", "reason") == "DependencyNotReady") return false;
  if (ks.phase == Phase::building || ks.phase == Phase::finalizer) return true;
  if (ks.phase == Phase::connecting) return true;
  if (ks.phase == Phase::applying || ks.phase == Phase::stage_wait)
    return std::any_of(ks.rendered->stages.begin(), ks.rendered->stages.end(), [](auto& stage) {
      return std::any_of(stage.begin(), stage.end(), [](const RenderedObject& object) {
        return object.id.gvk.kind == "Kustomization";
      });
    });
  if (has_unseen_child(ctx, ks)) return true;
  const bool rendered = ks.rendered != nullptr && ks.rendered->revision == revision;
  return !rendered && ks.status["lastAttemptedRevision"].get_string() != revision;
}

bool others_are_settled(const Context& ctx, const ObjectId& self, const KustomizationState& ks) {
  const ObjectId source = source_of(ctx, self, ks);
  const auto found = ctx.state.sources.find(source);
  if (found == ctx.state.sources.end()) return true;
  for (const auto& [id, other] : ctx.state.kustomizations) {
    if (model::same_object(id, self)) continue;
    if (!model::same_object(source_of(ctx, id, other), source)) continue;
    if (is_unsettled(ctx, other, found->second.artifact.revision)) return false;
  }
  return true;
}

// Who had handed over what is to be deleted now.
std::vector<std::pair<ObjectId, ObjectId>> former_owners(const KustomizationState& ks,
                                                         const std::vector<ObjectId>& ids) {
  std::vector<std::pair<ObjectId, ObjectId>> out;
  for (const ObjectId& id : ids)
    if (const auto found = ks.received.find(id); found != ks.received.end())
      out.emplace_back(id, found->second);
  return out;
}

// Takes what others have taken over out of `ids`. They apply it at once, if they have not: until
// its labels are theirs, nobody could delete it.
void hand_over(Context& ctx, const ObjectId& id, KustomizationState& ks,
               std::vector<ObjectId>& ids) {
  ObjectSet takers;
  const auto moved = [&](const ObjectId& object) {
    const ObjectId taker = claimant(ctx, id, object);
    if (taker.empty()) return false;
    ctx.announce(id, ks, ks.artifact.revision);
    log_object(ctx, event::Type::object_skipped, object, id, ks,
               Value::object({{"reason", "moved to " + taker.subject()},
                              {"taker", Value::object({{"namespace", taker.ns},
                                                       {"name", taker.name}})}}));
    takers.insert(taker);
    ctx.state.kustomizations[taker].attempted.insert(object);
    ctx.state.kustomizations[taker].received[object] = id;
    return true;
  };
  ids.erase(std::remove_if(ids.begin(), ids.end(), moved), ids.end());
  for (const ObjectId& taker : takers)
    request_kustomization(ctx, taker, ctx.state.kustomizations[taker], "drift");
}

bool prune_is_allowed(const KustomizationState& ks) {
  const std::string_view note =
      ks.object.path("metadata", "annotations", allow_prune_annotation).get_string();
  return note == "always" || (!note.empty() && note == ks.rendered->revision) ||
         (!ks.prune_allowed.empty() && ks.prune_allowed == ks.rendered->revision);
}

// Why this prune must not happen unasked; "" when it may.
std::string hold_reason(const Context& ctx, const KustomizationState& ks) {
  const std::size_t before = ks.inventory.size() + ks.stale.size();
  const std::string counts =
      std::to_string(ks.stale.size()) + " of " + std::to_string(before) + " objects";
  if (ctx.options.prune_hold_percent >= 100 || prune_is_allowed(ks)) return {};
  if (ks.inventory.empty())
    return "the source renders nothing any more, which would delete all " +
           std::to_string(ks.stale.size()) + " objects";
  if (before < ctx.options.prune_hold_objects_min ||
      ks.stale.size() * 100 <= before * static_cast<std::size_t>(ctx.options.prune_hold_percent))
    return {};
  return "revision " + ks.rendered->revision + " would delete " + counts;
}

void hold(Context& ctx, const ObjectId& id, KustomizationState& ks, const std::string& why) {
  ks.inventory.insert(ks.inventory.end(), ks.stale.begin(), ks.stale.end());
  StatusEditor status(ks, ctx.now);
  status.set_inventory(ks.inventory);
  std::string text = "prune held: " + why + "; release it with 'weir release ks/" + id.name;
  text += " -n " + id.ns + "' or the annotation " + std::string(allow_prune_annotation) + "=" +
          ks.rendered->revision;
  fail(ctx, id, ks, {Code::conflict, "PruneHeld", text, false});
}

void send_prune(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  hand_over(ctx, id, ks, ks.stale);
  if (ks.stale.empty()) return begin_health(ctx, id, ks);
  if (const std::string why = hold_reason(ctx, ks); !why.empty()) return hold(ctx, id, ks, why);
  PruneObjects prune;
  prune.ids = ks.stale;
  apply::sort_for_prune(prune.ids);
  prune.owner = id;
  prune.former = former_owners(ks, prune.ids);
  prune.cluster = ks.cluster;
  prune.as = identity_of(ctx, id, ks);
  ks.phase = Phase::pruning;
  ctx.command(id, ks, std::move(prune));
}

void send_finalize(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  PruneObjects prune;
  prune.ids = ks.inventory;
  hand_over(ctx, id, ks, prune.ids);
  if (prune.ids.empty()) {
    ctx.command(id, ks, WriteFinalizer{false, ks.object});
    return;
  }
  apply::sort_for_prune(prune.ids);
  prune.owner = id;
  prune.former = former_owners(ks, prune.ids);
  prune.cluster = ks.cluster;
  prune.as = identity_of(ctx, id, ks);
  prune.finalizing = true;
  prune.wait = ks.spec.deletion_policy == model::DeletionPolicy::wait_for_termination;
  prune.timeout = ks.spec.timeout;
  ctx.command(id, ks, std::move(prune));
}

// What waits for this one to be ready cannot speak for itself: it is built ahead of its turn.
void ask_dependents(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  const ObjectId source = source_of(ctx, id, ks);
  const auto found = ctx.state.sources.find(source);
  if (found == ctx.state.sources.end()) return;
  for (const auto& [other_id, other] : ctx.state.kustomizations) {
    if (other.object.is_null() || other.deleting() || other.spec.suspend || other.pin) continue;
    if (condition_text(other.status, "Ready", "reason") != "DependencyNotReady") continue;
    if (!model::same_object(source_of(ctx, other_id, other), source)) continue;
    ++ks.claims_pending;
    ctx.command(id, ks, BuildManifests{other.object, other.spec, found->second.artifact, other_id});
  }
}

void wait_for_others(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  ks.handover = true;
  ks.claims_pending = 0;
  ask_dependents(ctx, id, ks);
  ks.handover_deadline = ctx.now + handover_wait_max;
  ctx.state.pruners.insert(id);
  ctx.schedule(id, ks, ks.handover_deadline);
  check_handover(ctx, id, ks);
}

}  // namespace

void begin_prune(Context& ctx, const ObjectId& id, KustomizationState& ks,
                 std::vector<ObjectId> stale) {
  ks.quiet = false;
  ks.stale = std::move(stale);
  ks.phase = Phase::pruning;
  wait_for_others(ctx, id, ks);
}

void begin_finalize(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  ctx.begin(id, ks, "deleted");
  ks.phase = Phase::finalizing;
  const auto policy = ks.spec.deletion_policy;
  using Policy = model::DeletionPolicy;
  const bool wanted = policy == Policy::remove || policy == Policy::wait_for_termination ||
                      (policy == Policy::mirror_prune && ks.spec.prune);
  if (!ks.has_finalizer()) {
    ks.running = false;
    return;
  }
  if (!wanted || ks.spec.suspend || ks.inventory.empty()) {
    ctx.command(id, ks, WriteFinalizer{false, ks.object});
    return;
  }
  if (!begin_connect(ctx, id, ks)) wait_for_others(ctx, id, ks);
}

void finalize_connected(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  wait_for_others(ctx, id, ks);
}

void check_handover(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  if (!ks.handover) return;
  const bool settled = ks.claims_pending == 0 && others_are_settled(ctx, id, ks);
  if (ctx.now < ks.handover_deadline && !settled) return;
  ks.handover = false;
  ctx.state.pruners.erase(id);
  ctx.schedule(id, ks, 0);
  if (ks.phase == Phase::finalizing) return send_finalize(ctx, id, ks);
  send_prune(ctx, id, ks);
}

void on_claimed(Context& ctx, const ObjectId& id, KustomizationState& ks,
                const ManifestsRendered& made) {
  if (ks.claims_pending > 0) --ks.claims_pending;
  const auto other = ctx.state.kustomizations.find(made.claimant);
  if (other != ctx.state.kustomizations.end()) other->second.claimed = made.rendered;
  check_handover(ctx, id, ks);
}

void wake_pruners(Context& ctx) {
  const ObjectSet waiting = ctx.state.pruners;
  for (const ObjectId& id : waiting) {
    const auto found = ctx.state.kustomizations.find(id);
    if (found == ctx.state.kustomizations.end()) {
      ctx.state.pruners.erase(id);
    } else {
      check_handover(ctx, id, found->second);
    }
  }
}

void on_pruned(Context& ctx, const ObjectId& id, KustomizationState& ks,
               const ObjectsPruned& pruned) {
  std::string lines, errors;
  ks.stale.clear();
  for (const ObjectChange& change : pruned.changes) {
    if (!change.error.empty()) {
      errors += change.error + ";";
      ks.inventory.push_back(change.id);
      continue;
    }
    const bool deleted = change.action == Action::deleted;
    ctx.announce(id, ks, ks.artifact.revision);
    Value data = Value::object({{"action", deleted ? "deleted" : "skipped"}});
    if (!change.note.empty()) data.set("reason", change.note);
    std::vector<base::Digest> blobs;
    if (!change.live_blob.empty()) blobs.push_back(change.live_blob);
    log_object(ctx, event::Type::object_pruned, change.id, id, ks, std::move(data),
               std::move(blobs));
    ctx.metrics.count("objects", deleted ? "deleted" : "skipped");
    live_of(ctx, ks).erase(change.id);
    ks.received.erase(change.id);
    lines +=
        (lines.empty() ? "" : "\n") + change.id.subject() + (deleted ? " deleted" : " skipped");
  }
  if (!lines.empty()) ctx.emit(id, ks, "Normal", "Progressing", lines, revision_annotations(ks));
  if (!errors.empty()) {
    StatusEditor status(ks, ctx.now);
    status.set_inventory(ks.inventory);
    return fail(ctx, id, ks,
                {Code::unavailable, "PruneFailed", "delete failed, errors: " + errors, false});
  }
  begin_health(ctx, id, ks);
}

}  // namespace weir::reconcile
