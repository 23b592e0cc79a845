#include "engine/helm/render_data.hh"

#include <algorithm>
#include <array>

#include "engine/base/digest.hh"
#include "engine/helm/file_glob.hh"
#include "engine/helm/text.hh"
#include "engine/template/format.hh"
#include "engine/template/function.hh"
#include "engine/template/functions/documents.hh"
#include "engine/value/yaml.hh"

namespace weir::helm {

namespace {

using tmpl::CallContext;
using tmpl::Datum;
using tmpl::Function;
using tmpl::Method;
using tmpl::Type;
namespace types = tmpl::types;

using Arguments = std::span<Datum>;

// --- Files: map[string][]byte with methods.

extern const Type files_type;

// Nothing where Go's marshalling fails.
std::string yaml_text(Value object) {
  if (!tmpl::pass_through_json(object)) return "";
  std::string text = value::write_yaml(object, value::YamlStyle::helm);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

// Go's path.Base: "." for an empty name.
std::string_view last_part(std::string_view path) {
  const std::string_view name = base::base_name(path);
  return name.empty() ? "." : name;
}

Datum file_bytes(const Datum& files, const Datum& name) {
  const Datum* found = files.find(name.as_string());
  return found ? *found : Datum::bytes("");
}

Datum files_get_bytes(CallContext&, Arguments arguments) {
  return file_bytes(arguments[0], arguments[1]);
}

Datum files_get(CallContext&, Arguments arguments) {
  return Datum::string(file_bytes(arguments[0], arguments[1]).as_string());
}

Datum files_glob(CallContext& context, Arguments arguments) {
  context.budget().use_steps(arguments[0].size());
  const FileGlob glob(arguments[1].as_string());
  const Datum out = Datum::map(files_type);
  for (const tmpl::MapEntry& entry : arguments[0].entries())
    if (glob.matches(entry.name())) out.set(entry.key, entry.value);
  return out;
}

template <typename Convert>
Datum files_as_yaml(CallContext& context, const Datum& files, Convert convert) {
  Value out = Value::object();
  for (const tmpl::MapEntry& entry : files.entries()) {
    context.budget().use_bytes(entry.value.size());
    out.set(last_part(entry.name()), convert(entry.value.as_string()));
  }
  return Datum::string(yaml_text(std::move(out)));
}

Datum files_as_config(CallContext& context, Arguments arguments) {
  return files_as_yaml(context, arguments[0], [](std::string_view text) { return Value(text); });
}

Datum files_as_secrets(CallContext& context, Arguments arguments) {
  return files_as_yaml(context, arguments[0],
                       [](std::string_view text) { return Value(base::base64_encode(text)); });
}

Datum files_lines(CallContext& context, Arguments arguments) {
  std::vector<Datum> lines;
  const Datum* found = arguments[0].find(arguments[1].as_string());
  if (found) {
    std::string_view text = found->as_string();
    context.budget().use_bytes(text.size());
    // Helm itself dies of an empty file here; one empty line is what the others would give.
    if (text.ends_with('\n')) text.remove_suffix(1);
    for (const std::string_view line : split(text, '\n')) lines.push_back(Datum::string(line));
  }
  return Datum::slice(std::move(lines), types::string_slice);
}

const Function get_bytes_function("GetBytes", files_get_bytes, {&types::string});
const Function get_function("Get", files_get, {&types::string});
const Function glob_function("Glob", files_glob, {&types::string});
const Function as_config_function("AsConfig", files_as_config, {});
const Function as_secrets_function("AsSecrets", files_as_secrets, {});
const Function lines_function("Lines", files_lines, {&types::string});

const Method files_methods[] = {
    {"GetBytes", &get_bytes_function},
    {"Get", &get_function},
    {"Glob", &glob_function},
    {"AsConfig", &as_config_function},
    {"AsSecrets", &as_secrets_function},
    {"Lines", &lines_function},
};
const Type bytes_map{tmpl::Kind::map, "map[string][]uint8", &types::bytes};
const Type files_type{tmpl::Kind::map, "engine.files", &types::bytes, &bytes_map, files_methods};

Datum files_datum(const Chart& chart) {
  Datum files = Datum::map(files_type);
  for (const ChartFile& file : chart.contents->files)
    files.set(file.name, Datum::shared_bytes(file.data));
  return files;
}

// --- common.Values: what .Values is, and the dot of a whole template.

Datum values_as_map(CallContext&, Arguments arguments) {
  return arguments[0].retyped(types::any_map);
}

Datum values_yaml(CallContext& context, Arguments arguments) {
  auto document = tmpl::to_value(arguments[0]);
  if (!document.ok()) throw tmpl::FunctionError{document.error().message};
  if (!tmpl::pass_through_json(*document))
    throw tmpl::FunctionError{"yaml: control characters are not allowed"};
  std::string text = value::write_yaml(*document, value::YamlStyle::helm);
  context.budget().use_bytes(text.size());
  return Datum::string(std::move(text));
}

extern const Type values_type;

// The table a dotted path leads to.
Datum table_at(const Datum& values, std::string_view path) {
  Datum found = values;
  for (const std::string_view step : split(path, '.')) {
    const Datum* next = found.find(step);
    if (!next || !next->is_map()) throw tmpl::FunctionError{tmpl::quoted(step) + " is not a table"};
    found = Datum(*next);
  }
  return found.retyped(values_type);
}

Datum values_table(CallContext&, Arguments arguments) {
  return table_at(arguments[0], arguments[1].as_string());
}

Datum values_path_value(CallContext&, Arguments arguments) {
  const std::string_view path = arguments[1].as_string();
  if (path.empty()) throw tmpl::FunctionError{"YAML path cannot be empty"};
  const std::size_t dot = path.rfind('.');
  const std::string_view key = dot == std::string_view::npos ? path : path.substr(dot + 1);
  Datum table = arguments[0];
  for (const std::string_view step :
       split(path.substr(0, dot == std::string_view::npos ? 0 : dot), '.')) {
    if (dot == std::string_view::npos) break;
    const Datum* next = table.find(step);
    table = next && next->is_map() ? Datum(*next) : Datum::map();
  }
  const Datum* found = table.find(key);
  if (!found || found->is_map()) throw tmpl::FunctionError{tmpl::quoted(key) + " is not a value"};
  return *found;
}

const Function as_map_function("AsMap", values_as_map, {});
const Function yaml_function("YAML", values_yaml, {});
const Function table_function("Table", values_table, {&types::string});
const Function path_value_function("PathValue", values_path_value, {&types::string});
const Method values_methods[] = {{"AsMap", &as_map_function},
                                 {"YAML", &yaml_function},
                                 {"Table", &table_function},
                                 {"PathValue", &path_value_function}};
const Type values_type{tmpl::Kind::map, "common.Values", &types::any, &types::any_map,
                       values_methods};

// --- Capabilities.

Datum versions_has(CallContext&, Arguments arguments) {
  const std::string_view wanted = arguments[1].as_string();
  for (const Datum& version : arguments[0].items())
    if (version.as_string() == wanted) return Datum::boolean(true);
  return Datum::boolean(false);
}

const Function has_function("Has", versions_has, {&types::string});
const Method version_set_methods[] = {{"Has", &has_function}};
const Type version_set_type{tmpl::Kind::slice, "common.VersionSet", &types::string,
                            &types::string_slice, version_set_methods};

// A struct of strings.
class StringStruct final : public tmpl::Object {
 public:
  StringStruct(const Type& type, std::span<const std::string_view> names,
               std::span<const std::string_view> json_names, std::vector<std::string> fields)
      : type_(type), names_(names), json_names_(json_names), fields_(std::move(fields)) {}

  const Type& type() const override { return type_; }
  std::span<const std::string_view> field_names() const override { return names_; }
  Datum field(std::size_t index) const override { return Datum::string(fields_[index]); }
  Result<Value> json() const override {
    Value out = Value::object();
    for (std::size_t i = 0; i < names_.size(); ++i) {
      std::string_view name = json_names_[i];
      if (name.empty()) continue;
      // A '?' stands for Go's omitempty.
      const bool optional = name.ends_with('?');
      if (optional) name.remove_suffix(1);
      if (!optional || !fields_[i].empty()) out.append_member(Value(name), Value(fields_[i]));
    }
    return out;
  }
  const std::string& at(std::size_t index) const { return fields_[index]; }

 private:
  const Type& type_;
  std::span<const std::string_view> names_;
  std::span<const std::string_view> json_names_;
  std::vector<std::string> fields_;
};

constexpr std::string_view kube_fields[] = {"Version", "normalizedVersion", "Major", "Minor"};
constexpr std::string_view kube_json[] = {"Version", "", "Major", "Minor"};
constexpr std::string_view helm_fields[] = {"Version", "GitCommit", "GitTreeState", "GoVersion",
                                            "KubeClientVersion"};
constexpr std::string_view helm_json[] = {"version", "git_commit?", "git_tree_state?",
                                          "go_version?", "kube_client_version"};

std::string kube_text(const Datum& version) {
  return static_cast<const StringStruct&>(version.as_object()).at(1);
}

Datum kube_git_version(CallContext&, Arguments arguments) {
  return Datum::string(static_cast<const StringStruct&>(arguments[0].as_object()).at(0));
}

Datum kube_string(CallContext&, Arguments arguments) {
  return Datum::string(kube_text(arguments[0]));
}

const Function git_version_function("GitVersion", kube_git_version, {});
const Function string_function("String", kube_string, {});
const Method kube_methods[] = {{"GitVersion", &git_version_function}, {"String", &string_function}};
const Type kube_type{tmpl::Kind::struct_, "common.KubeVersion", nullptr, nullptr,
                     kube_methods,        kube_text,            false,   true};
const Type helm_type{tmpl::Kind::struct_, "version.BuildInfo"};

class CapabilitiesObject final : public tmpl::Object {
 public:
  explicit CapabilitiesObject(const Capabilities& capabilities) {
    const KubeVersion& kube = capabilities.kube_version;
    const HelmVersion& helm = capabilities.helm_version;
    fields_[0] = tmpl::make_object<StringStruct>(
        kube_type, kube_fields, kube_json,
        std::vector<std::string>{kube.version, kube.normalized, kube.major, kube.minor});
    std::vector<Datum> versions;
    versions.reserve(capabilities.api_versions.size());
    for (const std::string& version : capabilities.api_versions)
      versions.push_back(Datum::string(version));
    fields_[1] = Datum::slice(std::move(versions), version_set_type);
    fields_[2] = tmpl::make_object<StringStruct>(
        helm_type, helm_fields, helm_json,
        std::vector<std::string>{helm.version, helm.git_commit, helm.git_tree_state,
                                 helm.go_version, helm.kube_client_version});
  }

  const Type& type() const override { return own_type; }
  std::span<const std::string_view> field_names() const override { return names; }
  Datum field(std::size_t index) const override { return fields_[index]; }

 private:
  static constexpr std::string_view names[] = {"KubeVersion", "APIVersions", "HelmVersion"};
  static constexpr Type struct_type{tmpl::Kind::struct_, "common.Capabilities"};
  static constexpr Type own_type{tmpl::Kind::pointer, "*common.Capabilities", &struct_type};

  std::array<Datum, 3> fields_;
};

// --- Maps.

Datum strings_datum(const std::vector<std::string>& texts) {
  std::vector<Datum> items;
  for (const std::string& text : texts) items.push_back(Datum::string(text));
  return Datum::slice(std::move(items));
}

Datum dependency_datum(const Dependency& dependency) {
  Datum out = Datum::map();
  out.set("Alias", Datum::string(dependency.alias));
  out.set("Condition", Datum::string(dependency.condition));
  out.set("Enabled", Datum::boolean(dependency.enabled));
  std::vector<Datum> imports;
  for (const Value& item : dependency.import_values) {
    Datum pair = Datum::map(types::string_map);
    for (const value::Member& member : item.members())
      pair.set(member.name(), Datum::string(member.value.get_string()));
    imports.push_back(std::move(pair));
  }
  out.set("ImportValues", Datum::slice(std::move(imports)));
  out.set("Name", Datum::string(dependency.name));
  out.set("Repository", Datum::string(dependency.repository));
  out.set("Tags", strings_datum(dependency.tags));
  out.set("Version", Datum::string(dependency.version));
  return out;
}

Datum maintainer_datum(const Maintainer& maintainer) {
  Datum out = Datum::map();
  out.set("Email", Datum::string(maintainer.email));
  out.set("Name", Datum::string(maintainer.name));
  out.set("URL", Datum::string(maintainer.url));
  return out;
}

template <typename T>
Datum list_of(const std::vector<T>& items, Datum (*convert)(const T&)) {
  std::vector<Datum> out;
  for (const T& item : items) out.push_back(convert(item));
  return Datum::slice(std::move(out));
}

Datum chart_datum(const Chart& chart) {
  const Metadata& from = chart.metadata;
  Datum annotations = Datum::zero(types::string_map);
  if (from.annotations.is_object()) {
    annotations = Datum::map(types::string_map);
    for (const value::Member& member : from.annotations.members())
      annotations.set(member.name(), Datum::string(member.value.get_string()));
  }
  Datum out = Datum::map();
  out.set("APIVersion", Datum::string(from.api_version));
  out.set("Annotations", std::move(annotations));
  out.set("AppVersion", Datum::string(from.app_version));
  out.set("Condition", Datum::string(from.condition));
  out.set("Dependencies", list_of(from.dependencies, dependency_datum));
  out.set("Deprecated", Datum::boolean(from.deprecated));
  out.set("Description", Datum::string(from.description));
  out.set("Home", Datum::string(from.home));
  out.set("Icon", Datum::string(from.icon));
  out.set("IsRoot", Datum::boolean(chart.parent == nullptr));
  out.set("Keywords", strings_datum(from.keywords));
  out.set("KubeVersion", Datum::string(from.kube_version));
  out.set("Maintainers", list_of(from.maintainers, maintainer_datum));
  out.set("Name", Datum::string(from.name));
  out.set("Sources", strings_datum(from.sources));
  out.set("Tags", Datum::string(from.tags));
  out.set("Type", Datum::string(from.type));
  out.set("Version", Datum::string(from.version));
  return out;
}

Datum release_datum(const ReleaseOptions& release) {
  Datum out = Datum::map();
  out.set("IsInstall", Datum::boolean(!release.is_upgrade));
  out.set("IsUpgrade", Datum::boolean(release.is_upgrade));
  out.set("Name", Datum::string(release.name));
  out.set("Namespace", Datum::string(release.ns));
  out.set("Revision", Datum::integer(release.revision));
  out.set("Service", Datum::string("Helm"));
  return out;
}

// The values of a subchart within its parent's; a dot in its name is a step of the path.
Datum values_below(const Datum& values, std::string_view name) {
  Datum found = values;
  for (const std::string_view step : split(name, '.')) {
    const Datum* next = found.find(step);
    if (!next || !next->is_map()) return Datum::map();
    found = Datum(*next);
  }
  return found;
}

struct Shared {
  Datum release;
  Datum capabilities;
};

Datum collect(const Chart& chart, const Datum& values, const Shared& shared, Renderables& out) {
  Datum data = Datum::map();
  const Datum subcharts = Datum::map();
  data.set("Capabilities", shared.capabilities);
  data.set("Chart", chart_datum(chart));
  data.set("Files", files_datum(chart));
  data.set("Release", shared.release);
  data.set("Subcharts", subcharts);
  data.set("Values", values.retyped(values_type));
  for (const Chart* below : chart.dependencies)
    subcharts.set(below->name(), collect(*below, values_below(values, below->name()), shared, out));
  const std::string path = chart.full_path();
  const bool library = chart.metadata.is_library();
  for (const ChartFile& file : chart.contents->templates) {
    if (library && !base::base_name(file.name).starts_with('_')) continue;
    out[path + "/" + file.name] = {file.data, data.retyped(values_type), path + "/templates"};
  }
  return data;
}

}  // namespace

Datum to_datum(const Table& table) {
  Datum out = Datum::map();
  out.reserve(table.entries().size());
  for (const Table::Entry& entry : table.entries())
    out.set(entry.name(), entry.slot.table
                              ? to_datum(*entry.slot.table)
                              : tmpl::from_value(entry.slot.value, tmpl::Numbers::keep));
  return out;
}

Datum template_datum(std::string_view name, std::string_view base_path) {
  Datum out = Datum::map();
  out.set("BasePath", Datum::string(base_path));
  out.set("Name", Datum::string(name));
  return out.retyped(values_type);
}

Renderables make_renderables(const Chart& root, const Table& values, const ReleaseOptions& release,
                             const Capabilities& capabilities) {
  Renderables out;
  collect(root, to_datum(values),
          {release_datum(release), tmpl::make_object<CapabilitiesObject>(capabilities)}, out);
  return out;
}

}  // namespace weir::helm
