// weir export: Flux objects as they would be committed to Git.
#include "engine/base/duration.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/connection.hh"
#include "tools/weir/flux_kinds.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

// The spec as Flux's own encoder writes it: durations in Go's form, switches that are off left out.
Value exported_spec(Value spec) {
  for (const std::string_view name : {"interval", "retryInterval", "timeout"}) {
    const auto duration = base::parse_duration(spec[name].get_string());
    if (spec[name].is_string() && duration.ok()) spec.set(name, base::format_duration(*duration));
  }
  for (const std::string_view name : {"force", "suspend", "wait"})
    if (spec[name].is_bool() && !spec[name].get_bool()) spec.erase(name);
  return spec;
}

// What a user writes: names, labels, annotations and the spec.
Value exported(const Value& object) {
  const Value& metadata = object["metadata"];
  Value kept = Value::object({{"name", metadata["name"]}, {"namespace", metadata["namespace"]}});
  if (!metadata["labels"].empty()) kept.set("labels", metadata["labels"]);
  if (!metadata["annotations"].empty()) kept.set("annotations", metadata["annotations"]);
  return Value::object({{"apiVersion", object["apiVersion"]},
                        {"kind", object["kind"]},
                        {"metadata", kept},
                        {"spec", exported_spec(object["spec"])}});
}

}  // namespace

int run_export(int argc, char** argv) {
  std::vector<std::string_view> kinds;
  for (const FluxKind& kind : flux_kinds()) kinds.push_back(kind.gvk.kind);
  int code = 0;
  const KindWords words = take_kind("export", argc, argv, kinds, code);
  if (words.kind == nullptr) return code;
  Connection connection;
  std::string name;
  bool all = false;
  Args args(words.usage, "Prints objects as YAML to commit.");
  connection.add_to(args);
  args.positional("name", name, "Name of the object.", false);
  args.flag("--all", all, "All objects of the namespace.");
  if (const auto ended = args.parse(words.argc, words.argv)) return *ended;
  if (name.empty() && !all) return failed("name is required");
  auto opened = connection.open();
  if (!opened.ok()) return failed(opened.error());
  std::vector<Value> objects;
  if (all) {
    reconcile::ListOptions options;
    options.ns = connection.ns();
    auto listed = connection.kube().list(words.kind->gvk, options);
    if (!listed.ok()) return failed(listed.error().message);
    objects = std::move(listed->items);
    if (objects.empty()) return failed("no objects found in " + connection.ns() + " namespace");
  } else {
    auto found = connection.kube().get({words.kind->gvk, connection.ns(), name});
    if (!found.ok()) return failed(found.error().message);
    objects.push_back(*std::move(found));
  }
  std::string out;
  for (const Value& object : objects) {
    out += "---\n";
    value::append_yaml(out, exported(object), value::YamlStyle::helm);
  }
  print(out);
  return 0;
}

}  // namespace weir::cli
