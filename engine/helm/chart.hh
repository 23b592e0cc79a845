// A chart as Helm holds it: metadata, templates, files, default values, schema, and the charts
// below it. Loading gives a ChartSet, which owns a whole tree of charts; rendering works on a copy
// of it, because dependencies are renamed, dropped and given values on the way.
//
// Contents (templates, files, schema) are immutable and shared between copies. A ChartSet is used
// by one thread at a time; copying one that nobody changes is safe from several.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file_tree.hh"
#include "engine/base/result.hh"
#include "engine/helm/table.hh"
#include "engine/value/value.hh"

namespace weir::helm {

struct DecodeFault;

struct ChartFile {
  std::string name;  // relative to its chart: "templates/web.yaml"
  base::FileBytes data;
  std::int64_t modified = 0;  // seconds since 1970; 0 when unknown
};

struct Maintainer {
  std::string name;
  std::string email;
  std::string url;
};

// An entry of `dependencies` in Chart.yaml.
struct Dependency {
  std::string name;
  std::string version;
  std::string repository;
  std::string condition;
  std::vector<std::string> tags;
  bool enabled = false;
  std::vector<Value> import_values;  // strings, or objects with child and parent
  std::string alias;
};

// Chart.yaml.
struct Metadata {
  std::string name;
  std::string home;
  std::vector<std::string> sources;
  std::string version;
  std::string description;
  std::vector<std::string> keywords;
  std::vector<Maintainer> maintainers;
  std::string icon;
  std::string api_version;
  std::string condition;
  std::string tags;
  std::string app_version;
  bool deprecated = false;
  Value annotations;  // an object of strings, or null
  std::string kube_version;
  // Go tells a list that is missing from an empty one: only then are dependencies processed.
  bool has_dependencies = false;
  std::vector<Dependency> dependencies;
  std::string type;

  // Reads the fields that `document` has over those that stand here. Error: invalid, with the
  // texts of Go's decoders, whose types are of the package `types`.
  Result<void> read(const Value& document, std::string_view types = "v2");
  // Cleans the text fields and checks all of them, as Helm does. Error: invalid ("validation:
  // chart.metadata.name is required").
  Result<void> validate();
  // As it stands in a release record; empty fields are left out.
  Value to_json() const;
  bool is_library() const;

 private:
  std::size_t null_maintainers_ = 0;
  std::size_t null_dependencies_ = 0;
};

// One entry of `dependencies`, of Chart.yaml or a lock. The first field of a wrong type is `fault`.
Dependency read_dependency(const Value& source, std::optional<DecodeFault>& fault);
Value dependency_json(const Dependency& dependency);

struct ChartContents {
  std::vector<ChartFile> templates;  // in the order of the chart's folder
  std::vector<ChartFile> files;      // what is neither template, metadata, values, schema nor chart
  base::FileBytes schema;            // nullptr without a values.schema.json
  std::int64_t modified = 0;
  std::int64_t schema_modified = 0;
  Value lock;  // Chart.lock or requirements.lock as a release record has it, or null
};

struct Chart {
  Metadata metadata;
  TablePtr values;  // nullptr without a values.yaml
  std::shared_ptr<const ChartContents> contents;
  Chart* parent = nullptr;
  std::vector<Chart*> dependencies;

  const std::string& name() const { return metadata.name; }
  // "root/charts/sub".
  std::string full_path() const;
};

class ChartSet {
 public:
  ChartSet() = default;
  ChartSet(ChartSet&&) = default;
  ChartSet& operator=(ChartSet&&) = default;
  ChartSet(const ChartSet&) = delete;
  ChartSet& operator=(const ChartSet&) = delete;

  Chart& root() const { return *root_; }
  // A new chart that belongs to this set: empty, or a copy that shares its dependencies' list.
  // Error: limit (helm_charts_max).
  Result<Chart*> add(const Chart& chart = {});
  void set_root(Chart* chart) { root_ = chart; }
  // A tree of its own, values copied. Error: limit.
  Result<ChartSet> copy() const;

 private:
  std::vector<std::unique_ptr<Chart>> charts_;
  Chart* root_ = nullptr;
};

// A file of crds/, with the path it is known by: "root/charts/sub/crds/a.yaml".
struct CrdFile {
  std::string path;
  const ChartFile* file;
};
// The chart's own, then those of its dependencies, in order.
std::vector<CrdFile> crd_files(const Chart& chart);

// A name no dependency stands for is missing from charts/: the error Helm stops with, in the words
// of 4.1 when asked for.
Result<void> check_dependencies(const Chart& chart, bool old_words = false);
// Whether `version` is in the range; false when either cannot be read.
bool is_compatible_range(std::string_view range, std::string_view version);

}  // namespace weir::helm
