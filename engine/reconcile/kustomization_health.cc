#include <algorithm>

#include "engine/base/duration.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/status.hh"

namespace weir::reconcile {
namespace {

struct Verdict {
  std::vector<std::pair<ObjectId, std::string>> pending;  // id and status, in order
  bool failed = false;                                    // some object has failed for good
};

Value desired_of(const KustomizationState& ks, const ObjectId& id) {
  if (ks.rendered != nullptr)
    for (const auto& stage : ks.rendered->stages)
      for (const RenderedObject& object : stage)
        if (model::same_object(object.id, id)) return object.manifest;
  return {};
}

std::string_view health_of(const Context& ctx, const KustomizationState& ks, const ObjectId& id) {
  const auto found = live_of(ctx, ks).find(id);
  if (found == live_of(ctx, ks).end()) return "Unknown";
  if (found->second.exists) return found->second.health;
  return apply::health_status_name(apply::missing_health(desired_of(ks, id)).status);
}

Verdict judge(const Context& ctx, const KustomizationState& ks, const ObjectSet& ids) {
  Verdict verdict;
  for (const ObjectId& id : ids) {
    const std::string_view health = health_of(ctx, ks, id);
    if (health == "Current") continue;
    verdict.failed = verdict.failed || health == "Failed";
    verdict.pending.emplace_back(id, health);
  }
  return verdict;
}

std::string pending_text(const Verdict& verdict, bool failed_only) {
  std::string text;
  for (const auto& [id, health] : verdict.pending) {
    if (failed_only && health != "Failed") continue;
    if (!text.empty()) text += ", ";
    text += id.subject() + " status: '" + health + "'";
  }
  return "[" + text + "]";
}

std::string waited(const Context& ctx, const KustomizationState& ks) {
  return base::format_duration(std::chrono::milliseconds((ctx.now - ks.wait_started) / 1000));
}

ObjectSet awaited(const ObjectId& self, const KustomizationState& ks) {
  ObjectSet ids;
  if (ks.spec.wait) {
    for (const auto& stage : ks.rendered->stages)
      for (const RenderedObject& object : stage) ids.insert(object.id);
    for (const ObjectChange& change : ks.changes)
      if (change.action == Action::skipped) ids.erase(change.id);
  } else {
    ids.insert(ks.spec.health_checks.begin(), ks.spec.health_checks.end());
  }
  for (auto it = ids.begin(); it != ids.end();)
    it = model::same_object(*it, self) ? ids.erase(it) : std::next(it);
  return ids;
}

// Explicit health checks may name objects that no watch tells about; they are read, and watched by
// name.
void read_unknown(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  ReadObjects read;
  read.cluster = ks.cluster;
  read.as = identity_of(ctx, id, ks);
  read.rules = ks.health_rules;
  for (const ObjectId& object : ks.waiting)
    if (!live_of(ctx, ks).contains(object)) read.ids.push_back(object);
  if (read.ids.empty()) return;
  for (const ObjectId& object : read.ids) {
    if (ks.spec.kube_config) break;  // there they are asked for again and again
    const std::string key = watch_key(object.gvk, object.ns, object.name);
    if (ctx.state.watches.contains(key)) continue;
    WatchOptions options{object.gvk, object.ns, "", "metadata.name=" + object.name};
    ctx.state.watches[key] = {options, false};
    ctx.out.watches.push_back(options);
  }
  ctx.command(id, ks, std::move(read));
}

// Pods are not watched: while a set of them makes no progress, they are read as often as Flux does.
constexpr std::int64_t pods_poll_interval = 5'000'000;

bool asks_for_pods(const std::pair<ObjectId, std::string>& pending) {
  return pending.second == "InProgress" && apply::wants_pods(pending.first.gvk);
}

void schedule_health(Context& ctx, const ObjectId& id, KustomizationState& ks,
                     const Verdict& verdict) {
  if (ks.spec.kube_config)
    return ctx.schedule(id, ks, std::min(ks.deadline, ctx.now + pods_poll_interval));
  const bool poll = std::any_of(verdict.pending.begin(), verdict.pending.end(), asks_for_pods);
  ctx.schedule(id, ks, poll ? std::min(ks.deadline, ctx.now + pods_poll_interval) : ks.deadline);
}

void pass(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  const std::string text = "Health check passed in " + waited(ctx, ks);
  StatusEditor status(ks, ctx.now);
  const bool was_healthy = condition_text(ks.status, "Healthy", "status") == "True";
  const bool changed = !ks.changes.empty() && !ks.quiet;
  stop_waiting(ctx, id, ks);
  if (!ks.quiet || !was_healthy) status.set("Healthy", "True", "Succeeded", text);
  const bool new_revision = ks.status["lastAppliedRevision"].get_string() != ks.rendered->revision;
  if (!ks.health_passed_before || (new_revision && changed))
    ctx.emit(id, ks, "Normal", "Progressing", text, revision_annotations(ks));
  ks.health_passed_before = true;
  succeed(ctx, id, ks);
}

}  // namespace

void begin_health(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  StatusEditor status(ks, ctx.now);
  ks.wait_started = ctx.now;
  if (!ks.spec.wait && ks.spec.health_checks.empty()) {
    status.remove("Healthy");
    return succeed(ctx, id, ks);
  }
  ks.health_passed_before = condition_text(ks.status, "Healthy", "status") == "True";
  ks.waiting = awaited(id, ks);
  for (const ObjectId& object : ks.waiting) ctx.state.waiters[object].insert(id);
  ks.phase = Phase::health_wait;
  ks.deadline = ctx.after(ks.spec.timeout);
  read_unknown(ctx, id, ks);
  const Verdict verdict = judge(ctx, ks, ks.waiting);
  if (verdict.pending.empty()) return pass(ctx, id, ks);
  ks.quiet = false;
  const std::string text = "Running health checks for revision " + ks.rendered->revision +
                           " with a timeout of " + base::format_duration(ks.spec.timeout);
  status.set("Reconciling", "True", "Progressing", text);
  status.set("Ready", "Unknown", "Progressing", "Reconciliation in progress");
  status.set("Healthy", "Unknown", "Progressing", text);
  ctx.write_status(id, ks);
  schedule_health(ctx, id, ks, verdict);
  check_health(ctx, id, ks);
}

void health_due(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  check_health(ctx, id, ks);
  if (ks.phase != Phase::health_wait) return;
  if (ks.spec.kube_config) return poll_remote(ctx, id, ks);
  const Verdict verdict = judge(ctx, ks, ks.waiting);
  ReadObjects read;
  read.as = identity_of(ctx, id, ks);
  read.rules = ks.health_rules;
  for (const auto& pending : verdict.pending)
    if (asks_for_pods(pending)) read.ids.push_back(pending.first);
  if (!read.ids.empty()) ctx.command(id, ks, std::move(read));
  schedule_health(ctx, id, ks, verdict);
}

void check_health(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  if (ks.phase != Phase::health_wait) return;
  const Verdict verdict = judge(ctx, ks, ks.waiting);
  if (verdict.pending.empty()) return pass(ctx, id, ks);
  std::string text;
  if (verdict.failed) {
    text = "health check failed after " + waited(ctx, ks) +
           ": failed early due to stalled resources: " + pending_text(verdict, true);
  } else if (ctx.now >= ks.deadline) {
    text = "health check failed after " + waited(ctx, ks) +
           ": timeout waiting for: " + pending_text(verdict, false);
  } else {
    return;
  }
  for (const auto& [object, health] : verdict.pending)
    log_object(ctx, event::Type::health_observed, object, id, ks,
               Value::object(
                   {{"status", health}, {"message", live_of(ctx, ks)[object].health_message}}));
  stop_waiting(ctx, id, ks);
  StatusEditor status(ks, ctx.now);
  status.set("Healthy", "False", "HealthCheckFailed", text);
  fail(ctx, id, ks, {Code::timeout, "HealthCheckFailed", text, false});
}

void check_stage_wait(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  if (ks.phase != Phase::stage_wait) return;
  const ObjectSet ids(ks.stage_waiting.begin(), ks.stage_waiting.end());
  const Verdict verdict = judge(ctx, ks, ids);
  const bool late =
      ctx.now >=
      ks.wait_started +
          std::chrono::duration_cast<std::chrono::microseconds>(ctx.options.stage_wait_max).count();
  if (!verdict.pending.empty() && !verdict.failed && !late) return;
  stop_waiting(ctx, id, ks);
  ctx.schedule(id, ks, 0);
  if (!verdict.pending.empty()) {
    const std::string text =
        verdict.failed ? "failed early due to stalled resources: " + pending_text(verdict, true)
                       : "timeout waiting for: " + pending_text(verdict, false);
    return fail(ctx, id, ks, {Code::timeout, "ReconciliationFailed", text, false});
  }
  ++ks.stage;
  next_stage(ctx, id, ks);
}

void stop_waiting(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  const auto forget = [&](const ObjectId& object) {
    const auto found = ctx.state.waiters.find(object);
    if (found == ctx.state.waiters.end()) return;
    found->second.erase(id);
    if (found->second.empty()) ctx.state.waiters.erase(found);
  };
  for (const ObjectId& object : ks.waiting) forget(object);
  for (const ObjectId& object : ks.stage_waiting) forget(object);
  ks.waiting.clear();
  ks.stage_waiting.clear();
}

}  // namespace weir::reconcile
