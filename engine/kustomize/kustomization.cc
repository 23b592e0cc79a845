#include "engine/kustomize/kustomization.hh"

#include <algorithm>
#include <array>

#include "engine/kustomize/shape.hh"
#include "engine/kustomize/resource_reader.hh"
#include "engine/value/yaml.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

constexpr std::string_view kustomization_version = "kustomize.config.k8s.io/v1beta1";
constexpr std::string_view component_version = "kustomize.config.k8s.io/v1alpha1";

struct Deprecation {
  std::string_view field;
  std::string_view replacement;
  bool experimental;
};

constexpr std::array deprecations = {
    Deprecation{"bases", "resources", false},
    Deprecation{"commonLabels", "labels", false},
    Deprecation{"imageTags", "images", false},
    Deprecation{"patchesJson6902", "patches", false},
    Deprecation{"patchesStrategicMerge", "patches", false},
    Deprecation{"vars", "replacements", true},
};

// Moves the items of one list behind those of another.
void move_items(Value& fields, std::string_view from, std::string_view to) {
  const Value* items = fields.find(from);
  if (items == nullptr) return;
  const Value moved = *items;
  fields.erase(from);
  Value& list = fields.entry(to);
  if (list.is_null()) list = Value::array();
  for (const Value& item : moved.items()) list.push_back(item);
}

// An entry of helmChartInflationGenerator as helmCharts and helmGlobals know it.
void convert_charts(Value& fields) {
  const Value* old = fields.find("helmChartInflationGenerator");
  if (old == nullptr) return;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> names = {{
      {"chartName", "name"},
      {"chartVersion", "version"},
      {"chartRepoUrl", "repo"},
      {"values", "valuesFile"},
      {"valuesLocal", "valuesInline"},
      {"valuesMerge", "valuesMerge"},
      {"releaseName", "releaseName"},
      {"releaseNamespace", "namespace"},
  }};
  const Value charts = *old;
  fields.erase("helmChartInflationGenerator");
  Value globals = Value::object();
  for (const Value& chart : charts.items()) {
    Value converted = Value::object();
    for (const auto& [from, to] : names) {
      if (chart.contains(from)) converted.set(to, chart[from]);
    }
    if (chart.contains("chartHome")) globals.set("chartHome", chart["chartHome"]);
    if (chart.contains("helmHome")) globals.set("configHome", chart["helmHome"]);
    fields.entry("helmCharts").push_back(std::move(converted));
  }
  if (!fields.contains("helmGlobals") && !globals.empty())
    fields.set("helmGlobals", std::move(globals));
}

bool is_empty(const Value& fields) {
  return std::all_of(fields.members().begin(), fields.members().end(),
                     [](const value::Member& member) {
                       return member.name() == "kind" || member.name() == "apiVersion" ||
                              (member.value.is_string() && member.value.as_string().empty());
                     });
}

Result<void> check_type(const Value& fields, const std::string& directory) {
  const std::string kind(fields["kind"].get_string());
  std::string problems;
  if (kind != kustomization_kind && kind != component_kind) {
    problems = "kind should be Kustomization or Component";
  }
  const std::string_view wanted =
      kind == component_kind ? component_version : kustomization_version;
  if (fields["apiVersion"].get_string() != wanted) {
    if (!problems.empty()) problems += "\n";
    problems += "apiVersion for " + kind + " should be " + std::string(wanted);
  }
  if (problems.empty()) return {};
  return make_error(Code::invalid,
                    "Failed to read kustomization file under " + directory + ":\n" + problems);
}

}  // namespace

const std::vector<std::string>& kustomization_file_names() {
  static const std::vector<std::string> names = {"kustomization.yaml", "kustomization.yml",
                                                 "Kustomization"};
  return names;
}

bool Kustomization::has_metadata_option(std::string_view option) const {
  const auto items = fields["buildMetadata"].items();
  return std::any_of(items.begin(), items.end(),
                     [&](const Value& item) { return item.get_string() == option; });
}

Result<Value> decode_kustomization(std::string_view text, std::vector<std::string>& warnings) {
  value::YamlOptions options;
  options.dialect = value::YamlDialect::helm;
  options.first_document_only = true;
  Result<std::vector<value::YamlDocument>> documents = value::parse_yaml_documents(text, options);
  if (!documents.ok())
    return malformed_yaml(std::move(documents).error(), "invalid Kustomization: yaml: ", text);
  Value fields = documents->empty() ? Value() : std::move(documents->front().value);
  WEIR_CHECK(check_shape(fields, kustomization_shape()).with_context("invalid Kustomization"));
  for (const Deprecation& old : deprecations) {
    if (!fields.contains(old.field)) continue;
    warnings.push_back("# Warning: '" + std::string(old.field) + "' is deprecated. Please use '" +
                       std::string(old.replacement) + "' instead. " +
                       (old.experimental ? "[EXPERIMENTAL] " : "") +
                       "Run 'kustomize edit fix' to update your Kustomization automatically.");
  }
  if (fields["kind"].get_string().empty()) fields.set("kind", Value(kustomization_kind));
  if (fields["apiVersion"].get_string().empty()) {
    const bool component = fields["kind"].get_string() == component_kind;
    fields.set("apiVersion", Value(component ? component_version : kustomization_version));
  }
  move_items(fields, "bases", "resources");
  move_items(fields, "imageTags", "images");
  convert_charts(fields);
  return fields;
}

Result<Kustomization> load_kustomization(const Loader& loader, std::vector<std::string>& warnings) {
  Kustomization result;
  base::FileBytes bytes;
  for (const std::string& name : kustomization_file_names()) {
    Result<base::FileBytes> found = loader.load(name);
    if (!found.ok()) {
      if (found.error().code == Code::limit || found.error().code == Code::io)
        return std::move(found).error();
      continue;
    }
    if (bytes != nullptr) {
      return make_error(Code::invalid,
                        "Found multiple kustomization files under: " + loader.root() + "\n");
    }
    bytes = *std::move(found);
    result.file_name = name;
  }
  if (bytes == nullptr) {
    return make_error(
        Code::not_found,
        "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in "
        "directory '" +
            loader.root() + "'");
  }
  WEIR_TRY(result.fields, decode_kustomization(*bytes, warnings));
  if (is_empty(result.fields)) return make_error(Code::invalid, "kustomization.yaml is empty");
  WEIR_CHECK(check_type(result.fields, loader.root()));
  return result;
}

}  // namespace weir::kustomize
