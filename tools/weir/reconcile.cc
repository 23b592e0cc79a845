// weir reconcile: asks for a reconciliation by annotation and waits until it has been done.
#include "tools/weir/reconcile.hh"

#include "adapters/clock/system_clock.hh"
#include "engine/apply/health.hh"
#include "engine/model/condition.hh"
#include "tools/weir/connection.hh"
#include "tools/weir/flux_kinds.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

struct ReconcileFlags {
  Connection connection;
  std::string name;
  bool with_source = false, force = false, reset = false;
};

ObjectId id_of(const FluxKind& kind, const std::string& ns, std::string_view name) {
  return {kind.gvk, ns, std::string(name)};
}

std::string_view last_handled(const Value& object) {
  return object.path("status", "lastHandledReconcileAt").get_string();
}

Result<void> annotate(const Connection& connection, const ObjectId& id,
                      const ReconcileFlags& flags) {
  say_action("annotating " + id.gvk.kind + " " + id.name + " in " + id.ns + " namespace");
  const std::string now = base::format_rfc3339_micro(clock::SystemClock().now());
  Value annotations = Value::object({{"reconcile.fluxcd.io/requestedAt", now}});
  if (id.gvk.kind == "HelmRelease") {
    if (flags.force) annotations.set("reconcile.fluxcd.io/forceAt", now);
    if (flags.reset) annotations.set("reconcile.fluxcd.io/resetAt", now);
  }
  const Value body = Value::object({{"metadata", Value::object({{"annotations", annotations}})}});
  reconcile::WriteOptions options;
  options.field_manager = "flux";
  auto patched = connection.kube().patch(id, reconcile::PatchType::merge, body, options);
  if (!patched.ok()) return std::move(patched).error();
  say_success(id.gvk.kind + " annotated");
  return {};
}

// Handled since, and at rest (contract B6): a failure that may pass is waited out.
Result<Value> wait_until_handled(const Connection& connection, const ObjectId& id,
                                 const Value& before) {
  const std::string handled(last_handled(before));
  return wait_for(connection, id, [&](const Value& live) -> std::optional<Result<void>> {
    if (live.is_null()) return make_error(Code::not_found, id.subject() + " does not exist");
    if (last_handled(live) == handled) return std::nullopt;
    const apply::Health health = apply::compute_health(live);
    if (health.status == apply::HealthStatus::current) return Result<void>();
    if (health.status == apply::HealthStatus::in_progress) return std::nullopt;
    return make_error(Code::invalid, health.message);
  });
}

// The source that a Kustomization or HelmRelease reads. Error: unsupported.
Result<ObjectId> source_of(const Value& object, const ObjectId& id) {
  const bool release = id.gvk.kind == "HelmRelease";
  const bool by_chart_ref = release && object.path("spec", "chartRef").is_object();
  const Value& reference = by_chart_ref ? object.path("spec", "chartRef")
                           : release    ? object.path("spec", "chart", "spec", "sourceRef")
                                        : object.path("spec", "sourceRef");
  std::string ns(reference["namespace"].get_string());
  if (ns.empty()) ns = id.ns;
  if (release && !by_chart_ref)
    return id_of(*find_kind_named("HelmChart"), ns, id.ns + "-" + id.name);
  const std::string_view kind = reference["kind"].get_string();
  const FluxKind* found = find_kind_named(kind);
  if (found == nullptr || found->group != "sources" || kind == "ExternalArtifact")
    return make_error(Code::unsupported, "cannot reconcile source of kind " + std::string(kind));
  return id_of(*found, ns, reference["name"].get_string());
}

Result<void> reconcile_object(const ReconcileFlags& flags, const ObjectId& id, bool with_source) {
  const Connection& connection = flags.connection;
  WEIR_TRY(const Value before, connection.kube().get(id));
  if (id.gvk.kind == "HelmRepository" && before.path("spec", "type").get_string() == "oci") {
    say_success("reconciliation not supported by the object");
    return {};
  }
  if (before.path("spec", "suspend").get_bool())
    return make_error(Code::invalid, "resource is suspended");
  if (with_source) {
    WEIR_TRY(const ObjectId source, source_of(before, id));
    WEIR_CHECK(reconcile_object(flags, source, false));
  }
  WEIR_CHECK(annotate(connection, id, flags));
  say_waiting("waiting for " + id.gvk.kind + " reconciliation");
  WEIR_TRY(const Value after, wait_until_handled(connection, id, before));
  const Value& conditions = after.path("status", "conditions");
  if (model::find_condition(conditions, "Ready") == nullptr)
    return make_error(Code::invalid, "status can't be determined");
  if (!model::condition_is(conditions, "Ready", "True"))
    return make_error(Code::invalid,
                      id.gvk.kind + " reconciliation failed: '" +
                          std::string(model::condition_message(conditions, "Ready")) + "'");
  say_success(success_message(after));
  return {};
}

const std::vector<std::string_view> reconcilable = {
    "OCIRepository", "Bucket",      "GitRepository", "HelmRepository",
    "HelmChart",     "HelmRelease", "Kustomization", "ImageRepository"};

}  // namespace

std::string success_message(const Value& object) {
  const std::string_view kind = object["kind"].get_string();
  const Value& status = object["status"];
  if (kind == "Kustomization")
    return "applied revision " + std::string(status["lastAppliedRevision"].get_string());
  if (kind == "HelmRelease") {
    const Value& history = status["history"];
    const std::string_view version = history.is_array() && !history.empty()
                                         ? history.at(0)["chartVersion"].get_string()
                                         : status["lastAttemptedRevision"].get_string();
    return "applied revision " + std::string(version);
  }
  if (kind == "ImageRepository")
    return "scan fetched " + std::to_string(status.path("lastScanResult", "tagCount").get_int()) +
           " tags";
  return "fetched revision " + std::string(status.path("artifact", "revision").get_string());
}

int run_reconcile(int argc, char** argv) {
  int code = 0;
  const KindWords words = take_kind("reconcile", argc, argv, reconcilable, code);
  if (words.kind == nullptr) return code;
  ReconcileFlags flags;
  Args args(words.usage, "Asks for a reconciliation and waits until it is done.");
  flags.connection.add_to(args);
  args.positional("name", flags.name, "Name of the " + words.kind->gvk.kind + ".");
  const std::string_view kind = words.kind->gvk.kind;
  if (kind == "Kustomization" || kind == "HelmRelease" || kind == "HelmChart")
    args.flag("--with-source", flags.with_source, "Reconciles its source first.");
  if (kind == "HelmRelease") {
    args.flag("--force", flags.force, "Forces an install or upgrade of the release.");
    args.flag("--reset", flags.reset, "Resets the count of failures.");
  }
  if (const auto ended = args.parse(words.argc, words.argv)) return *ended;
  auto opened = flags.connection.open();
  if (!opened.ok()) return failed(opened.error());
  const auto done = reconcile_object(flags, id_of(*words.kind, flags.connection.ns(), flags.name),
                                     flags.with_source);
  return done.ok() ? 0 : failed(Result<void>(done).error().message);
}

}  // namespace weir::cli
