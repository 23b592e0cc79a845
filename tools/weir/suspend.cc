// weir suspend and weir resume: spec.suspend of one object, several, or all of a namespace.
#include <algorithm>
#include <cstring>
#include <set>

#include "engine/apply/health.hh"
#include "engine/model/condition.hh"
#include "tools/weir/connection.hh"
#include "tools/weir/flux_kinds.hh"
#include "tools/weir/output.hh"
#include "tools/weir/reconcile.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

struct SuspendFlags {
  Connection connection;
  std::vector<std::string> names;
  bool all = false, wait = false, wait_given = false;
};

const std::vector<std::string_view> suspendable = {
    "OCIRepository", "Bucket",        "GitRepository",   "HelmRepository", "HelmChart",
    "HelmRelease",   "Kustomization", "ImageRepository", "ImagePolicy",    "ImageUpdateAutomation",
    "Receiver",      "Alert"};

Result<std::vector<Value>> find(const SuspendFlags& flags, const FluxKind& kind,
                                const std::string& name) {
  reconcile::ListOptions options;
  options.ns = flags.connection.ns();
  if (!name.empty()) options.field_selector = "metadata.name=" + name;
  WEIR_TRY(reconcile::ListResult listed, flags.connection.kube().list(kind.gvk, options));
  return std::move(listed.items);
}

Result<Value> set_suspend(const SuspendFlags& flags, const Value& object, bool suspend) {
  const Value wanted = suspend ? Value(true) : Value();
  reconcile::WriteOptions options;
  options.field_manager = "flux";
  return flags.connection.kube().patch(
      ObjectId::of(object), reconcile::PatchType::merge,
      Value::object({{"spec", Value::object({{"suspend", wanted}})}}), options);
}

// The names given, each once; one empty name for all objects.
std::vector<std::string> targets(const SuspendFlags& flags) {
  if (flags.names.empty()) return {""};
  std::vector<std::string> unique;
  std::set<std::string> seen;
  for (const std::string& name : flags.names)
    if (seen.insert(name).second) unique.push_back(name);
  return unique;
}

Result<void> suspend_objects(const SuspendFlags& flags, const FluxKind& kind,
                             const std::string& name) {
  WEIR_TRY(const std::vector<Value> objects, find(flags, kind, name));
  if (objects.empty()) return make_error(Code::not_found, "no objects found");
  for (const Value& object : objects) {
    say_action("suspending " + std::string(kind.human) + " " + ObjectId::of(object).name + " in " +
               flags.connection.ns() + " namespace");
    auto patched = set_suspend(flags, object, true);
    if (!patched.ok()) return std::move(patched).error();
    say_success(std::string(kind.human) + " suspended");
  }
  return {};
}

int suspend_all(const SuspendFlags& flags, const FluxKind& kind) {
  for (const std::string& name : targets(flags)) {
    auto done = suspend_objects(flags, kind, name);
    if (done.ok()) continue;
    const Error& error = done.error();
    if (name.empty()) return failed(error.message);
    const std::string where = " in " + flags.connection.ns() + " namespace";
    if (error.message == "no objects found")
      say_failure(kind.gvk.kind + " " + name + " not found" + where);
    else
      say_failure("failed suspending " + kind.gvk.kind + " " + name + where + ": " + error.message);
  }
  return 0;
}

// Resumes and returns what was resumed; says so when there is nothing.
Result<std::vector<Value>> resume_objects(const SuspendFlags& flags, const FluxKind& kind,
                                          const std::string& name) {
  WEIR_TRY(const std::vector<Value> objects, find(flags, kind, name));
  const std::string where = " in " + flags.connection.ns() + " namespace";
  if (objects.empty())
    say_failure(name.empty() ? "no " + kind.gvk.kind + " objects found" + where
                             : kind.gvk.kind + " object '" + name + "' not found" + where);
  std::vector<Value> resumed;
  for (const Value& object : objects) {
    say_action("resuming " + std::string(kind.human) + " " + ObjectId::of(object).name + where);
    WEIR_TRY(Value patched, set_suspend(flags, object, false));
    resumed.push_back(std::move(patched));
    say_success(std::string(kind.human) + " resumed");
  }
  return resumed;
}

int await_resumed(const SuspendFlags& flags, const FluxKind& kind, std::vector<Value> resumed) {
  for (std::size_t i = 0; i < resumed.size(); ++i)
    say_waiting("waiting for " + kind.gvk.kind + " reconciliation");
  std::sort(resumed.begin(), resumed.end(), [](const Value& a, const Value& b) {
    return ObjectId::of(a).name < ObjectId::of(b).name;
  });
  int failures = 0;
  for (const Value& object : resumed) {
    const ObjectId id = ObjectId::of(object);
    auto ready =
        wait_for(flags.connection, id, [&](const Value& live) -> std::optional<Result<void>> {
          if (kind.always_ready && !live.is_null()) return Result<void>();
          return ready_test(live);
        });
    if (!ready.ok()) {
      ++failures;
      say_failure(id.gvk.kind + " " + id.name + " reconciliation failed: " + ready.error().message);
      continue;
    }
    say_success(id.gvk.kind + " " + id.name + " reconciliation completed");
    say_success(success_message(*ready));
  }
  if (failures == 0) return 0;
  return failed("reconciliation failed for " + std::to_string(failures) + " " + kind.gvk.kind +
                "(s)");
}

int resume_all(const SuspendFlags& flags, const FluxKind& kind) {
  std::vector<Value> resumed;
  for (const std::string& name : targets(flags)) {
    auto some = resume_objects(flags, kind, name);
    if (!some.ok())
      return failed((name.empty() ? "failed patching objects: " : "") + some.error().message);
    resumed.insert(resumed.end(), some->begin(), some->end());
  }
  const bool wait = flags.wait || (!flags.wait_given && flags.names.size() == 1);
  return wait ? await_resumed(flags, kind, std::move(resumed)) : 0;
}

int run(int argc, char** argv, bool suspend) {
  const char* verb = suspend ? "suspend" : "resume";
  int code = 0;
  const KindWords words = take_kind(verb, argc, argv, suspendable, code);
  if (words.kind == nullptr) return code;
  SuspendFlags flags;
  Args args(words.usage, suspend ? "Suspends the reconciliation of objects."
                                 : "Resumes the reconciliation of suspended objects.");
  flags.connection.add_to(args);
  args.positional("name", flags.names, "Names of objects.", false);
  args.flag("--all", flags.all, "All objects of the namespace.");
  if (!suspend)
    args.flag("--wait", flags.wait, "Waits until they are reconciled; so for one object.");
  if (const auto ended = args.parse(words.argc, words.argv)) return *ended;
  for (int i = 0; i < words.argc; ++i)
    if (std::strncmp(words.argv[i], "--wait", 6) == 0) flags.wait_given = true;
  if (flags.names.empty() && !flags.all)
    return failed(std::string(words.kind->human) + " name is required");
  auto opened = flags.connection.open();
  if (!opened.ok()) return failed(opened.error());
  return suspend ? suspend_all(flags, *words.kind) : resume_all(flags, *words.kind);
}

}  // namespace

std::optional<Result<void>> ready_test(const Value& live) {
  if (live.is_null()) return make_error(Code::not_found, "the object does not exist");
  const Value* ready = model::find_condition(live.path("status", "conditions"), "Ready");
  const std::int64_t generation = live.path("metadata", "generation").get_int();
  const std::int64_t observed = live.path("status", "observedGeneration").get_int(-1);
  if (ready == nullptr || observed < 1) return std::nullopt;
  const std::int64_t of_condition = (*ready)["observedGeneration"].get_int();
  if ((of_condition == 0 ? observed : of_condition) != generation) return std::nullopt;
  const apply::Health health = apply::compute_health(live);
  if (health.status == apply::HealthStatus::current) return Result<void>();
  if (health.status == apply::HealthStatus::in_progress) return std::nullopt;
  return make_error(Code::invalid, health.message);
}

int run_suspend(int argc, char** argv) { return run(argc, argv, true); }
int run_resume(int argc, char** argv) { return run(argc, argv, false); }

}  // namespace weir::cli
