#include <algorithm>
#include <set>
#include <utility>

#include "engine/base/file_tree.hh"
#include "engine/base/semver.hh"
#include "engine/helm/chart.hh"
#include "engine/helm/go_yaml.hh"
#include "engine/helm/text.hh"
#include "engine/template/format.hh"

namespace weir::helm {

namespace {

Error validation(const std::string& what) {
  return make_error(Code::invalid, "validation: " + what);
}

bool is_alias(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

// filepath.Base, which takes trailing slashes off.
std::string_view go_base(std::string_view path) {
  if (path.empty()) return ".";
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  return path == "/" || slash == std::string_view::npos ? path : path.substr(slash + 1);
}

Maintainer read_maintainer(const Value& source, std::optional<DecodeFault>& fault) {
  Maintainer out;
  StructReader reader(source, "Maintainer", "maintainers", fault);
  reader.read("name", out.name);
  reader.read("email", out.email);
  reader.read("url", out.url);
  return out;
}

// Items are read one after the other: the first fault of them is that of the list.
template <typename Read>
void read_items(const Value& list, std::size_t& nulls, std::optional<DecodeFault>& fault,
                const Read& read) {
  std::optional<DecodeFault> first;
  nulls = 0;
  for (const Value& item : list.items()) {
    if (item.is_null()) {
      ++nulls;
      continue;
    }
    std::optional<DecodeFault> own;
    read(item, own);
    if (!first) first = std::move(own);
  }
  if (first && (!fault || first->path < fault->path)) fault = std::move(first);
}

void add(Value& out, std::string_view key, const std::string& text) {
  if (!text.empty()) out.append_member(Value(key), Value(text));
}

void add(Value& out, std::string_view key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  Value list = Value::array();
  for (const std::string& text : texts) list.push_back(Value(text));
  out.append_member(Value(key), std::move(list));
}

Result<void> validate_dependencies(std::vector<Dependency>& dependencies) {
  std::set<std::string> keys;
  for (Dependency& dependency : dependencies) {
    for (std::string* field :
         {&dependency.name, &dependency.version, &dependency.repository, &dependency.condition})
      *field = sanitize(*field);
    for (std::string& tag : dependency.tags) tag = sanitize(tag);
    if (!is_alias(dependency.alias))
      return validation("dependency " + tmpl::quoted(dependency.name) +
                        " has disallowed characters in the alias");
    const std::string& key = dependency.alias.empty() ? dependency.name : dependency.alias;
    if (!keys.insert(key).second)
      return validation("more than one dependency with name or alias " + tmpl::quoted(key));
  }
  return {};
}

// Fields that the source has not stay.
void read_over(Dependency& out, const Value& source, std::optional<DecodeFault>& fault) {
  StructReader reader(source, "Dependency", "dependencies", fault);
  reader.read("name", out.name);
  reader.read("version", out.version);
  reader.read("repository", out.repository);
  reader.read("condition", out.condition);
  reader.read("tags", out.tags);
  reader.read("enabled", out.enabled);
  if (const Value* imports = reader.list("import-values", "interface {}"))
    out.import_values.assign(imports->items().begin(), imports->items().end());
  reader.read("alias", out.alias);
}

}  // namespace

Dependency read_dependency(const Value& source, std::optional<DecodeFault>& fault) {
  Dependency out;
  read_over(out, source, fault);
  return out;
}

Value dependency_json(const Dependency& dependency) {
  Value out = Value::object();
  out.append_member("name", Value(dependency.name));
  add(out, "version", dependency.version);
  out.append_member("repository", Value(dependency.repository));
  add(out, "condition", dependency.condition);
  add(out, "tags", dependency.tags);
  if (dependency.enabled) out.append_member("enabled", true);
  if (!dependency.import_values.empty()) {
    Value list = Value::array();
    for (const Value& item : dependency.import_values) list.push_back(item);
    out.append_member("import-values", std::move(list));
  }
  add(out, "alias", dependency.alias);
  return out;
}

Result<void> Metadata::read(const Value& document, std::string_view types) {
  if (document.is_null()) return {};
  std::optional<DecodeFault> fault;
  StructReader reader(document, "Metadata", "", fault);
  const std::string metadata_type = std::string(types) + ".Metadata";
  const std::string maintainer_type = std::string(types) + ".Maintainer";
  const std::string dependency_type = std::string(types) + ".Dependency";
  if (!document.is_object()) reader.mismatch("", document, metadata_type);
  reader.read("name", name);
  reader.read("home", home);
  reader.read("sources", sources);
  reader.read("version", version);
  reader.read("description", description);
  reader.read("keywords", keywords);
  const auto no_object = [&](std::string_view field, const Value& item, std::string_view wanted,
                             std::optional<DecodeFault>& own) {
    if (!item.is_object())
      StructReader(document, "Metadata", "", own).mismatch(field, item, wanted);
    return !item.is_object();
  };
  if (const Value* list = reader.list("maintainers", "*" + maintainer_type)) {
    maintainers.clear();
    read_items(*list, null_maintainers_, fault, [&](const Value& item, auto& own) {
      if (no_object("maintainers", item, maintainer_type, own)) return;
      maintainers.push_back(read_maintainer(item, own));
    });
  }
  reader.read("icon", icon);
  reader.read("apiVersion", api_version);
  reader.read("condition", condition);
  reader.read("tags", tags);
  reader.read("appVersion", app_version);
  reader.read("deprecated", deprecated);
  reader.read_string_map("annotations", annotations);
  reader.read("kubeVersion", kube_version);
  if (const Value* list = reader.list("dependencies", "*" + dependency_type)) {
    has_dependencies = true;
    // A second file with such a list is read over the first one's, entry by entry.
    std::vector<Dependency> former = std::exchange(dependencies, {});
    former.resize(std::max(former.size(), list->size()));
    read_items(*list, null_dependencies_, fault, [&](const Value& item, auto& own) {
      if (no_object("dependencies", item, dependency_type, own)) return;
      Dependency& entry = dependencies.emplace_back(std::move(former[dependencies.size()]));
      read_over(entry, item, own);
    });
  }
  reader.read("type", type);
  if (fault) return decode_error(fault->text);
  return {};
}

Result<void> Metadata::validate() {
  for (std::string* field :
       {&name, &description, &home, &icon, &condition, &tags, &app_version, &kube_version})
    *field = sanitize(*field);
  for (std::string& source : sources) source = sanitize(source);
  for (std::string& keyword : keywords) keyword = sanitize(keyword);
  if (api_version.empty()) return validation("chart.metadata.apiVersion is required");
  if (name.empty()) return validation("chart.metadata.name is required");
  if (name == "." || name == "..")
    return validation("chart.metadata.name " + tmpl::quoted(name) + " is not allowed");
  if (name != go_base(name))
    return validation("chart.metadata.name " + tmpl::quoted(name) + " is invalid");
  if (version.empty()) return validation("chart.metadata.version is required");
  if (!base::Version::parse(version).ok())
    return validation("chart.metadata.version " + tmpl::quoted(version) + " is invalid");
  if (!type.empty() && type != "application" && type != "library")
    return validation("chart.metadata.type must be application or library");
  if (null_maintainers_ > 0) return validation("maintainers must not contain empty or null nodes");
  for (Maintainer& maintainer : maintainers)
    for (std::string* field : {&maintainer.name, &maintainer.email, &maintainer.url})
      *field = sanitize(*field);
  if (null_dependencies_ > 0)
    return validation("dependencies must not contain empty or null nodes");
  return validate_dependencies(dependencies);
}

Value Metadata::to_json() const {
  Value out = Value::object();
  add(out, "name", name);
  add(out, "home", home);
  add(out, "sources", sources);
  add(out, "version", version);
  add(out, "description", description);
  add(out, "keywords", keywords);
  if (!maintainers.empty()) {
    Value list = Value::array();
    for (const Maintainer& maintainer : maintainers) {
      Value item = Value::object();
      add(item, "name", maintainer.name);
      add(item, "email", maintainer.email);
      add(item, "url", maintainer.url);
      list.push_back(std::move(item));
    }
    out.append_member("maintainers", std::move(list));
  }
  add(out, "icon", icon);
  add(out, "apiVersion", api_version);
  add(out, "condition", condition);
  add(out, "tags", tags);
  add(out, "appVersion", app_version);
  if (deprecated) out.append_member("deprecated", true);
  if (!annotations.empty()) out.append_member("annotations", annotations);
  add(out, "kubeVersion", kube_version);
  if (!dependencies.empty()) {
    Value list = Value::array();
    for (const Dependency& dependency : dependencies) list.push_back(dependency_json(dependency));
    out.append_member("dependencies", std::move(list));
  }
  add(out, "type", type);
  return out;
}

bool Metadata::is_library() const { return equal_fold(type, "library"); }

}  // namespace weir::helm
