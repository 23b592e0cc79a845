// weir install crds: the custom resource definitions of every kind that weir serves.
#include "engine/model/kinds/field.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/connection.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

int install_crds(int argc, char** argv) {
  Connection connection;
  bool apply = false;
  Args args("install crds", "Prints the CustomResourceDefinitions, or applies them to a cluster.");
  connection.add_to(args);
  args.flag("--apply", apply, "Applies them instead (server-side apply).");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (!apply) {
    std::string out;
    for (const auto& kind : model::declared_kinds()) {
      out += "---\n";
      value::append_yaml(out, model::make_crd(kind));
    }
    print(out);
    return 0;
  }
  auto opened = connection.open();
  if (!opened.ok()) return failed(opened.error());
  reconcile::WriteOptions options;
  options.field_manager = "flux";
  options.force = true;
  for (const auto& kind : model::declared_kinds()) {
    const Value crd = model::make_crd(kind);
    const std::string name(crd.path("metadata", "name").get_string());
    say_action("applying CustomResourceDefinition " + name);
    auto applied = connection.kube().apply(crd, options);
    if (!applied.ok()) return failed(name + ": " + applied.error().message);
    auto served = wait_for(
        connection, ObjectId::of(crd), [](const Value& live) -> std::optional<Result<void>> {
          for (const Value& condition : live.path("status", "conditions").items())
            if (condition["type"].get_string() == "Established" &&
                condition["status"].get_string() == "True")
              return Result<void>();
          return std::nullopt;
        });
    if (!served.ok()) return failed(name + ": " + served.error().message);
    say_success(name + " established");
  }
  return 0;
}

}  // namespace

int run_install(int argc, char** argv) {
  static const std::vector<Verb> verbs = {
      {"crds", "The CustomResourceDefinitions; --apply installs them.", install_crds}};
  return dispatch("install", verbs, argc, argv);
}

}  // namespace weir::cli
