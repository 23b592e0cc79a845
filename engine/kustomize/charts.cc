#include "engine/kustomize/charts.hh"

#include <array>

#include "engine/value/strategic_merge.hh"
#include "engine/value/yaml.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::EntryType;
using base::make_error;

constexpr std::array<std::string_view, 3> merge_rules = {"merge", "override", "replace"};

// Values have no types: their maps merge, their lists are replaced.
class NoTypes final : public value::MergeSchemaSource {
 public:
  const value::MergeSchema* find(std::string_view, std::string_view) const override {
    return nullptr;
  }
};

// An entry's chart: where its folder is written to stand, and where it was found.
class Chart {
 public:
  Chart(const Value& entry, const Loader& loader) : entry_(entry), loader_(loader) {
    home_ = text("chartHome").empty() ? "charts" : text("chartHome");
    if (!text("version").empty() && !text("repo").empty())
      home_ += "/" + text("name") + "-" + text("version");
  }

  // Errors: not_found, and those of the pull.
  Result<void> find(ChartInflator& charts) {
    const std::string written = home_ + "/" + text("name");
    const std::string absolute =
        home_.starts_with('/') ? written : "/" + loader_.directory() + "/" + written;
    path_ = base::clean_path(absolute).value_or("/").substr(1);
    tree_ = &loader_.tree();
    directory_ = path_;
    if (tree_->stat(path_) == EntryType::directory) return {};
    if (text("repo").empty()) {
      const std::string shown = loader_.root() + "/" + written;
      return make_error(Code::not_found,
                        "no repo specified for pull, no chart found at '" +
                            base::clean_path(home_.starts_with('/') ? written : shown)
                                .value_or(written) +
                            "'");
    }
    WEIR_TRY(pulled_, charts.pull({text("name"), text("version"), text("repo"),
                                   entry_["devel"].get_bool()}));
    tree_ = pulled_.get();
    directory_ = text("name");
    return {};
  }

  // The values file that takes the place of the chart's own.
  Result<base::FileBytes> load_values() const {
    const std::string given = text("valuesFile");
    const std::string path = given.empty() ? home_ + "/" + text("name") + "/values.yaml" : given;
    if (pulled_ != nullptr) {
      // The reference tool has written the chart below chartHome by now.
      const std::string full =
          base::join_path("/" + loader_.directory(), path).value_or("/").substr(1);
      if (full.starts_with(path_ + "/"))
        return pulled_->read(directory_ + full.substr(path_.size()));
    }
    return loader_.load(path);
  }

  const base::FileTree& tree() const { return *tree_; }
  const std::string& directory() const { return directory_; }
  std::string text(std::string_view field) const { return std::string(entry_[field].get_string()); }

 private:
  const Value& entry_;
  const Loader& loader_;
  std::string home_;  // as written, with the folder of the version
  std::string path_;  // the chart's folder in the loader's tree, there or not
  std::shared_ptr<const base::FileTree> pulled_;
  const base::FileTree* tree_ = nullptr;
  std::string directory_;  // in *tree_
};

// valuesInline over the values file (override), under it (merge) or in its place.
Result<std::string> merged_values(const Chart& chart, const Value& entry) {
  const Value& inlined = entry["valuesInline"];
  const std::string rule = chart.text("valuesMerge");
  if (!inlined.empty() && rule == "replace")
    return value::write_yaml(inlined, value::YamlStyle::helm);
  WEIR_TRY(const base::FileBytes bytes, chart.load_values());
  if (inlined.empty()) return std::string(*bytes);
  auto documents = value::parse_yaml_documents(
      *bytes, {value::YamlDialect::kustomize, {}, true, nullptr});
  if (!documents.ok())
    return std::move(documents).error().with_context("could not parse values file into rnode");
  if (documents->empty()) documents->emplace_back();
  Value below = std::move(documents->front().value);
  Value above = inlined;
  if (rule == "merge") std::swap(below, above);
  if (below.is_null()) below = Value::object();
  if (!above.is_null()) {
    WEIR_CHECK(value::apply_strategic_merge(below, above, NoTypes())
                   .with_context("could not merge values"));
  }
  return value::write_yaml(below, value::YamlStyle::helm);
}

std::vector<std::string> strings(const Value& list) {
  std::vector<std::string> result;
  for (const Value& item : list.items()) result.emplace_back(item.get_string());
  return result;
}

}  // namespace

Result<void> check_chart(const Value& chart, const Loader& loader, const BuildOptions& options) {
  if (!options.enable_helm || options.charts == nullptr)
    return make_error(Code::unsupported, "must specify --enable-helm");
  if (chart["name"].get_string().empty())
    return make_error(Code::invalid, "chart name cannot be empty");
  for (const Value& file : chart["additionalValuesFiles"].items()) {
    WEIR_CHECK(loader.load(file.get_string()).with_context("could not load additionalValuesFile"));
  }
  const std::string_view rule = chart["valuesMerge"].get_string();
  for (const std::string_view known : merge_rules) {
    if (rule.empty() || rule == known) return {};
  }
  return make_error(Code::invalid, "valuesMerge must be one of [merge override replace]");
}

Result<std::string> inflate_chart(const Value& entry, const Loader& loader,
                                  const BuildOptions& options) {
  Chart chart(entry, loader);
  WEIR_CHECK(chart.find(*options.charts));
  ChartRequest request;
  request.directory = chart.directory();
  request.release_name = chart.text("releaseName");
  request.name_template = chart.text("nameTemplate");
  request.ns = chart.text("namespace");
  request.kube_version = chart.text("kubeVersion");
  if (request.kube_version.empty()) request.kube_version = options.helm_kube_version;
  request.api_versions = strings(entry["apiVersions"]);
  if (request.api_versions.empty()) request.api_versions = options.helm_api_versions;
  request.include_crds = entry["includeCRDs"].get_bool();
  request.skip_hooks = entry["skipHooks"].get_bool();
  request.skip_tests = entry["skipTests"].get_bool();
  WEIR_TRY(std::string values, merged_values(chart, entry));
  request.values.push_back(std::move(values));
  for (const Value& file : entry["additionalValuesFiles"].items()) {
    WEIR_TRY(const base::FileBytes bytes, loader.load(file.get_string()));
    request.values.emplace_back(*bytes);
  }
  return options.charts->inflate(chart.tree(), request);
}

}  // namespace weir::kustomize
