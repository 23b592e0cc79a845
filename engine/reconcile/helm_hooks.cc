// Hooks of a release: made one after another by weight and name, each awaited, deleted as their
// policies say. And its tests, which are hooks too.
#include <algorithm>

#include "engine/helm/go_yaml.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/helm_history.hh"
#include "engine/reconcile/helm_runner.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view before_creation = "before-hook-creation";
constexpr std::string_view on_success = "hook-succeeded";
constexpr std::string_view on_failure = "hook-failed";

bool has_policy(const helm::ReleaseHook& hook, std::string_view policy) {
  const auto& policies = hook.hook.delete_policies;
  return std::find(policies.begin(), policies.end(), policy) != policies.end();
}

bool has_event(const helm::ReleaseHook& hook, std::string_view event) {
  const auto& events = hook.hook.events;
  return std::any_of(events.begin(), events.end(), [&](const std::string& own) {
    return own == event || (event == "test" && own == "test-success");
  });
}

std::vector<std::size_t> hooks_of(const helm::Release& release, const std::string& event,
                                  const model::TestOptions& test) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < release.hooks.size(); ++i) {
    const helm::ReleaseHook& hook = release.hooks[i];
    if (!has_event(hook, event)) continue;
    if (event == "test" && !is_test_selected(test, hook.hook.name)) continue;
    order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const helm::Hook &first = release.hooks[a].hook, &second = release.hooks[b].hook;
    if (first.weight != second.weight) return first.weight < second.weight;
    return first.name < second.name;
  });
  return order;
}

std::string condition_reason(const Value& live, std::string_view type) {
  for (const Value& condition : live.path("status", "conditions").items())
    if (condition["type"].get_string() == type && condition["status"].get_string() == "True")
      return std::string(condition["reason"].get_string(type));
  return {};
}

}  // namespace

Result<std::vector<HelmObject>> HelmRunner::hook_objects(const helm::ReleaseHook& hook) {
  return release_objects(kube_, hook.hook.content, run_.release_ns);
}

// Deletes the hook's objects when it has the policy. True when something has to be waited for.
Result<bool> HelmRunner::delete_hook(helm::ReleaseHook& hook, std::string_view policy) {
  if (hook.hook.delete_policies.empty()) hook.hook.delete_policies.emplace_back(before_creation);
  if (hook.hook.kind == "CustomResourceDefinition" || !has_policy(hook, policy)) return false;
  WEIR_TRY(const auto objects, hook_objects(hook));
  bool any = false;
  for (const HelmObject& object : objects) {
    if (object.generated) continue;
    DeleteOptions options;
    options.as = run_.as;
    auto removed = kube_.remove(object.id, options);
    if (!removed.ok() && removed.error().code == Code::not_found) continue;
    if (!removed.ok()) return std::move(removed).error();
    note_removed(object.id, Value());
    run_.deleted.push_back(object.id);
    any = true;
  }
  return any;
}

Result<bool> HelmRunner::all_gone() {
  for (const ObjectId& id : run_.deleted) {
    WEIR_TRY(const Value live, live_of(id));
    if (!live.is_null()) return false;
  }
  run_.deleted.clear();
  return true;
}

// Jobs must complete and Pods succeed; of every other kind it is enough that it was made.
// `pending`: what is waited for, in words.
Result<bool> HelmRunner::hook_done(const helm::ReleaseHook& hook, std::string& pending) {
  WEIR_TRY(const auto objects, hook_objects(hook));
  std::string failed;
  for (const HelmObject& object : objects) {
    const std::string& kind = object.id.gvk.kind;
    if (object.generated || (kind != "Job" && kind != "Pod")) continue;
    WEIR_TRY(const Value live, live_of(object.id));
    std::string_view health = "InProgress";
    if (live.is_null()) {
      health = "NotFound";
    } else if (kind == "Pod") {
      const std::string_view phase = live.path("status", "phase").get_string();
      if (phase == "Succeeded") continue;
      if (phase == "Failed") health = "Failed";
    } else {
      if (!condition_reason(live, "Complete").empty()) continue;
      if (!condition_reason(live, "Failed").empty()) health = "Failed";
    }
    std::string& list = health == "Failed" ? failed : pending;
    list += (list.empty() ? "" : ", ") + object.id.subject() + " status: '";
    list.append(health).append("'");
  }
  if (!failed.empty() && pending.empty())
    return make_error(Code::invalid, "failed early due to stalled resources: [" + failed + "]");
  if (!failed.empty()) pending += ", " + failed;
  return pending.empty();
}

Result<HelmRunner::Next> HelmRunner::start_hook(const char* event) {
  HookProgress& progress = run_.hooks;
  helm::ReleaseHook& hook = run_.release.hooks[progress.order[progress.at]];
  hook.started = now_text();
  hook.completed.clear();
  hook.phase = "Running";
  if (run_.storage->find(run_.release.version) != nullptr) WEIR_CHECK(record(run_.release));
  hook.phase = "Unknown";
  progress.phase = HookProgress::Phase::await;
  auto objects = hook_objects(hook);
  if (!objects.ok())
    return std::move(objects).error().with_context("unable to build kubernetes object for " +
                                                   std::string(event) + " hook " + hook.hook.path);
  HelmApply how;
  how.as = run_.as;
  how.server_side = run_.kind == HelmActionKind::uninstall || run_.server_side;
  how.force_conflicts = false;
  for (const HelmObject& object : *objects) {
    auto made = write_object(kube_, object, Value(), Value(), how);
    if (!made.ok()) {
      hook.completed = now_text();
      hook.phase = "Failed";
      const std::string context =
          "warning: Hook " + std::string(event) + " " + hook.hook.path + " failed";
      return std::move(made).error().with_context(context);
    }
    note_change(object, *made, Action::created);
  }
  return Next::proceed;
}

// Proceeds when the hook is over, one way or the other.
Result<HelmRunner::Next> HelmRunner::check_hook() {
  HookProgress& progress = run_.hooks;
  helm::ReleaseHook& hook = run_.release.hooks[progress.order[progress.at]];
  std::string pending;
  auto done = hook_done(hook, pending);
  if (done.ok() && !*done && !late()) {
    std::vector<ObjectId> ids;
    WEIR_TRY(const auto objects, hook_objects(hook));
    for (const HelmObject& object : objects) ids.push_back(object.id);
    return wait_for(HelmWait::hook, std::move(ids), timeout());
  }
  run_.deadline = 0;
  run_.polls = 0;
  hook.completed = now_text();
  if (done.ok() && *done) {
    hook.phase = "Succeeded";
    ++progress.at;
    progress.phase = HookProgress::Phase::clean;
    return Next::proceed;
  }
  hook.phase = "Failed";
  progress.error = done.ok() ? make_error(Code::timeout, "timeout waiting for: [" + pending + "]")
                             : std::move(done).error();
  (void)delete_hook(hook, on_failure);
  for (std::size_t i = 0; i < progress.at; ++i)
    (void)delete_hook(run_.release.hooks[progress.order[i]], on_success);
  progress.phase = HookProgress::Phase::await_end;
  return Next::proceed;
}

Result<HelmRunner::Next> HelmRunner::run_hooks(const char* event) {
  using Stage = HookProgress::Phase;
  HookProgress& progress = run_.hooks;
  while (true) {
    switch (progress.phase) {
      case Stage::start:
        progress.order = hooks_of(run_.release, event, run_.spec->test);
        progress.at = 0;
        progress.phase = Stage::clean;
        break;
      case Stage::clean: {
        if (progress.at == progress.order.size()) {
          progress.phase = Stage::finish;
          break;
        }
        auto any = delete_hook(run_.release.hooks[progress.order[progress.at]], before_creation);
        if (!any.ok()) return std::move(any).error();
        progress.phase = Stage::await_gone;
        break;
      }
      case Stage::finish:
        for (auto it = progress.order.rbegin(); it != progress.order.rend(); ++it) {
          auto any = delete_hook(run_.release.hooks[*it], on_success);
          if (!any.ok()) return std::move(any).error();
        }
        progress.phase = Stage::await_end;
        break;
      case Stage::await_gone:
      case Stage::await_end: {
        WEIR_TRY(const bool gone, all_gone());
        if (!gone && !late()) return wait_for(HelmWait::gone, run_.deleted, timeout());
        if (!gone)
          return make_error(Code::timeout, run_.deleted.front().subject() +
                                               " termination timeout: context deadline exceeded");
        run_.deadline = 0;
        if (progress.phase == Stage::await_gone) {
          progress.phase = Stage::create;
          break;
        }
        std::optional<Error> error = std::move(progress.error);
        progress = HookProgress();
        if (error) return *std::move(error);
        return Next::proceed;
      }
      case Stage::create: {
        WEIR_TRY([[maybe_unused]] const Next next, start_hook(event));
        break;
      }
      case Stage::await: {
        WEIR_TRY(const Next next, check_hook());
        if (next == Next::wait) return next;
        break;
      }
    }
  }
}

// ---- tests ----

Result<HelmRunner::Next> HelmRunner::run_tests() {
  if (run_.release.name.empty()) {
    const ReleasePtr newest = run_.storage->newest();
    if (newest == nullptr) return make_error(Code::not_found, "release: not found");
    run_.release = *newest;
    run_.server_side = newest->apply_method == "ssa";
  }
  auto next = run_hooks("test");
  if (next.ok()) return next;
  // What the tests came to is kept with the release.
  Error error = std::move(next).error();
  WEIR_CHECK(record(run_.release));
  return error;
}

Result<HelmRunner::Next> HelmRunner::settle_tests() {
  WEIR_CHECK(record(run_.release));
  return Next::proceed;
}

}  // namespace weir::reconcile
