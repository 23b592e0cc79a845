#include <algorithm>

#include "engine/base/duration.hh"
#include "engine/model/kinds/bucket.hh"
#include "engine/model/kinds/helm_chart.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/helm_facts.hh"
#include "engine/reconcile/helm_flow.hh"
#include "engine/reconcile/helm_history.hh"
#include "engine/reconcile/helm_post_render.hh"
#include "engine/reconcile/status.hh"
#include "engine/value/json.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view terminal_prefix =
    "Reconciliation failed terminally due to configuration error: ";
constexpr base::TimeUs poll_shortest = 200'000, poll_longest = 2'000'000;
constexpr base::TimeUs poll_watched = 5'000'000;

void decode(HelmReleaseState& hr, const model::HelmDefaults& defaults) {
  hr.spec_error.clear();
  hr.cel_error.clear();
  hr.ready_programs.clear();
  hr.health_rules.clear();
  auto decoded = model::decode_helm_release(hr.object, defaults);
  if (!decoded.ok()) {
    hr.spec_error = decoded.error().message;
    return;
  }
  hr.spec = std::make_shared<const model::HelmReleaseSpec>(*std::move(decoded));
  auto rules = apply::compile_health_rules(hr.spec->health_check_exprs);
  if (!rules.ok()) {
    hr.cel_error = rules.error().message;
    return;
  }
  if (!hr.spec->legacy_wait) hr.health_rules = *std::move(rules);  // H8.6
  hr.ready_programs = compile_ready_programs(hr.spec->depends_on);
}

// The HelmChart that the spec's template makes.
ObjectId chart_id(const ObjectId& id, const model::HelmReleaseSpec& spec) {
  return {model::helm_chart_gvk, spec.chart_source.ns, id.ns + "-" + id.name};
}

ObjectId source_id(const ObjectId& id, const model::HelmReleaseSpec& spec) {
  return spec.chart ? chart_id(id, spec) : spec.chart_ref;
}

Value chart_manifest(const ObjectId& id, const HelmReleaseState& hr) {
  const model::ChartTemplate& chart = *hr.spec->chart;
  Value metadata =
      Value::object({{"name", id.ns + "-" + id.name}, {"namespace", hr.spec->chart_source.ns}});
  Value labels = chart.labels.is_object() ? chart.labels : Value::object();
  labels.set(helm_name_label, id.name);
  labels.set(helm_namespace_label, id.ns);
  metadata.set("labels", std::move(labels));
  if (chart.annotations.is_object()) metadata.set("annotations", chart.annotations);
  Value spec = Value::object();
  for (const std::string_view name :
       {"chart", "ignoreMissingValuesFiles", "interval", "reconcileStrategy", "sourceRef",
        "valuesFiles", "verify", "version"})
    if (!chart.spec[name].is_null()) spec.set(name, chart.spec[name]);
  const auto own = base::parse_duration(spec["interval"].get_string());
  spec.set("interval", base::format_duration(own.ok() ? *own : hr.spec->interval));
  Value& source = spec.entry("sourceRef");
  source.erase("namespace");
  return Value::object({{"apiVersion", model::helm_chart_gvk.api_version()},
                        {"kind", model::helm_chart_gvk.kind},
                        {"metadata", std::move(metadata)},
                        {"spec", std::move(spec)}});
}

// True when the HelmChart stands as it is wanted: every member of `wanted` is there.
bool covers(const Value& live, const Value& wanted) {
  if (!wanted.is_object()) return live == wanted;
  return std::all_of(wanted.members().begin(), wanted.members().end(), [&](const auto& member) {
    return live.contains(member.name()) && covers(live[member.name()], member.value);
  });
}

std::optional<StepError> check_configuration(const Context& ctx, const ObjectId& id,
                                             const HelmReleaseState& hr) {
  if (!hr.spec_error.empty()) return StepError{Code::invalid, "InvalidSpec", hr.spec_error, true};
  if (!hr.spec->unsupported.empty())
    return StepError{Code::unsupported, "UnsupportedField",
                     hr.spec->unsupported + " is not supported by this version of weir", true};
  const ObjectId& source = hr.spec->chart ? hr.spec->chart_source : hr.spec->chart_ref;
  if (!ctx.options.no_cross_namespace_refs || source.ns == id.ns) return std::nullopt;
  return StepError{Code::forbidden, "AccessDenied",
                   "cross-namespace references are not allowed: cannot access " + source.gvk.kind +
                       " " + source.ns + "/" + source.name,
                   true};
}

// An expression that is none: the event has its error alone.
void fail_cel(Context& ctx, const ObjectId& id, HelmReleaseState& hr, const std::string& error) {
  ctx.emit(id, hr, "Warning", "InvalidCELExpression", error, {});
  fail_helm(ctx, id, hr,
            {Code::invalid, "InvalidCELExpression", std::string(terminal_prefix) + error, true},
            false);
}

// The first dependency that is not ready, in words; "" when all are. `cel_error`: its readyExpr is
// none.
std::string unready_dependency(const Context& ctx, const HelmReleaseState& hr,
                               std::string& cel_error) {
  for (std::size_t i = 0; i < hr.spec->depends_on.size(); ++i) {
    const auto& dependency = hr.spec->depends_on[i];
    const std::string name = "'" + dependency.ns + "/" + dependency.name + "'";
    const auto found = ctx.state.helm_releases.find(
        ObjectId{model::helm_release_gvk, dependency.ns, dependency.name});
    if (found == ctx.state.helm_releases.end() || found->second.object.is_null())
      return "unable to get " + name + " dependency: helmreleases.helm.toolkit.fluxcd.io \"" +
             dependency.name + "\" not found";
    const HelmReleaseState& dep = found->second;
    if (!dependency.ready_expr.empty()) {
      Value self = hr.object, other = dep.object;
      self.set("status", hr.status);
      other.set("status", dep.status);
      cel_error = hr.ready_programs[i].error;
      if (!cel_error.empty()) return cel_error;
      const auto ready = is_ready_by(hr.ready_programs[i], self, other);
      if (!ready.ok()) return ready.error().message;
      if (!*ready) return "dependency " + name + " is not ready according to readyExpr eval";
      if (!ctx.options.additive_ready_expr) continue;
    }
    if (dep.status["observedGeneration"].get_int(-1) != dep.generation() || !is_ready(dep.status))
      return "dependency " + name + " is not ready";
  }
  return {};
}

// Why the source cannot be used yet; "" when it can.
std::string unready_source(const ObjectId& id, const SourceState& source) {
  const Value& status = source.status.is_null() ? source.object["status"] : source.status;
  const std::string no_artifact = source.artifact.empty() ? "does not have an artifact" : "";
  // Who made an ExternalArtifact says no more of it than that it is there.
  if (id.gvk.kind == model::external_artifact_gvk.kind) return no_artifact;
  if (status["observedGeneration"].get_int(-1) != source.generation()) {
    if (condition_text(status, "Ready", "status") == "False")
      return std::string(condition_text(status, "Ready", "message"));
    return "latest generation of object has not been reconciled";
  }
  if (condition_text(status, "Stalled", "status") == "True")
    return std::string(condition_text(status, "Stalled", "message"));
  return no_artifact;
}

void take_requests(HelmReleaseState& hr) {
  const Value& annotations = hr.object.path("metadata", "annotations");
  const std::string_view requested = hr.requested_at();
  const bool fresh = !requested.empty() && requested != hr.handled_request;
  const auto take = [&](std::string_view annotation, std::string_view field) {
    const std::string_view token = annotations[annotation].get_string();
    if (token.empty() || token == hr.status[field].get_string()) return false;
    hr.status.set(field, token);
    return fresh && token == requested;
  };
  hr.forced = take("reconcile.fluxcd.io/forceAt", "lastHandledForceAt") || hr.forced;
  hr.reset = take("reconcile.fluxcd.io/resetAt", "lastHandledResetAt") || hr.reset;
}

// The source's first fetch is under way and asks for the next pass.
void await_source(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  hr.running = false;
  hr.phase = HelmPhase::idle;
  ctx.schedule(id, hr, ctx.after(ctx.options.requeue_dependency));
}

// False when the pass has ended here: the source is not there, or not ready.
bool is_source_ready(Context& ctx, const ObjectId& id, HelmReleaseState& hr, const ObjectId& source,
                     const SourceState* state) {
  const std::string name = source.gvk.kind + " '" + source.ns + "/" + source.name + "'";
  // A HelmChart that was just made is told of by its watch.
  const bool coming = state == nullptr ? hr.spec->chart.has_value()
                                       : state->artifact.empty() && state->running &&
                                             state->failure_logged.empty();
  if (coming) {
    await_source(ctx, id, hr);
    return false;
  }
  if (state == nullptr) {
    fail_helm(ctx, id, hr,
              {Code::not_found, "ArtifactFailed",
               "could not get Source object: " + source.gvk.kind + "." + source.gvk.group + " \"" +
                   source.name + "\" not found",
               false},
              false);
    return false;
  }
  const std::string why = unready_source(source, *state);
  if (why.empty()) return true;
  fail_helm(ctx, id, hr,
            {Code::unavailable, "SourceNotReady", name + " is not ready: " + why, false}, false,
            ctx.after_jittered(id, hr, ctx.options.requeue_dependency));
  return false;
}

void prepare(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  const ObjectId source = source_id(id, *hr.spec);
  const auto found = ctx.state.sources.find(source);
  const bool known = found != ctx.state.sources.end() && !found->second.object.is_null();
  // A rollback does not ask whether the source is well.
  if (!hr.pin && !is_source_ready(ctx, id, hr, source, known ? &found->second : nullptr)) return;
  hr.artifact = known ? found->second.artifact : Artifact();
  PrepareHelm command;
  command.spec = hr.spec;
  command.artifact = hr.artifact;
  const bool by_digest =
      source.gvk.kind == "OCIRepository" || (source.gvk.kind == "ExternalArtifact" &&
                                             hr.artifact.revision.find(':') != std::string::npos);
  command.by_digest = by_digest;
  command.as = helm_identity_of(ctx, id, hr);
  if (hr.pin) command.recorded = hr.pin->release_blob;
  hr.phase = HelmPhase::preparing;
  ctx.command(id, hr, std::move(command));
}

// Dependencies, then the source; both must be there before anything is read.
void check_prerequisites(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  std::string cel_error;
  if (const std::string unready = unready_dependency(ctx, hr, cel_error); !unready.empty()) {
    if (!cel_error.empty()) return fail_cel(ctx, id, hr, cel_error);
    const bool news = condition_text(hr.status, "Ready", "message") != unready;
    fail_helm(ctx, id, hr, {Code::unavailable, "DependencyNotReady", unready, false}, false,
              ctx.after(ctx.options.requeue_dependency));
    if (news) ctx.emit(id, hr, "Normal", "DependencyNotReady", unready, {});
    return;
  }
  prepare(ctx, id, hr);
}

// The HelmChart that the status names, when it is no longer the wanted one.
ObjectId outdated_chart(const ObjectId& id, const HelmReleaseState& hr) {
  const std::string before(hr.status["helmChart"].get_string());
  const std::size_t slash = before.find('/');
  if (slash == std::string::npos) return {};
  const ObjectId old{model::helm_chart_gvk, before.substr(0, slash), before.substr(slash + 1)};
  if (hr.spec->chart && model::same_object(old, chart_id(id, *hr.spec))) return {};
  return old;
}

void sync_chart(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  ApplyHelmChart command;
  command.remove = outdated_chart(id, hr);
  if (hr.spec->chart) {
    Value manifest = chart_manifest(id, hr);
    const auto found = ctx.state.sources.find(chart_id(id, *hr.spec));
    command.exists = found != ctx.state.sources.end() && !found->second.object.is_null();
    if (!command.exists && !ctx.state.watches[watch_key(model::helm_chart_gvk)].synced) {
      hr.await_sync = true;
      return await_source(ctx, id, hr);
    }
    const bool stands = command.exists && covers(found->second.object, manifest);
    if (!stands) command.manifest = std::move(manifest);
  }
  if (command.manifest.is_null() && command.remove.empty()) {
    if (hr.spec->chart)
      hr.status.set("helmChart", hr.spec->chart_source.ns + "/" + id.ns + "-" + id.name);
    return check_prerequisites(ctx, id, hr);
  }
  hr.phase = HelmPhase::chart;
  ctx.command(id, hr, std::move(command));
}

void tell_chart_deleted(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  ctx.emit(id, hr, "Trace", "HelmChartDeleted",
           "deleted HelmChart '" + std::string(hr.status["helmChart"].get_string()) + "'", {});
}

void on_chart_applied(Context& ctx, const ObjectId& id, HelmReleaseState& hr,
                      const HelmChartApplied& applied) {
  if (applied.removed) tell_chart_deleted(ctx, id, hr);
  if (!hr.spec->chart) {
    hr.status.erase("helmChart");
    return check_prerequisites(ctx, id, hr);
  }
  const ObjectId chart = chart_id(id, *hr.spec);
  hr.status.set("helmChart", chart.ns + "/" + chart.name);
  if (applied.action != Action::unchanged) {
    const bool created = applied.action == Action::created;
    std::string text = created ? "Created " : "Configured ";
    text += chart.subject() + " with SourceRef '" + hr.spec->chart_source.subject() + "'";
    ctx.emit(id, hr, "Trace", created ? "HelmChartCreated" : "HelmChartConfigured", text, {});
    // What its artifact is made of is another chart than the one that is wanted.
    const auto known = ctx.state.sources.find(chart);
    if (!created && known != ctx.state.sources.end() &&
        !covers(known->second.object["spec"], chart_manifest(id, hr)["spec"]))
      return fail_helm(ctx, id, hr,
                       {Code::unavailable, "SourceNotReady",
                        "HelmChart '" + chart.ns + "/" + chart.name +
                            "' is not ready: latest generation of object has not been reconciled",
                        false},
                       false, ctx.after_jittered(id, hr, ctx.options.requeue_dependency));
  }
  check_prerequisites(ctx, id, hr);
}

void run(Context& ctx, const ObjectId& id, HelmReleaseState& hr, std::string reason) {
  if (hr.deleting()) return begin_helm_finalize(ctx, id, hr);
  ctx.begin(id, hr, std::move(reason));
  if (!hr.has_finalizer()) {
    hr.phase = HelmPhase::finalizer;
    ctx.command(id, hr, WriteFinalizer{true, hr.object});
    return;
  }
  StatusEditor status(hr, ctx.now);
  if (hr.spec != nullptr && hr.spec->suspend && hr.spec_error.empty()) {
    // Of what was suspended before anything was done with it nothing is known.
    if (hr.status["conditions"].empty() && hr.request_taken.empty()) {
      hr.running = false;
      return ctx.schedule(id, hr, 0);
    }
    status.handle_request(hr.request_taken);
    hr.handled_request = hr.request_taken;
    status.observe_generation();
    settle_helm(ctx, id, hr, 0);
    return;
  }
  hr.done.clear();
  hr.drift = DriftFinding::unknown;
  hr.run = nullptr;
  hr.drift_run = nullptr;
  if (!hr.cel_error.empty()) return fail_cel(ctx, id, hr, hr.cel_error);
  if (const auto error = check_configuration(ctx, id, hr))
    return fail_helm(ctx, id, hr, *error, true);
  take_requests(hr);
  const bool shown = hr.reason == "spec" || hr.reason == "requested";
  if (shown) {
    status.set("Reconciling", "True", "Progressing", "Fulfilling prerequisites");
    ctx.write_status(id, hr);
  }
  sync_chart(ctx, id, hr);
}

void finish_pending(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  if (hr.running) return;
  const bool requested = !hr.requested_at().empty() && hr.requested_at() != hr.handled_request;
  if (hr.rerun.empty() && !requested) return;
  run(ctx, id, hr, hr.rerun.empty() ? "requested" : std::string(hr.rerun));
}

}  // namespace

Identity helm_identity_of(const Context& ctx, const ObjectId& id, const HelmReleaseState& hr) {
  const std::string& account = hr.spec == nullptr || hr.spec->service_account.empty()
                                   ? ctx.options.default_service_account
                                   : hr.spec->service_account;
  if (account.empty()) return {};
  return {"system:serviceaccount:" + id.ns + ":" + account};
}

std::string attempted_identity(const HelmReleaseState& hr) {
  DesiredRelease last;
  last.chart_version = hr.status["lastAttemptedRevision"].get_string();
  last.config_digest = hr.status["lastAttemptedConfigDigest"].get_string();
  if (hr.spec != nullptr) {
    last.post_renderers_digest = helm::post_renderers_digest(hr.spec->post_renderers);
    last.common_metadata_digest = helm::common_metadata_digest(hr.spec->common_metadata);
  }
  return last.identity();
}

std::string helm_pin_note(const HelmReleaseState& hr) {
  if (!hr.pin) return {};
  return " (pinned by " + hr.pin->actor + " to event " + std::to_string(hr.pin->to_seq) +
         (hr.pin->hold ? ", until unpinned)" : ", until a newer revision)");
}

std::string helm_cluster_name(const ObjectId& id, const HelmReleaseState& hr) {
  if (hr.spec == nullptr || !hr.spec->kube_config) return {};
  return hr.spec->kube_config->cluster(id.ns);
}

ObjectId helm_owner_of(const Value& object) {
  const Value& labels = object.path("metadata", "labels");
  const std::string_view name = labels[helm_name_label].get_string();
  if (name.empty()) return {};
  return {model::helm_release_gvk, std::string(labels[helm_namespace_label].get_string()),
          std::string(name)};
}

void request_helm_release(Context& ctx, const ObjectId& id, HelmReleaseState& hr,
                          std::string reason) {
  if (hr.object.is_null()) return;
  if (!hr.running) return run(ctx, id, hr, std::move(reason));
  const bool news = reason == "spec" || reason == "source" || reason == "deleted" ||
                    reason == "rollback" || reason == "unpin";
  if (news && hr.run_waits && hr.run->wait == HelmWait::ready) {
    const ObjectId& by = reason == "source" ? source_id(id, *hr.spec) : id;
    hr.run->cancelled = "reconciliation triggered by " + by.subject();
    hr.rerun = std::move(reason);
    return send_helm_run(ctx, id, hr, false);
  }
  hr.rerun = std::move(reason);
}

void wake_synced_releases(Context& ctx) {
  for (auto& [id, hr] : ctx.state.helm_releases)
    if (std::exchange(hr.await_sync, false)) request_helm_release(ctx, id, hr, hr.reason);
}

void request_helm_consumers(Context& ctx, const ObjectId& source) {
  const auto found = ctx.state.sources.find(source);
  for (auto& [id, hr] : ctx.state.helm_releases) {
    if (hr.object.is_null() || hr.spec == nullptr) continue;
    if (!model::same_object(source_id(id, *hr.spec), source)) continue;
    const bool known = found != ctx.state.sources.end() && !hr.artifact.empty() &&
                       hr.artifact.digest == found->second.artifact.digest &&
                       hr.artifact.revision == found->second.artifact.revision;
    if (known && (hr.running || is_ready(hr.status))) continue;
    request_helm_release(ctx, id, hr, "source");
  }
}

void request_helm_dependents(Context& ctx, const ObjectId& ready) {
  for (auto& [id, hr] : ctx.state.helm_releases) {
    if (hr.object.is_null() || hr.running || hr.spec == nullptr) continue;
    if (condition_text(hr.status, "Ready", "reason") != "DependencyNotReady") continue;
    const bool depends = std::any_of(
        hr.spec->depends_on.begin(), hr.spec->depends_on.end(),
        [&](const auto& item) { return item.ns == ready.ns && item.name == ready.name; });
    if (depends) request_helm_release(ctx, id, hr, "dependency");
  }
}

void observe_helm_release(Context& ctx, const ObjectId& id, bool deleted, const Value& object) {
  if (deleted) {
    const auto found = ctx.state.helm_releases.find(id);
    if (found == ctx.state.helm_releases.end()) return;
    stop_helm_waiting(ctx, id, found->second);
    ctx.log(event::Type::spec_deleted, id, &found->second, id, Value());
    ctx.schedule(id, found->second, 0);
    ctx.metrics.forget(id);
    ctx.state.helm_releases.erase(found);
    return;
  }
  HelmReleaseState& hr = ctx.state.helm_releases[id];
  const bool first = hr.object.is_null();
  const bool was_deleting = hr.deleting();
  hr.object = object;
  if (first) {
    hr.status = object["status"];
    hr.inventory = read_inventory(hr.status);
    hr.handled_request = hr.status["lastHandledReconcileAt"].get_string();
  }
  const bool changed = hr.generation() != hr.last_generation;
  if (changed) {
    hr.last_generation = hr.generation();
    decode(hr, ctx.options.helm_defaults);
  }
  log_spec(ctx, id, hr);
  const bool requested = !hr.requested_at().empty() && hr.requested_at() != hr.handled_request &&
                         hr.requested_at() != hr.request_taken;
  if (first) return request_helm_release(ctx, id, hr, "start");
  // A deletion that failed waits for its next try: our own words about it come by here too.
  if (hr.deleting() && !was_deleting) return request_helm_release(ctx, id, hr, "deleted");
  if (changed) return request_helm_release(ctx, id, hr, "spec");
  if (requested) request_helm_release(ctx, id, hr, "requested");
}

void helm_release_outcome(Context& ctx, const ObjectId& id, HelmReleaseState& hr,
                          const Outcome& outcome) {
  if (const auto* written = std::get_if<StatusWritten>(&outcome.body)) {
    if (!written->object.is_null()) hr.object = written->object;
    if (hr.phase == HelmPhase::finalizing)
      return;  // the finalizer is gone; the watch says the rest
    hr.running = false;
    return run(ctx, id, hr, hr.reason);
  }
  if (const auto* error = std::get_if<StepError>(&outcome.body)) {
    const bool told = error->reason == "ValuesError";
    constexpr std::string_view unloadable = "Could not load chart: ";
    if (error->message.starts_with(unloadable))
      ctx.emit(id, hr, "Warning", error->reason, error->message.substr(unloadable.size()), {});
    if (error->reason == "HelmChartSyncErr")
      ctx.emit(id, hr, "Trace", error->reason, error->message, {});
    if (hr.phase == HelmPhase::finalizing) {
      log_failure(ctx, id, hr, "finalize", *error);
      settle_helm(ctx, id, hr, ctx.after_backoff(hr));
    } else {
      const bool absent = error->reason == "ArtifactFailed" && error->code == Code::not_found;
      fail_helm(ctx, id, hr, *error, told, absent ? ctx.after(ctx.options.requeue_dependency) : 0);
    }
  } else if (const auto* chart = std::get_if<HelmChartApplied>(&outcome.body)) {
    if (hr.phase == HelmPhase::finalizing) {
      if (chart->removed) tell_chart_deleted(ctx, id, hr);
      ctx.command(id, hr, WriteFinalizer{false, hr.object});
      return;
    }
    on_chart_applied(ctx, id, hr, *chart);
  } else if (const auto* prepared = std::get_if<HelmPrepared>(&outcome.body)) {
    on_helm_prepared(ctx, id, hr, *prepared);
  } else if (const auto* ran = std::get_if<HelmRan>(&outcome.body)) {
    if (hr.run != nullptr && ran->run != hr.run) take_outcome(*hr.run, *ran->run);  // a replay's
    on_helm_ran(ctx, id, hr);
  }
  finish_pending(ctx, id, hr);
}

void helm_release_due(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  if (hr.run_waits) return send_helm_run(ctx, id, hr, false);
  if (hr.running) return;
  run(ctx, id, hr, is_ready(hr.status) ? "interval" : "retry");
}

void check_helm_wait(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  if (!hr.run_waits || hr.run == nullptr) return;
  bool all = true, failed = false;
  for (const ObjectId& object : hr.waiting) {
    const auto found = ctx.state.live.find(object);
    const bool there = found != ctx.state.live.end() && found->second.exists;
    failed = failed || (there && found->second.health == "Failed");
    const bool over = hr.run->wait == HelmWait::gone
                          ? found == ctx.state.live.end() || !found->second.exists
                          : there && found->second.health == "Current";
    all = all && over;
  }
  if (all || failed) send_helm_run(ctx, id, hr, true);
}

void notice_helm_drift(Context& ctx, const ObjectId& object, const ObjectId& owner) {
  const auto found = ctx.state.helm_releases.find(owner);
  if (found == ctx.state.helm_releases.end() || found->second.object.is_null()) return;
  HelmReleaseState& hr = found->second;
  if (hr.running || hr.spec == nullptr || hr.spec->suspend || hr.deleting()) return;
  if (hr.spec->drift == model::DriftMode::disabled) return;
  const LiveFacts& facts = ctx.state.live[object];
  if (facts.applied_manifest.empty() || facts.verified(facts.applied_manifest)) return;
  const bool own = std::any_of(hr.inventory.begin(), hr.inventory.end(), [&](const ObjectId& item) {
    return model::same_object(item, object);
  });
  if (!own) return;
  Value data = Value::object({{"resourceVersion", facts.resource_version}});
  if (!facts.exists) data.set("deleted", true);
  ctx.log_root(event::Type::drift_detected, object, hr, owner, std::move(data));
  ctx.metrics.count("drifts", "");
  // Two parties that undo each other must not spin.
  const base::TimeUs calm = hr.drift_corrected + 60'000'000;
  hr.drift_retries = ctx.now < calm ? hr.drift_retries + 1 : 0;
  hr.drift_corrected = ctx.now;
  if (hr.drift_retries < 3) return request_helm_release(ctx, owner, hr, "drift");
  const int shift = std::min(hr.drift_retries - 3, 8);
  ctx.schedule(owner, hr, ctx.now + (std::int64_t{1'000'000} << shift));
}

void stop_helm_waiting(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  for (const ObjectId& object : hr.waiting) {
    const auto found = ctx.state.waiters.find(object);
    if (found == ctx.state.waiters.end()) continue;
    found->second.erase(id);
    if (found->second.empty()) ctx.state.waiters.erase(found);
  }
  hr.waiting.clear();
}

// Sends the run on; while it waits, what the watches know of the objects goes with it.
void send_helm_run(Context& ctx, const ObjectId& id, HelmReleaseState& hr, bool trust_watches) {
  RunHelm command;
  command.run = hr.run;
  const bool begins = hr.run->step == 0 && hr.run->cluster_name.empty();
  if (begins)
    for (const ObjectId& object : hr.inventory) {
      const auto found = ctx.state.live.find(object);
      if (found != ctx.state.live.end()) command.known.insert(*found);
    }
  if (trust_watches)
    for (const ObjectId& object : hr.waiting) {
      const auto found = ctx.state.live.find(object);
      if (found != ctx.state.live.end()) command.known.insert(*found);
    }
  stop_helm_waiting(ctx, id, hr);
  ctx.schedule(id, hr, 0);
  hr.run_waits = false;
  ctx.command(id, hr, std::move(command));
}

base::TimeUs helm_poll_due(const Context& ctx, const HelmReleaseState& hr) {
  const HelmRun& run = *hr.run;
  base::TimeUs delay = poll_watched;
  if (run.wait != HelmWait::ready || !run.cluster_name.empty()) {
    delay = poll_shortest << std::min(run.polls, 4);
    delay = std::min(delay, poll_longest);
  }
  const base::TimeUs due = ctx.now + delay;
  return run.deadline == 0 ? due : std::min(due, std::max(run.deadline, ctx.now + 1'000));
}

}  // namespace weir::reconcile
