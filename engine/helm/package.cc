#include "engine/helm/package.hh"

#include "engine/base/semver.hh"
#include "engine/base/targz.hh"
#include "engine/helm/go_yaml.hh"
#include "engine/value/yaml.hh"

namespace weir::helm {
namespace {

value::YamlOptions helm_yaml() {
  value::YamlOptions options;
  options.dialect = value::YamlDialect::helm;
  return options;
}

void replace_file(std::vector<ChartFile>& files, std::string_view name, std::string text) {
  auto data = std::make_shared<const std::string>(std::move(text));
  for (ChartFile& file : files)
    if (file.name == name) {
      file.data = std::move(data);
      return;
    }
  files.push_back({std::string(name), std::move(data), 0});
}

}  // namespace

const ChartFile* find_file(const std::vector<ChartFile>& files, std::string_view name) {
  for (const ChartFile& file : files)
    if (file.name == name) return &file;
  return nullptr;
}

Result<Metadata> read_metadata(const std::vector<ChartFile>& files) {
  const ChartFile* file = find_file(files, "Chart.yaml");
  if (file == nullptr) return make_error(Code::not_found, "Chart.yaml file is missing");
  WEIR_TRY(const Value document,
           read_go_yaml(*file->data).with_context("cannot load 'Chart.yaml'"));
  Metadata metadata;
  WEIR_CHECK(metadata.read(document).with_context("cannot load 'Chart.yaml'"));
  if (metadata.api_version.empty()) metadata.api_version = "v1";
  WEIR_CHECK(metadata.validate());
  return metadata;
}

Result<std::string> with_version_metadata(const std::string& version, const std::string& metadata) {
  auto parsed = base::Version::parse(version);
  if (!parsed.ok())
    return std::move(parsed).error().with_context(
        "failed to parse version from chart metadata as SemVer");
  parsed->metadata = metadata;
  return parsed->to_string();
}

Result<Value> parse_values_file(std::string_view text, const std::string& name) {
  const std::string context = "unmarshaling values from '" + name + "' failed";
  WEIR_TRY(Value document, read_go_yaml(text).with_context(context));
  if (document.is_null()) return Value::object();
  if (document.is_object()) return document;
  std::optional<DecodeFault> fault;
  StructReader(document, "", "", fault).mismatch("", document, "map[string]interface {}");
  return decode_error(fault->text).with_context(context);
}

void merge_values_files(Value& base, const Value& over) {
  for (const auto& member : over.members()) {
    Value* below = base.find_mut(member.name());
    if (below != nullptr && below->is_object() && member.value.is_object()) {
      merge_values_files(*below, member.value);
    } else {
      base.set(member.name(), member.value);
    }
  }
}

Result<void> rename_chart(std::vector<ChartFile>& files, const std::string& name) {
  const ChartFile* file = find_file(files, "Chart.yaml");
  if (file == nullptr) return make_error(Code::not_found, "Chart.yaml file is missing");
  WEIR_TRY(Value document, value::parse_yaml(*file->data, helm_yaml()));
  document.set("name", name);
  replace_file(files, "Chart.yaml", value::write_yaml(document, value::YamlStyle::ordered));
  return {};
}

Result<std::string> package_chart(const std::string& name, std::vector<ChartFile> files,
                                  const PackageEdits& edits) {
  if (!edits.version.empty()) {
    const ChartFile* file = find_file(files, "Chart.yaml");
    if (file == nullptr) return make_error(Code::not_found, "Chart.yaml file is missing");
    WEIR_TRY(Value document, value::parse_yaml(*file->data, helm_yaml()));
    if (document["version"].get_string() != edits.version) {
      document.set("version", edits.version);
      replace_file(files, "Chart.yaml", value::write_yaml(document, value::YamlStyle::ordered));
    }
  }
  if (edits.values)
    replace_file(files, "values.yaml", value::write_yaml(*edits.values, value::YamlStyle::helm));
  base::MemoryFileTree tree;
  for (const ChartFile& file : files) {
    const auto path = base::join_path(name, file.name);
    if (!path || !path->starts_with(name + "/"))
      return make_error(Code::invalid, "chart file " + file.name + " leaves its chart");
    tree.add(*path, file.data);
  }
  return base::pack_targz(tree);
}

}  // namespace weir::helm
