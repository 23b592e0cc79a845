// weir create helmrelease: makes or replaces a HelmRelease and waits until it is ready; --export
// prints it.
#include <algorithm>

#include "engine/helm/load.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/create.hh"
#include "tools/weir/host.hh"
#include "tools/weir/output.hh"
#include "tools/weir/reconcile.hh"

namespace weir::cli {
namespace {

struct ReleaseFlags : CreateCommon {
  std::string source, chart, chart_version, chart_ref, chart_interval, crds, release_name, account;
  std::string strategy = "ChartVersion", target_ns, storage_ns, kubeconfig;
  std::vector<std::string> values, values_from, depends_on;
  bool create_ns = false;

  void add_to(Args& args) {
    CreateCommon::add_to(args, "HelmRelease");
    args.option("--release-name", release_name, "Name that Helm knows it by.");
    args.option("--depends-on", depends_on, "HelmRelease to wait for: <name> or <ns>/<name>.");
    args.option("--source", source, "Source of the chart: <kind>/<name>[.<namespace>].");
    args.option("--chart", chart, "Name of the chart, or its path in the source.");
    args.option("--chart-version", chart_version, "Range of versions.");
    args.option("--chart-ref", chart_ref,
                "OCIRepository, HelmChart or ExternalArtifact: <kind>/<name>[.<namespace>].");
    args.option("--chart-interval", chart_interval, "How often the chart is looked for.");
    args.option("--reconcile-strategy", strategy, "ChartVersion or Revision.");
    args.option("--target-namespace", target_ns, "Namespace to release to.");
    args.option("--storage-namespace", storage_ns, "Namespace of Helm's records.");
    args.flag("--create-target-namespace", create_ns, "Makes the namespace when it is missing.");
    args.option("--service-account", account, "ServiceAccount to impersonate.");
    args.option("--values", values, "File of values; later ones win.");
    args.option("--values-from", values_from, "Secret/<name> or ConfigMap/<name>.");
    args.option("--crds", crds, "What an upgrade does with crds/: Skip, Create, CreateReplace.");
    args.option("--kubeconfig-secret-ref", kubeconfig, "Secret with a kubeconfig.");
  }
};

// Lists may be given by commas too.
std::vector<std::string> split_commas(const std::vector<std::string>& given) {
  std::vector<std::string> out;
  for (const std::string& text : given)
    for (std::size_t from = 0; from <= text.size();) {
      const std::size_t comma = std::min(text.find(',', from), text.size());
      if (comma > from) out.push_back(text.substr(from, comma - from));
      from = comma + 1;
    }
  return out;
}

struct Reference {
  std::string kind, name, ns;
};

Result<Reference> parse_reference(const std::string& flag, const std::string& text,
                                  const std::vector<std::string_view>& kinds) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || slash + 1 == text.size())
    return make_error(Code::invalid, "invalid " + flag + " \"" + text +
                                         "\": must be in the format '<kind>/<name>.<namespace>'");
  std::string list;
  for (const std::string_view known : kinds) {
    list += (list.empty() ? "" : ", ") + std::string(known);
    const FluxKind* named = find_kind_named(text.substr(0, slash));
    if (named == nullptr || named->gvk.kind != known) continue;
    Reference out{named->gvk.kind, text.substr(slash + 1), ""};
    if (const std::size_t dot = out.name.find('.'); dot != std::string::npos) {
      out.ns = out.name.substr(dot + 1);
      out.name.resize(dot);
    }
    return out;
  }
  return make_error(Code::invalid, "invalid argument \"" + text + "\" for \"" + flag +
                                       "\" flag: source kind '" + text.substr(0, slash) +
                                       "' is not supported, must be one of: " + list);
}

Value reference_value(const Reference& reference) {
  Value out = Value::object({{"kind", reference.kind}, {"name", reference.name}});
  if (!reference.ns.empty()) out.set("namespace", reference.ns);
  return out;
}

Result<void> add_chart(const ReleaseFlags& flags, Value& spec) {
  if (!flags.chart_ref.empty()) {
    WEIR_TRY(const Reference reference,
             parse_reference("--chart-ref", flags.chart_ref,
                             {"OCIRepository", "HelmChart", "ExternalArtifact"}));
    spec.set("chartRef", reference_value(reference));
    return {};
  }
  if (flags.chart.empty())
    return make_error(Code::invalid, "chart or chart-ref is required");
  if (flags.source.empty()) return make_error(Code::invalid, "--source: it is required");
  WEIR_TRY(const Reference source, parse_reference("--source", flags.source,
                                                   {"HelmRepository", "GitRepository", "Bucket"}));
  Value chart = Value::object({{"chart", flags.chart}});
  if (!flags.chart_interval.empty()) {
    WEIR_TRY(const base::Duration interval,
             base::parse_duration(flags.chart_interval).with_context("--chart-interval"));
    chart.set("interval", base::format_duration(interval));
  }
  chart.set("reconcileStrategy", flags.strategy);
  chart.set("sourceRef", reference_value(source));
  if (!flags.chart_version.empty()) chart.set("version", flags.chart_version);
  spec.set("chart", Value::object({{"spec", std::move(chart)}}));
  return {};
}

Result<void> add_values(const ReleaseFlags& flags, Value& spec) {
  if (!flags.values.empty()) {
    helm::TablePtr all;
    for (const std::string& file : split_commas(flags.values)) {
      const auto text = read_file(file);
      if (!text.ok()) return make_error(Code::invalid, "--values: " + text.error().message);
      auto values = helm::load_values(*text);
      if (!values.ok()) return std::move(values).error().with_context(file);
      if (all == nullptr)
        all = *values;
      else
        helm::merge_values(*all, **values);
    }
    spec.set("values", all->to_value());
  }
  Value from = Value::array();
  for (const std::string& text : split_commas(flags.values_from)) {
    const std::size_t slash = text.find('/');
    const std::string kind = text.substr(0, slash);
    if (slash == std::string::npos || (kind != "Secret" && kind != "ConfigMap"))
      return make_error(Code::invalid, "invalid --values-from \"" + text +
                                           "\": must be Secret/<name> or ConfigMap/<name>");
    from.push_back(Value::object({{"kind", kind}, {"name", text.substr(slash + 1)}}));
  }
  if (!from.empty()) spec.set("valuesFrom", std::move(from));
  return {};
}

Result<Value> make_spec(const ReleaseFlags& flags) {
  WEIR_TRY(const std::string interval, interval_text(flags));
  Value spec = Value::object({{"interval", interval}});
  WEIR_CHECK(add_chart(flags, spec));
  Value depends = Value::array();
  for (const std::string& text : split_commas(flags.depends_on)) {
    const std::size_t slash = text.find('/');
    depends.push_back(slash == std::string::npos
                          ? Value::object({{"name", text}})
                          : Value::object({{"name", text.substr(slash + 1)},
                                           {"namespace", text.substr(0, slash)}}));
  }
  if (!depends.empty()) spec.set("dependsOn", std::move(depends));
  const std::pair<std::string_view, const std::string*> texts[] = {
      {"releaseName", &flags.release_name},
      {"serviceAccountName", &flags.account},
      // As flux has it: where the release goes, unless it is told otherwise.
      {"storageNamespace", flags.storage_ns.empty() ? &flags.target_ns : &flags.storage_ns},
      {"targetNamespace", &flags.target_ns}};
  for (const auto& [name, text] : texts)
    if (!text->empty()) spec.set(name, *text);
  if (!flags.kubeconfig.empty())
    spec.set("kubeConfig",
             Value::object({{"secretRef", Value::object({{"name", flags.kubeconfig}})}}));
  if (!flags.crds.empty()) {
    if (flags.crds != "Skip" && flags.crds != "Create" && flags.crds != "CreateReplace")
      return make_error(Code::invalid, "invalid argument \"" + flags.crds +
                                           "\" for \"--crds\" flag: unsupported upgrade CRDs "
                                           "policy '" +
                                           flags.crds +
                                           "', must be one of: Skip, Create, CreateReplace");
    spec.set("install", Value::object({{"crds", "Create"}}));
    spec.set("upgrade", Value::object({{"crds", flags.crds}}));
  }
  if (flags.create_ns) spec.entry("install").set("createNamespace", true);
  WEIR_CHECK(add_values(flags, spec));
  return spec;
}

Result<void> create(ReleaseFlags& flags, const FluxKind& kind) {
  WEIR_CHECK(flags.connection.check());
  WEIR_TRY(Value spec, make_spec(flags));
  WEIR_TRY(const Value object, make_flux_object(flags, kind.gvk, std::move(spec)));
  if (flags.only_export) {
    print("---\n" + value::write_yaml(object, value::YamlStyle::helm));
    return {};
  }
  WEIR_CHECK(flags.connection.open());
  say_generating("generating HelmRelease");
  say_action("applying HelmRelease");
  WEIR_CHECK(put_object(flags, object, "HelmRelease"));
  say_waiting("waiting for HelmRelease reconciliation");
  WEIR_TRY(const Value ready, wait_for(flags.connection, ObjectId::of(object), ready_test));
  say_success("HelmRelease " + flags.name + " is ready");
  const Value& history = ready.path("status", "history");
  const std::string revision(history.empty() ? ready["status"]["lastAttemptedRevision"].get_string()
                                             : history.at(0)["chartVersion"].get_string());
  say_success("applied revision " + revision);
  return {};
}

}  // namespace

int run_create_release(const KindWords& words) {
  ReleaseFlags flags;
  Args args(words.usage, "Makes or replaces a HelmRelease and waits until it is ready.");
  flags.add_to(args);
  if (const auto ended = args.parse(words.argc, words.argv)) return *ended;
  const auto done = create(flags, *words.kind);
  return done.ok() ? 0 : failed(done.error());
}

}  // namespace weir::cli
