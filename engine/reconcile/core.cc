#include "engine/reconcile/core.hh"

#include <algorithm>

#include "engine/model/kinds/helm_chart.hh"
#include "engine/reconcile/durable_state.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/helm_flow.hh"
#include "engine/reconcile/input_codec.hh"
#include "engine/reconcile/recording.hh"
#include "engine/reconcile/status.hh"

namespace weir::reconcile {
namespace {

constexpr int status_attempts_max = 5;

bool is_kustomization(const ObjectId& id) {
  return id.gvk.group == model::kustomization_gvk.group && id.gvk.kind == "Kustomization";
}

bool is_helm_release(const ObjectId& id) { return id.gvk.group == model::helm_release_gvk.group; }

bool is_source(const ObjectId& id) { return id.gvk.group == model::source_group; }

OwnerState* find_owner(State& state, const ObjectId& id) {
  if (is_kustomization(id)) {
    const auto found = state.kustomizations.find(id);
    return found == state.kustomizations.end() ? nullptr : &found->second;
  }
  if (is_helm_release(id)) {
    const auto found = state.helm_releases.find(id);
    return found == state.helm_releases.end() ? nullptr : &found->second;
  }
  const auto found = state.sources.find(id);
  return found == state.sources.end() ? nullptr : &found->second;
}

template <typename Body>
bool came_from(const Outcome& outcome) {
  return outcome.command == CommandBody(Body{}).index();
}

// The answer to a status write: what was asked for meanwhile is written next.
void status_outcome(Context& ctx, const ObjectId& id, OwnerState& owner, const Outcome& outcome) {
  owner.status_in_flight = false;
  if (const auto* error = std::get_if<StepError>(&outcome.body)) {
    owner.status_written = base::Digest{};
    if (error->code == Code::not_found || ++owner.status_failures >= status_attempts_max) return;
    return ctx.write_status(id, owner);
  }
  owner.status_failures = 0;
  if (owner.status_dirty) ctx.write_status(id, owner);
}

// The source may be gone already: its whole folder goes with it.
void log_collected(Context& ctx, const Outcome& outcome) {
  const auto* collected = std::get_if<ArtifactsCollected>(&outcome.body);
  if (collected == nullptr || collected->removed.empty()) return;
  Value removed = Value::array();
  for (const std::string& path : collected->removed) removed.push_back(path);
  ctx.log(event::Type::garbage_collected, outcome.owner, nullptr, outcome.owner,
          Value::object({{"what", "artifacts"}, {"removed", std::move(removed)}}));
  ctx.out.events.back().cause = outcome.cause;
}

// The owner may have let go of the object meanwhile; what it was is a fact all the same.
void log_kept(Context& ctx, const Outcome& outcome) {
  const auto* kept = std::get_if<LiveKept>(&outcome.body);
  if (kept == nullptr) return;
  Value data = Value::object({{"status", kept->health},
                              {"message", kept->message},
                              {"resourceVersion", kept->resource_version}});
  ctx.log(event::Type::health_observed, kept->id, nullptr, outcome.owner, std::move(data),
          {kept->blob});
  ctx.out.events.back().cause = outcome.cause;
}

constexpr std::int64_t heartbeat_interval = 60'000'000;

// One event a minute at the most says how many owners were found unchanged; nothing else records
// that.
void heartbeat(Context& ctx) {
  State& state = ctx.state;
  if (state.verified == 0 || ctx.now < state.heartbeat_due) return;
  ctx.log(event::Type::heartbeat, {}, nullptr, {}, Value::object({{"verified", state.verified}}));
  state.verified = 0;
  state.heartbeat_due = ctx.now + heartbeat_interval;
}

// Kustomizations that waited for the first lists of the kinds they own.
void wake_synced(Context& ctx) {
  for (auto& [id, ks] : ctx.state.kustomizations)
    if (ks.await_sync && watches_synced(ctx, ks.inventory)) {
      ks.await_sync = false;
      request_kustomization(ctx, id, ks, "start");
    }
}

}  // namespace

Core::Core(EngineOptions options, Metrics& metrics)
    : options_(std::move(options)), metrics_(metrics) {
  for (const WatchOptions& watch : own_watches(options_))
    state_.watches[watch_key(watch)] = {watch, false};
}

std::vector<WatchOptions> Core::own_watches(const EngineOptions& options) {
  std::vector<WatchOptions> watches;
  for (const model::KindDeclaration& kind : model::declared_kinds())
    if (kind.gvk.group == model::source_group || kind.gvk.kind == "Kustomization" ||
        kind.gvk.kind == "HelmRelease")
      watches.push_back({kind.gvk, options.watch_namespace, "", ""});
  for (WatchOptions& watch : config_watches(options)) watches.push_back(std::move(watch));
  return watches;
}

Result<void> Core::restore(const LogPort& log, std::uint64_t head, Delivery& delivery) {
  return fold_log(log, head, state_, delivery);
}

void Core::begin_record(base::TimeUs now, Effects& out) {
  recording_ = true;
  RecordEntry entry;
  entry.kind = RecordEntry::Kind::begin_all;
  entry.now = now;
  entry.head = state_.head;
  entry.payload = encode_options(options_);
  entry.build = WEIR_VERSION;
  append_entry(out.record, entry);
}

// Before the step: it takes from what it is told.
std::string Core::payload_of(const Input& input) {
  const auto* result = std::get_if<Outcome>(&input);
  const OwnerState* owner = result == nullptr ? nullptr : find_owner(state_, result->owner);
  return encode_input(input, options_, owner == nullptr ? Value() : owner->status, clients_);
}

void Core::record(std::string payload, base::TimeUs now, const Before& before, Effects& out) const {
  RecordEntry entry;
  entry.now = now;
  entry.head = before.head + before.events;
  entry.payload = std::move(payload);
  entry.events = out.events.size() - before.events;
  entry.decisions = decisions_since(out, before.commands, before.watches);
  append_entry(out.record, entry);
}

void Core::step(const Input& input, base::TimeUs now, Effects& out) {
  const Before before = this->before(out);
  std::string told = recording_ ? payload_of(input) : std::string();
  Context ctx = context(now, out);
  if (const auto* seen = std::get_if<Observed>(&input)) {
    observed(ctx, *seen);
  } else if (const auto* result = std::get_if<Outcome>(&input)) {
    outcome(ctx, *result);
  } else if (const auto* action = std::get_if<OperatorAction>(&input)) {
    acted(ctx, *action);
  } else {
    const auto& fact = std::get<StoreFact>(input);
    ctx.log(fact.type, {}, nullptr, {}, fact.data);
  }
  if (!state_.pruners.empty()) wake_pruners(ctx);
  if (recording_) record(std::move(told), now, before, out);
}

void Core::observed(Context& ctx, const Observed& seen) {
  const WatchEvent& event = seen.event;
  const bool remote = seen.key.starts_with('@');
  // A watch that has been closed may have told something before.
  if (remote && !state_.watches.contains(seen.key)) return;
  WatchState& watch = state_.watches[seen.key];
  if (event.type == WatchType::synced) {
    watch.synced = true;
    if (remote) return;
    wake_synced(ctx);
    if (seen.key == watch_key(model::kustomization_gvk))
      resume_undos(ctx);
    if (seen.key == watch_key(model::helm_chart_gvk)) wake_synced_releases(ctx);
    return;
  }
  if (event.type == WatchType::failed) {
    metrics_.count("watch_failures", event.error.reason);
    if (remote) watch.synced = false;  // what changes there is unseen
    return;
  }
  const ObjectId id = ObjectId::of(event.object);
  const bool deleted = event.type == WatchType::deleted;
  if (remote) return observe_remote(ctx, watch.cluster, event.object, deleted);
  if (is_config_watch(seen.key)) return observe_config(ctx, seen.key, event.object, deleted);
  if (is_kustomization(id)) {
    observe_kustomization(ctx, id, deleted, event.object);
  } else if (is_helm_release(id)) {
    observe_helm_release(ctx, id, deleted, event.object);
  } else if (is_source(id)) {
    observe_source(ctx, id, deleted, event.object);
  }
  observe_live(ctx, event.object, deleted);
}

void Core::outcome(Context& ctx, const Outcome& result) {
  if (came_from<RestoreObjects>(result) || came_from<RevertCommit>(result))
    return order_carried_out(ctx, result);
  if (came_from<CollectArtifacts>(result)) return log_collected(ctx, result);
  if (came_from<KeepLive>(result)) return log_kept(ctx, result);
  OwnerState* owner = find_owner(state_, result.owner);
  if (owner == nullptr || owner->object.is_null()) return;
  if (came_from<WriteStatus>(result)) return status_outcome(ctx, result.owner, *owner, result);
  if (came_from<EmitEvent>(result)) return;
  if (result.attempt != owner->attempt) return;
  if (is_kustomization(result.owner))
    return kustomization_outcome(ctx, result.owner, state_.kustomizations[result.owner], result);
  if (is_helm_release(result.owner))
    return helm_release_outcome(ctx, result.owner, state_.helm_releases[result.owner], result);
  source_outcome(ctx, result.owner, state_.sources[result.owner], result);
}

void Core::tick(base::TimeUs now, Effects& out) {
  const base::TimeUs due = next_due();
  if (due == 0 || due > now) return;
  const Before before = this->before(out);
  run_due(now, out);
  if (recording_) record({}, now, before, out);
}

void Core::run_due(base::TimeUs now, Effects& out) {
  Context ctx = context(now, out);
  heartbeat(ctx);
  while (!state_.timers.empty() && state_.timers.begin()->first <= now) {
    const ObjectId id = state_.timers.begin()->second;
    state_.timers.erase(state_.timers.begin());
    OwnerState* owner = find_owner(state_, id);
    if (owner == nullptr) continue;
    owner->due = 0;
    if (owner->object.is_null()) continue;
    if (is_kustomization(id)) {
      kustomization_due(ctx, id, state_.kustomizations[id]);
    } else if (is_helm_release(id)) {
      helm_release_due(ctx, id, state_.helm_releases[id]);
    } else {
      run_source(ctx, id, state_.sources[id], "interval");
    }
  }
}

base::TimeUs Core::next_due() const {
  base::TimeUs due = state_.timers.empty() ? 0 : state_.timers.begin()->first;
  // The first heartbeat is due at once; 0 would say that nothing is.
  const base::TimeUs beat = std::max<base::TimeUs>(state_.heartbeat_due, 1);
  if (state_.verified > 0 && (due == 0 || beat < due)) due = beat;
  return due;
}

}  // namespace weir::reconcile
