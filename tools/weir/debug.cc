// weir debug: what a HelmRelease comes to, for whoever looks for a fault: its status, its history,
// the values composed of all that it refers to (Secrets in clear).
#include "engine/reconcile/helm_values.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/connection.hh"
#include "tools/weir/flux_kinds.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

constexpr std::string_view documentation =
    "documentation: https://fluxcd.io/flux/components/helm/helmreleases/#";

std::string with_heading(std::string_view what, std::string_view anchor, const Value& value) {
  std::string out = "# ";
  out.append(what).append(" ").append(documentation).append(anchor).append("\n");
  value::append_yaml(out, value, value::YamlStyle::helm);
  return out;
}

Result<std::string> final_values(const Connection& connection, const Value& object) {
  WEIR_TRY(const model::HelmReleaseSpec spec, model::decode_helm_release(object));
  WEIR_TRY(const Value values, reconcile::compose_values(connection.kube(), connection.ns(), spec));
  return value::write_yaml(values, value::YamlStyle::helm);
}

}  // namespace

int run_debug(int argc, char** argv) {
  int code = 0;
  const KindWords words = take_kind("debug", argc, argv, {"HelmRelease"}, code);
  if (words.kind == nullptr) return code;
  Connection connection;
  std::string name;
  bool status = false, values = false, history = false;
  Args args(words.usage, "Prints what a HelmRelease comes to. Values show Secrets in clear.");
  connection.add_to(args);
  args.positional("name", name, "Name of the HelmRelease.");
  args.flag("--show-status", status, "Its status.");
  args.flag("--show-values", values, "Its values, references resolved.");
  args.flag("--show-history", history, "The releases made for it.");
  if (const auto ended = args.parse(words.argc, words.argv)) return *ended;
  if (status + values + history != 1)
    return failed("exactly one of --show-status, --show-values, or --show-history must be set");
  auto opened = connection.open();
  if (!opened.ok()) return failed(opened.error());
  auto object = connection.kube().get({words.kind->gvk, connection.ns(), name});
  if (!object.ok()) return failed(object.error().message);
  if (status) {
    print(with_heading("Status", "helmrelease-status", (*object)["status"]));
    return 0;
  }
  if (history) {
    const Value& releases = object->path("status", "history");
    print(with_heading("History", "history", releases.is_array() ? releases : Value::array()));
    return 0;
  }
  auto text = final_values(connection, *object);
  if (!text.ok()) return failed(text.error().message);
  print(*text);
  return 0;
}

}  // namespace weir::cli
