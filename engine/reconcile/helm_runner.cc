#include "engine/reconcile/helm_runner.hh"

#include <algorithm>

#include "engine/helm/go_yaml.hh"
#include "engine/helm/render.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/helm_render.hh"
#include "engine/reconcile/helm_values.hh"

namespace weir::reconcile {
namespace {

constexpr std::size_t logs_max = 10;
const Gvk namespace_gvk{"", "v1", "Namespace"};

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

bool wants_server_side(model::ApplyMode mode, const std::string& stored_method) {
  if (mode == model::ApplyMode::same) return stored_method == "ssa";
  return mode == model::ApplyMode::server;
}

}  // namespace

std::span<const HelmRunner::Step> HelmRunner::steps_of(HelmActionKind kind) {
  using R = HelmRunner;
  static constexpr Step install[] = {
      &R::begin_install, &R::apply_crds,       &R::await_crds, &R::render,    &R::build_objects,
      &R::check_owners,  &R::create_namespace, &R::store,      &R::pre_hooks, &R::write_objects,
      &R::await_ready,   &R::post_hooks,       &R::settle};
  static constexpr Step upgrade[] = {
      &R::begin_upgrade, &R::apply_crds, &R::await_crds, &R::render,        &R::build_objects,
      &R::check_owners,  &R::store,      &R::pre_hooks,  &R::write_objects, &R::remove_leftovers,
      &R::await_ready,   &R::post_hooks, &R::settle};
  static constexpr Step rollback[] = {&R::begin_rollback, &R::build_objects, &R::store,
                                      &R::pre_hooks,      &R::write_objects, &R::remove_leftovers,
                                      &R::await_ready,    &R::post_hooks,    &R::settle};
  static constexpr Step uninstall[] = {&R::begin_uninstall, &R::pre_hooks,  &R::delete_objects,
                                       &R::await_gone,      &R::post_hooks, &R::settle_uninstall};
  static constexpr Step test[] = {&R::run_tests, &R::settle_tests};
  static constexpr Step release_lock[] = {&R::unlock};
  static constexpr Step look[] = {&R::detect_drift};
  static constexpr Step correct[] = {&R::correct_drift};
  static constexpr Step again[] = {
      &R::resume,           &R::build_objects, &R::pre_hooks,  &R::write_objects,
      &R::remove_leftovers, &R::await_ready,   &R::post_hooks, &R::settle};
  switch (kind) {
    case HelmActionKind::install: return install;
    case HelmActionKind::upgrade: return upgrade;
    case HelmActionKind::rollback: return rollback;
    case HelmActionKind::uninstall: return uninstall;
    case HelmActionKind::test: return test;
    case HelmActionKind::unlock: return release_lock;
    case HelmActionKind::detect_drift: return look;
    case HelmActionKind::correct_drift: return correct;
    case HelmActionKind::none: break;
  }
  return again;
}

void HelmRunner::go() {
  run_.wait = HelmWait::none;
  const auto steps = steps_of(run_.resume ? HelmActionKind::none : run_.kind);
  while (run_.step < steps.size()) {
    auto next = (this->*steps[run_.step])();
    if (!next.ok()) {
      fail(std::move(next).error());
      break;
    }
    if (*next == Next::wait) return;
    ++run_.step;
    run_.polls = 0;
    run_.deadline = 0;
    if (*next == Next::end) break;
  }
  run_.waiting.clear();
  run_.done = true;
}

const model::ActionOptions& HelmRunner::options_of_kind() const {
  switch (run_.kind) {
    case HelmActionKind::install: return run_.spec->install;
    case HelmActionKind::rollback: return run_.spec->rollback;
    case HelmActionKind::uninstall: return run_.spec->uninstall;
    default: return run_.spec->upgrade;
  }
}

base::Duration HelmRunner::timeout() const {
  return run_.kind == HelmActionKind::test ? run_.spec->test.timeout : options_of_kind().timeout;
}

// The former release's values are kept; a recorded release has its own.
bool HelmRunner::keeps_values() const {
  return run_.kind == HelmActionKind::upgrade && options_of_kind().preserve_values &&
         run_.prepared->recorded == nullptr;
}

std::string HelmRunner::now_text() const { return helm::format_go_time(ports_.clock->now()); }

void HelmRunner::log_line(const std::string& text) {
  const std::string line = base::format_rfc3339(ports_.clock->now()) + ": " + text;
  if (!run_.logs.empty() && run_.logs.back().ends_with(text)) return;
  run_.logs.push_back(line);
  if (run_.logs.size() > logs_max) run_.logs.erase(run_.logs.begin());
}

Result<Value> HelmRunner::live_of(const ObjectId& id) {
  auto live = kube_.get(id, run_.as);
  if (live.ok() || live.error().code != Code::not_found) return live;
  return Value();
}

HelmRunner::Next HelmRunner::wait_for(HelmWait wait, std::vector<ObjectId> ids,
                                      base::Duration timeout) {
  run_.wait = wait;
  run_.waiting = std::move(ids);
  if (run_.deadline == 0)
    run_.deadline = ports_.clock->now() +
                    std::chrono::duration_cast<std::chrono::microseconds>(timeout).count();
  ++run_.polls;
  return Next::wait;
}

bool HelmRunner::late() const { return run_.deadline != 0 && ports_.clock->now() >= run_.deadline; }

Result<void> HelmRunner::record(const helm::Release& release) {
  WEIR_CHECK(run_.storage->update(kube_, release, ports_.clock->now()));
  run_.stored = true;
  run_.written.push_back(run_.storage->find(release.version));
  return {};
}

// ---- the release ----

Result<HelmRunner::Next> HelmRunner::begin_install() {
  WEIR_CHECK(helm::check_release_name(run_.spec->release_name));
  const ReleasePtr newest = run_.storage->newest();
  const bool reusable = newest != nullptr && options_of_kind().replace &&
                        (newest->status == "uninstalled" || newest->status == "failed");
  if (newest != nullptr && !reusable)
    return make_error(Code::conflict,
                      "release name check failed: cannot reuse a name that is still in use");
  helm::Release& release = run_.release;
  release.name = run_.spec->release_name;
  release.ns = run_.release_ns;
  release.version = newest == nullptr ? 1 : newest->version + 1;
  release.first_deployed = release.last_deployed = now_text();
  release.config = run_.prepared->values;
  run_.server_side = options_of_kind().apply != model::ApplyMode::client;
  return Next::proceed;
}

Result<HelmRunner::Next> HelmRunner::begin_upgrade() {
  const ReleasePtr newest = run_.storage->newest();
  if (newest == nullptr)
    return make_error(Code::not_found,
                      quoted(run_.spec->release_name) + " has no deployed releases");
  const ReleasePtr current = run_.storage->current();
  run_.before = *current;
  helm::Release& release = run_.release;
  release.name = run_.spec->release_name;
  release.ns = current->ns;
  release.version = newest->version + 1;
  release.first_deployed = current->first_deployed;
  release.last_deployed = now_text();
  release.labels = newest->labels;
  release.config = keeps_values() ? merge_maps(current->config, run_.prepared->values)
                                  : run_.prepared->values;
  run_.server_side = wants_server_side(options_of_kind().apply, newest->apply_method);
  return Next::proceed;
}

Result<HelmRunner::Next> HelmRunner::begin_rollback() {
  const ReleasePtr newest = run_.storage->newest();
  const ReleasePtr target = run_.storage->find(run_.rollback_version);
  if (newest == nullptr || target == nullptr)
    return make_error(Code::not_found,
                      "release has no " + std::to_string(run_.rollback_version) + " version");
  run_.before = *newest;
  helm::Release& release = run_.release;
  release = *target;
  release.ns = newest->ns;
  release.version = newest->version + 1;
  release.first_deployed = newest->first_deployed;
  release.last_deployed = now_text();
  release.deleted.clear();
  release.status = "pending-rollback";
  release.description = "Rollback to " + std::to_string(run_.rollback_version);
  run_.server_side = wants_server_side(options_of_kind().apply, target->apply_method);
  release.apply_method = run_.server_side ? "ssa" : "csa";
  return Next::proceed;
}

// The record was written before the process ended: it says what is to be done.
Result<HelmRunner::Next> HelmRunner::resume() {
  const ReleasePtr newest = run_.storage->newest();
  run_.release = *newest;
  if (const ReleasePtr current = run_.storage->deployed()) run_.before = *current;
  run_.server_side = newest->apply_method == "ssa";
  run_.stored = true;
  run_.written.push_back(newest);
  return Next::proceed;
}

Result<HelmRunner::Next> HelmRunner::render() {
  if (run_.prepared->recorded != nullptr) return take_recorded();
  ReleaseRender input;
  input.kube = &kube_;
  input.as = run_.as;
  WEIR_TRY(input.server_version, run_.cluster != nullptr
                                     ? kube_.server_version()
                                     : version_.get(kube_, ports_.clock->now()));
  input.clock = ports_.clock;
  input.spec = run_.spec.get();
  input.owner = run_.owner;
  input.charts = run_.prepared->charts.get();
  input.values = run_.release.config;
  if (keeps_values()) input.kept = &*run_.before;
  // An install is a first revision to its templates, whatever was there under its name.
  const bool first = run_.kind == HelmActionKind::install;
  input.release = {run_.release.name, run_.release.ns, first ? 1 : run_.release.version,
                   run_.kind == HelmActionKind::upgrade};
  input.skip_schema_validation = options_of_kind().disable_schema_validation;
  input.hosts = ports_.hosts;
  input.schemas = ports_.schemas;
  WEIR_TRY(helm::RenderedChart rendered, render_release(input));
  for (const std::string& warning : rendered.warnings) log_line(warning);
  helm::Release& release = run_.release;
  release.chart = helm::chart_record(rendered.charts.root());
  release.manifest = helm::manifest_text(rendered, false);
  release.notes = rendered.notes;
  for (helm::Hook& hook : rendered.hooks) release.hooks.push_back({std::move(hook), "", "", ""});
  const bool upgrade = run_.kind == HelmActionKind::upgrade;
  release.status = upgrade ? "pending-upgrade" : "pending-install";
  release.description = upgrade ? "Preparing upgrade" : "Initial install underway";
  release.apply_method = run_.server_side ? "ssa" : "csa";
  return Next::proceed;
}

// A rollback: the release of the log, as a revision of its own.
Result<HelmRunner::Next> HelmRunner::take_recorded() {
  const helm::Release& kept = run_.prepared->recorded->release;
  helm::Release& release = run_.release;
  release.chart = kept.chart;
  release.config = kept.config;
  release.manifest = kept.manifest;
  release.notes = kept.notes;
  release.hooks = kept.hooks;
  release.status =
      run_.kind == HelmActionKind::upgrade ? "pending-upgrade" : "pending-install";
  release.description = run_.prepared->rollback_notes;
  release.apply_method = run_.server_side ? "ssa" : "csa";
  return Next::proceed;
}

Result<void> HelmRunner::set_objects(const std::string& manifest) {
  WEIR_TRY(run_.objects, release_objects(kube_, manifest, run_.release_ns));
  for (HelmObject& object : run_.objects)
    mark_owned(object.manifest, run_.release.name, run_.release.ns);
  run_.inventory.clear();
  for (const HelmObject& object : run_.objects)
    if (!object.generated) run_.inventory.push_back(object.id);
  if (run_.prepared != nullptr && run_.prepared->charts != nullptr) {
    WEIR_TRY(const auto crds, chart_crds());
    for (const HelmObject& crd : crds) run_.inventory.push_back(crd.id);
  }
  return {};
}

Result<HelmRunner::Next> HelmRunner::build_objects() {
  auto built = set_objects(run_.release.manifest);
  if (!built.ok())
    return std::move(built).error().with_context(
        "unable to build kubernetes objects from " +
        std::string(run_.kind == HelmActionKind::install ? "" : "new ") + "release manifest");
  if (run_.before) {
    auto previous = release_objects(kube_, run_.before->manifest, run_.before->ns);
    if (!previous.ok())
      return std::move(previous).error().with_context(
          "unable to build kubernetes objects from current release manifest");
    run_.previous = *std::move(previous);
  }
  WEIR_CHECK(note_rendered());
  return Next::proceed;
}

// What the log keeps of the release: the objects as they are applied.
Result<void> HelmRunner::note_rendered() {
  auto set = std::make_shared<RenderedSet>();
  set->revision = run_.release.chart_version();
  set->digest = base::sha256(run_.release.manifest);
  std::vector<RenderedObject> objects;
  for (const HelmObject& object : run_.objects) {
    if (object.generated) continue;
    WEIR_TRY(const auto stored, store_manifest(*ports_.log, object.manifest));
    objects.push_back({object.id, object.manifest, stored.first, stored.second});
  }
  set->stages.push_back(std::move(objects));
  WEIR_TRY(set->set_blob, store_set(*ports_.log, *set));
  const std::string oci = run_.prepared == nullptr ? "" : run_.prepared->desired.oci_digest;
  WEIR_TRY(set->release_blob, store_release(*ports_.log, run_.release, oci));
  run_.rendered = std::move(set);
  return {};
}

Result<HelmRunner::Next> HelmRunner::check_owners() {
  const bool upgrade = run_.kind == HelmActionKind::upgrade;
  const bool owners_count = options_of_kind().disable_take_ownership;
  // What an account may not see is told while nothing is recorded: that is no try that counts.
  const bool may_be_refused = !run_.as.user.empty() || run_.cluster != nullptr;
  if (!owners_count && !may_be_refused) return Next::proceed;
  const std::string_view stopped =
      upgrade ? "unable to continue with update" : "unable to continue with install";
  for (const HelmObject& object : run_.objects) {
    if (object.generated) continue;
    if (upgrade && find_object(run_.previous, object.id) != nullptr) continue;
    auto live = live_of(object.id);
    if (!live.ok())
      return std::move(live)
          .error()
          .with_context("could not get information about the resource " + object.id.gvk.kind + " " +
                        quoted(object.id.name) + " in namespace " + quoted(object.id.ns))
          .with_context(stopped);
    if (live->is_null() || !owners_count) continue;
    auto owned = check_ownership(object, *live, run_.release.name, run_.release.ns);
    if (!owned.ok()) return std::move(owned).error().with_context(stopped);
  }
  return Next::proceed;
}

Result<HelmRunner::Next> HelmRunner::create_namespace() {
  if (!options_of_kind().create_namespace || !run_.spec->target_namespace_given)
    return Next::proceed;
  HelmObject object;
  object.id = {namespace_gvk, "", run_.release_ns};
  WEIR_TRY(const Value live, live_of(object.id));
  if (!live.is_null()) return Next::proceed;
  object.manifest = Value::object(
      {{"apiVersion", "v1"},
       {"kind", "Namespace"},
       {"metadata", Value::object({{"name", run_.release_ns},
                                   {"labels", Value::object({{"name", run_.release_ns}})}})},
       {"spec", Value::object()}});
  HelmApply how;
  how.as = run_.as;
  how.server_side = run_.server_side;
  WEIR_TRY(const Value made, write_object(kube_, object, Value(), Value(), how));
  note_change(object, made, Action::created);
  return Next::proceed;
}

Result<HelmRunner::Next> HelmRunner::store() {
  const int history = run_.kind == HelmActionKind::install ? 0 : run_.spec->max_history;
  WEIR_CHECK(run_.storage->create(kube_, run_.release, history, ports_.clock->now()));
  run_.stored = true;
  run_.written.push_back(run_.storage->find(run_.release.version));
  return supersede_replaced();
}

// The uninstalled release whose name was taken (install.replace). Helm says so before it writes
// the new record; should weir end between the two, this order leaves a release that can be gone on
// with.
Result<HelmRunner::Next> HelmRunner::supersede_replaced() {
  const ReleasePtr former = run_.storage->find(run_.release.version - 1);
  if (run_.kind != HelmActionKind::install || former == nullptr) return Next::proceed;
  helm::Release superseded = *former;
  superseded.status = "superseded";
  superseded.description = "superseded by new release";
  WEIR_CHECK(run_.storage->update(kube_, superseded, ports_.clock->now()));
  return Next::proceed;
}

Result<HelmRunner::Next> HelmRunner::pre_hooks() {
  if (options_of_kind().disable_hooks) return Next::proceed;
  switch (run_.kind) {
    case HelmActionKind::install: return run_hooks("pre-install");
    case HelmActionKind::rollback: return run_hooks("pre-rollback");
    case HelmActionKind::uninstall: return run_hooks("pre-delete");
    default: return run_hooks("pre-upgrade");
  }
}

Result<HelmRunner::Next> HelmRunner::post_hooks() {
  if (options_of_kind().disable_hooks) return Next::proceed;
  switch (run_.kind) {
    case HelmActionKind::install: return run_hooks("post-install");
    case HelmActionKind::rollback: return run_hooks("post-rollback");
    case HelmActionKind::uninstall: {
      auto next = run_hooks("post-delete");
      if (next.ok()) return next;
      run_.leftovers.push_back(next.error().message);
      return Next::proceed;
    }
    default: return run_hooks("post-upgrade");
  }
}

Result<HelmRunner::Next> HelmRunner::settle() {
  helm::Release& release = run_.release;
  const bool rollback = run_.kind == HelmActionKind::rollback;
  for (const ReleasePtr& other : run_.storage->releases()) {
    const bool was_before = run_.before && other->version == run_.before->version && !rollback;
    if (other->version == release.version || (other->status != "deployed" && !was_before)) continue;
    helm::Release superseded = *other;
    superseded.status = "superseded";
    WEIR_CHECK(record(superseded));
  }
  release.status = "deployed";
  if (run_.kind == HelmActionKind::install) release.description = "Install complete";
  if (run_.kind == HelmActionKind::upgrade) release.description = "Upgrade complete";
  const bool recorded = run_.prepared != nullptr && run_.prepared->recorded != nullptr;
  if (recorded && !rollback) release.description = run_.prepared->rollback_notes;
  WEIR_CHECK(record(release));
  return Next::proceed;
}

// ---- failures ----

void HelmRunner::fail_release(const Error& error, const std::string& description) {
  run_.release.status = "failed";
  run_.release.description = description + error.message;
  if (auto stored = record(run_.release); !stored.ok())
    log_line("the failure could not be recorded: " + stored.error().message);
  if (!options_of_kind().cleanup_on_fail) return;
  for (const HelmObject& object : run_.created) {
    if (object.generated) continue;
    DeleteOptions options;
    options.as = run_.as;
    if (kube_.remove(object.id, options).ok()) note_removed(object.id, Value());
  }
}

void HelmRunner::fail(Error error) {
  log_line(error.message);
  const std::string name = quoted(run_.release.name);
  const auto steps = steps_of(run_.resume ? HelmActionKind::none : run_.kind);
  const bool hooks = steps[run_.step] == static_cast<Step>(&HelmRunner::pre_hooks) ||
                     steps[run_.step] == static_cast<Step>(&HelmRunner::post_hooks);
  const bool before = steps[run_.step] == static_cast<Step>(&HelmRunner::pre_hooks);
  const bool stored = run_.stored && run_.release.pending();
  if (run_.kind == HelmActionKind::install) {
    if (hooks)
      error = std::move(error).with_context(before ? "failed pre-install" : "failed post-install");
    if (stored) fail_release(error, "Release " + name + " failed: ");
  } else if (run_.kind == HelmActionKind::upgrade) {
    if (hooks)
      error = std::move(error).with_context(before ? "pre-upgrade hooks failed"
                                                   : "post-upgrade hooks failed");
    if (stored) fail_release(error, "Upgrade " + name + " failed: ");
    // Helm writes the former release anew, as it was, unless it was a hook that failed.
    if (stored && !hooks && run_.before)
      if (const ReleasePtr former = run_.storage->find(run_.before->version))
        run_.written.push_back(former);
  } else if (run_.kind == HelmActionKind::rollback && stored && !hooks) {
    const bool waited = steps[run_.step] == static_cast<Step>(&HelmRunner::await_ready);
    if (waited) error = std::move(error).with_context("release " + run_.release.name + " failed");
    fail_release(error, (waited ? "Release " : "Rollback ") + name + " failed: ");
  }
  run_.failure = std::move(error);
}

}  // namespace weir::reconcile
