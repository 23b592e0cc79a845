// weir check: whether the cluster has what weir needs, and whether what is installed works.
#include "engine/apply/health.hh"
#include "engine/base/semver.hh"
#include "engine/model/kinds/field.hh"
#include "tools/weir/connection.hh"
#include "tools/weir/host.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

constexpr std::string_view kubernetes_range = ">=1.33.0-0";
constexpr std::string_view part_of_flux = "app.kubernetes.io/part-of=flux";
const Gvk crd_gvk{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"};

bool check_kubernetes(const Connection& connection) {
  const auto text = connection.kube().server_version();
  if (!text.ok()) {
    say_failure("Kubernetes API call failed: " + text.error().message);
    return false;
  }
  const auto version = base::Version::parse(*text);
  const auto range = base::VersionConstraint::parse(kubernetes_range);
  if (!version.ok() || !range.ok()) {
    say_failure("Kubernetes version can't be determined");
    return false;
  }
  if (!range->matches(*version)) {
    say_failure("Kubernetes version " + *text + " does not match " + std::string(kubernetes_range));
    return false;
  }
  say_success("Kubernetes " + version->to_string() + " " + std::string(kubernetes_range));
  return true;
}

// The version in the cluster is that of the GitRepository CustomResourceDefinition, as for flux.
bool check_version(const Connection& connection) {
  const auto crd = connection.kube().get({crd_gvk, "", "gitrepositories.source.toolkit.fluxcd.io"});
  if (!crd.ok()) {
    say_failure("checking failed: " + crd.error().message);
    return false;
  }
  const Value& labels = crd->path("metadata", "labels");
  const std::string part_of(labels["app.kubernetes.io/part-of"].get_string());
  const std::string version(labels["app.kubernetes.io/version"].get_string());
  const std::string distribution = part_of.empty() ? version : part_of + "-" + version;
  if (!distribution.empty()) say_success("distribution: " + distribution);
  const bool bootstrapped = labels.contains("kustomize.toolkit.fluxcd.io/namespace");
  say_success(std::string("bootstrapped: ") + (bootstrapped ? "true" : "false"));
  return true;
}

bool is_current(const Value& object) {
  return apply::compute_health(object).status == apply::HealthStatus::current;
}

bool check_controller(const Connection& connection, const Value& controller) {
  const ObjectId id = ObjectId::of(controller);
  const bool ready = is_current(controller) ||
                     wait_for(connection, id, [](const Value& live) -> std::optional<Result<void>> {
                       if (live.is_null()) return make_error(Code::not_found, "it is gone");
                       if (!is_current(live)) return std::nullopt;
                       return Result<void>();
                     }).ok();
  std::string what = id.gvk.kind;
  for (char& c : what) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (ready)
    say_success(id.name + ": " + what + " ready");
  else
    say_failure(id.name + ": " + what + " not ready");
  for (const Value& container : controller.path("spec", "template", "spec", "containers").items())
    say_action(container["image"].get_string());
  return ready;
}

// Controllers in the cluster, or the weir that runs on this machine for it.
bool check_controllers(const Connection& connection) {
  reconcile::ListOptions options;
  options.ns = connection.ns();
  options.label_selector = part_of_flux;
  std::vector<Value> controllers;
  for (const char* kind : {"Deployment", "StatefulSet"}) {
    auto listed = connection.kube().list({"apps", "v1", kind}, options);
    if (!listed.ok()) {
      say_failure(std::string(kind) + "s cannot be listed: " + listed.error().message);
      return false;
    }
    for (Value& item : listed->items) controllers.push_back(std::move(item));
  }
  if (controllers.empty()) {
    if (const auto serving = read_serving(default_data_directory()); serving.ok()) {
      say_success("weir: running on " + serving->url);
      return true;
    }
    say_failure("no controllers found in the '" + connection.ns() +
                "' namespace with the label selector '" + std::string(part_of_flux) + "'");
    return false;
  }
  bool ok = true;
  for (const Value& controller : controllers) ok = check_controller(connection, controller) && ok;
  return ok;
}

bool check_crds(const Connection& connection) {
  reconcile::ListOptions options;
  options.label_selector = part_of_flux;
  const auto listed = connection.kube().list(crd_gvk, options);
  if (!listed.ok()) {
    say_failure("CustomResourceDefinitions cannot be listed: " + listed.error().message);
    return false;
  }
  if (listed->items.empty()) {
    say_failure("no crds found with the label selector '" + std::string(part_of_flux) + "'");
    return false;
  }
  bool ok = true;
  for (const Value& crd : listed->items) {
    const std::string name(crd.path("metadata", "name").get_string());
    const Value& versions = crd.path("status", "storedVersions");
    const bool stored = versions.is_array() && !versions.empty();
    ok = ok && stored;
    if (stored)
      say_success(name + "/" + std::string(versions.at(versions.size() - 1).get_string()));
    else
      say_failure("no stored versions for " + name);
  }
  return ok;
}

}  // namespace

int run_check(int argc, char** argv) {
  Connection connection;
  bool pre = false;
  std::string components, extra, poll;
  Args args("check", "Checks whether the cluster has what weir needs and what is installed works.");
  connection.add_to(args);
  args.flag("--pre", pre, "Only what must be there before an installation.");
  args.option("--components", components, "Taken as flux takes it; all that is labelled counts.");
  args.option("--components-extra", extra, "The same.");
  args.option("--poll-interval", poll, "Taken as flux takes it; readiness is watched, not polled.");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (const auto good = connection.check(); !good.ok()) return failed(good.error());
  say_action("checking prerequisites");
  const auto opened = connection.open();
  if (!opened.ok()) return failed(opened.error());
  bool ok = check_kubernetes(connection);
  if (pre) {
    if (ok) say_success("prerequisites checks passed");
    return ok ? 0 : 1;
  }
  say_action("checking version in cluster");
  ok = check_version(connection) && ok;
  say_action("checking controllers");
  ok = check_controllers(connection) && ok;
  say_action("checking crds");
  ok = check_crds(connection) && ok;
  if (!ok) return failed("check failed");
  say_success("all checks passed");
  return 0;
}

}  // namespace weir::cli
