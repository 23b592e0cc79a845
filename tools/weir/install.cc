// weir install: everything of deploy/ into a cluster, or printed; `install crds`: the custom
// resource definitions alone.
#include <algorithm>

#include "engine/apply/health.hh"
#include "engine/model/kinds/field.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/connection.hh"
#include "tools/weir/install_manifests.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

constexpr std::string_view crd_kind = "CustomResourceDefinition";

Result<void> wait_established(const Connection& connection, const Value& crd) {
  auto served =
      wait_for(connection, ObjectId::of(crd), [](const Value& live) -> std::optional<Result<void>> {
        for (const Value& condition : live.path("status", "conditions").items())
          if (condition["type"].get_string() == "Established" &&
              condition["status"].get_string() == "True")
            return Result<void>();
        return std::nullopt;
      });
  if (!served.ok()) return std::move(served).error();
  return {};
}

// Prints "Kind/namespace/name created|configured|unchanged".
Result<void> apply_object(const Connection& connection, const Value& object) {
  const ObjectId id = ObjectId::of(object);
  const auto before = connection.kube().get(id);
  if (!before.ok() && before.error().code != Code::not_found) return before.error();
  reconcile::WriteOptions options;
  options.field_manager = "flux";
  options.force = true;
  auto applied = connection.kube().apply(object, options);
  if (!applied.ok()) return std::move(applied).error().with_context(id.subject());
  const auto version = [](const Value& of) {
    return of.path("metadata", "resourceVersion").get_string();
  };
  const std::string_view action = !before.ok()                            ? "created"
                                  : version(*before) == version(*applied) ? "unchanged"
                                                                          : "configured";
  say_action(id.subject() + " " + std::string(action));
  return {};
}

// Definitions and namespaces first, and served before what needs them.
Result<void> apply_all(const Connection& connection, const std::vector<Value>& objects) {
  const auto is_first = [](const Value& object) {
    const std::string_view kind = object["kind"].get_string();
    return kind == crd_kind || kind == "Namespace";
  };
  for (const Value& object : objects)
    if (is_first(object)) WEIR_CHECK(apply_object(connection, object));
  for (const Value& object : objects)
    if (object["kind"].get_string() == crd_kind) WEIR_CHECK(wait_established(connection, object));
  for (const Value& object : objects)
    if (!is_first(object)) WEIR_CHECK(apply_object(connection, object));
  return {};
}

Result<void> wait_ready(const Connection& connection, const std::vector<Value>& objects) {
  for (const Value& object : objects) {
    const std::string_view kind = object["kind"].get_string();
    if (kind != "StatefulSet" && kind != "Deployment") continue;
    const ObjectId id = ObjectId::of(object);
    auto ready = wait_for(connection, id, [](const Value& live) -> std::optional<Result<void>> {
      if (apply::compute_health(live).status != apply::HealthStatus::current) return std::nullopt;
      return Result<void>();
    });
    if (!ready.ok()) return std::move(ready).error();
    say_success(id.subject() + " ready");
  }
  return {};
}

void print_documents(const std::vector<Value>& objects) {
  std::string out;
  for (const Value& object : objects) {
    out += "---\n";
    value::append_yaml(out, object);
  }
  print(out);
}

std::vector<Value> crds() {
  std::vector<Value> all;
  for (const auto& kind : model::declared_kinds()) all.push_back(model::make_crd(kind));
  return all;
}

int install_crds(int argc, char** argv) {
  Connection connection;
  bool apply = false;
  Args args("install crds", "Prints the CustomResourceDefinitions, or applies them to a cluster.");
  connection.add_to(args);
  args.flag("--apply", apply, "Applies them instead (server-side apply).");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (!apply) {
    print_documents(crds());
    return 0;
  }
  if (const auto opened = connection.open(); !opened.ok()) return failed(opened.error());
  const auto applied = apply_all(connection, crds());
  if (!applied.ok()) return failed(applied.error().message);
  say_success("install finished");
  return 0;
}

int install_everything(int argc, char** argv) {
  Connection connection;
  InstallOptions options;
  bool print_only = false, no_policy = false;
  Args args("install",
            "Installs weir in a cluster: definitions, roles, services and the StatefulSet. "
            "'weir install crds' does the definitions alone.");
  connection.add_to(args);
  args.flag("--export", print_only, "Prints the manifests instead.");
  args.option("--image", options.image, "Image to run: registry/weir:1.0.");
  args.flag("--no-network-policy", no_policy, "Leaves the NetworkPolicy out.");
  if (const auto code = args.parse(argc, argv)) return *code;
  const auto opened = print_only ? connection.check() : connection.open();
  if (!opened.ok()) return failed(opened.error());
  options.ns = connection.ns();
  options.network_policy = !no_policy;
  const auto objects = install_objects(options);
  if (!objects.ok()) return failed(objects.error());
  if (print_only) {
    print_documents(*objects);
    return 0;
  }
  say_action("installing weir in " + options.ns + " namespace");
  if (const auto done = apply_all(connection, *objects); !done.ok())
    return failed(done.error().message);
  say_waiting("verifying installation");
  if (const auto done = wait_ready(connection, *objects); !done.ok())
    return failed(done.error().message);
  say_success("install finished");
  return 0;
}

}  // namespace

int run_install(int argc, char** argv) {
  const bool only_crds = argc > 1 && std::string_view(argv[1]) == "crds";
  return only_crds ? install_crds(argc - 1, argv + 1) : install_everything(argc, argv);
}

}  // namespace weir::cli
