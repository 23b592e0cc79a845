// Kustomizations of other clusters (spec.kubeConfig): the way there is asked for in every attempt,
// so that rotated credentials count at once; what is known of their objects is kept apart from what
// is known of weir's own cluster; watches there tell of drift and health, and where none is allowed
// the objects are asked for.
#include <algorithm>

#include "engine/reconcile/flows.hh"
#include "engine/reconcile/status.hh"

namespace weir::reconcile {
namespace {

// As often as Flux looks.
constexpr base::TimeUs poll_interval = 5'000'000;

const WatchState* find_watch(const Context& ctx, const std::string& cluster, const Gvk& gvk) {
  const auto found = ctx.state.watches.find(remote_watch_key(cluster, gvk));
  return found == ctx.state.watches.end() ? nullptr : &found->second;
}

// The Kustomization whose object this is: as its labels say, or, once they have been taken off, as
// is remembered.
ObjectId remote_owner(const Context& ctx, const std::string& cluster, const ObjectId& id,
                      const Value& object) {
  const ObjectId named = owner_of(object);
  for (const auto& [owner, ks] : ctx.state.kustomizations) {
    if (ks.remote_of != cluster) continue;
    if (named.empty() ? ks.remote.contains(id) : model::same_object(owner, named)) return owner;
  }
  return {};
}

void give_up_finalizing(Context& ctx, const ObjectId& id, KustomizationState& ks,
                        const StepError& error) {
  std::string ids;
  for (const ObjectId& object : ks.inventory) ids += object.subject() + "\n";
  log_failure(ctx, id, ks, "finalize", error);
  ctx.emit(id, ks, "Warning", "ReconciliationFailed", "unable to prune objects: \n" + ids,
           revision_annotations(ks));
  ctx.command(id, ks, WriteFinalizer{false, ks.object});
}

void retry_finalizing(Context& ctx, const ObjectId& id, KustomizationState& ks,
                      const StepError& error) {
  const StepError told{error.code, "PruneFailed",
                       "pruning for deleted resource failed: " + error.message, false};
  log_failure(ctx, id, ks, "finalize", told);
  ctx.emit(id, ks, "Warning", told.reason, told.message, revision_annotations(ks));
  ks.running = false;
  ks.phase = Phase::idle;
  ctx.schedule(id, ks, ctx.after_backoff(ks));
}

}  // namespace

std::string cluster_of(const ObjectId& id, const KustomizationState& ks) {
  return ks.spec.kube_config ? ks.spec.kube_config->cluster(id.ns) : std::string();
}

LiveTable& live_of(Context& ctx, KustomizationState& ks) {
  return ks.spec.kube_config ? ks.remote : ctx.state.live;
}

const LiveTable& live_of(const Context& ctx, const KustomizationState& ks) {
  return ks.spec.kube_config ? ks.remote : ctx.state.live;
}

std::uint64_t log_object(Context& ctx, event::Type type, const ObjectId& object, const ObjectId& id,
                         KustomizationState& ks, Value data, std::vector<base::Digest> blobs) {
  const std::uint64_t seq = ctx.log(type, object, &ks, id, std::move(data), std::move(blobs));
  ctx.out.events.back().subject.cluster = cluster_of(id, ks);
  return seq;
}

bool begin_connect(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  if (ks.remote_of != cluster_of(id, ks)) leave_cluster(ctx, ks);
  ks.cluster = nullptr;
  if (!ks.spec.kube_config) return false;
  if (ks.phase != Phase::finalizing) ks.phase = Phase::connecting;
  ctx.command(id, ks, ReachCluster{*ks.spec.kube_config});
  return true;
}

bool on_connected(Context& ctx, const ObjectId& id, KustomizationState& ks,
                  const Outcome& outcome) {
  const bool finalizing = ks.phase == Phase::finalizing;
  if (const auto* error = std::get_if<StepError>(&outcome.body)) {
    if (!finalizing)
      fail(ctx, id, ks, *error);
    else if (error->code == Code::not_found)
      give_up_finalizing(ctx, id, ks, *error);
    else
      retry_finalizing(ctx, id, ks, *error);
    return false;
  }
  const auto* reached = std::get_if<ClusterReached>(&outcome.body);
  if (reached == nullptr) return false;
  ks.cluster = reached->cluster;
  ks.remote_of = cluster_of(id, ks);
  return true;
}

void want_remote_watches(Context& ctx, const ObjectId& id, KustomizationState& ks,
                         const std::vector<ObjectId>& ids) {
  for (const ObjectId& object : ids) {
    const std::string key = remote_watch_key(ks.remote_of, object.gvk);
    const auto found = ctx.state.watches.find(key);
    if (found != ctx.state.watches.end() && found->second.client == ks.cluster) continue;
    WatchOptions options{object.gvk, "", std::string(owner_name_label), ""};
    ctx.state.watches[key] = {options, false, cluster_of(id, ks), ks.cluster};
    ctx.out.remote_watches.push_back({key, std::move(options), ks.cluster});
  }
}

bool remote_is_seen(const Context& ctx, const ObjectId& id, const KustomizationState& ks) {
  const std::string cluster = cluster_of(id, ks);
  return std::all_of(ks.inventory.begin(), ks.inventory.end(), [&](const ObjectId& object) {
    const WatchState* watch = find_watch(ctx, cluster, object.gvk);
    return watch != nullptr && watch->synced && watch->client == ks.cluster;
  });
}

void observe_remote(Context& ctx, const std::string& cluster, const Value& object, bool deleted) {
  const ObjectId object_id = ObjectId::of(object);
  const ObjectId id = remote_owner(ctx, cluster, object_id, object);
  if (id.empty()) return;
  KustomizationState& ks = ctx.state.kustomizations[id];
  LiveFacts& known = ks.remote[object_id];
  LiveFacts facts;
  if (!deleted) facts = facts_of(object, &ks.health_rules, ctx.now, ctx.options);
  facts.applied_manifest = known.applied_manifest;
  facts.applied_owned = known.applied_owned;
  known = std::move(facts);
  notice_drift(ctx, object_id, id, deleted ? Value() : object);
  check_stage_wait(ctx, id, ks);
  check_health(ctx, id, ks);
}

void poll_remote(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  if (!ks.spec.kube_config) return;
  const bool stage = ks.phase == Phase::stage_wait;
  if (!stage && ks.phase != Phase::health_wait) return;
  const base::TimeUs stage_max =
      std::chrono::duration_cast<std::chrono::microseconds>(ctx.options.stage_wait_max).count();
  const base::TimeUs end = stage ? ks.wait_started + stage_max : ks.deadline;
  ReadObjects read;
  read.cluster = ks.cluster;
  read.as = identity_of(ctx, id, ks);
  read.rules = ks.health_rules;
  const auto add = [&](const ObjectId& object) {
    const auto found = ks.remote.find(object);
    if (found == ks.remote.end() || found->second.health != "Current") read.ids.push_back(object);
  };
  if (stage)
    for (const ObjectId& object : ks.stage_waiting) add(object);
  else
    for (const ObjectId& object : ks.waiting) add(object);
  if (!read.ids.empty() && ctx.now < end) ctx.command(id, ks, std::move(read));
  ctx.schedule(id, ks, std::min(end, ctx.now + poll_interval));
}

void leave_cluster(Context& ctx, KustomizationState& ks) {
  ks.remote.clear();
  ks.cluster = nullptr;
  const std::string cluster = std::exchange(ks.remote_of, std::string());
  if (cluster.empty()) return;
  for (const auto& [id, other] : ctx.state.kustomizations)
    if (other.remote_of == cluster) return;
  for (auto it = ctx.state.watches.begin(); it != ctx.state.watches.end();) {
    if (it->second.cluster != cluster) {
      ++it;
      continue;
    }
    ctx.out.remote_watches.push_back({it->first, it->second.options, nullptr});
    it = ctx.state.watches.erase(it);
  }
}

}  // namespace weir::reconcile
