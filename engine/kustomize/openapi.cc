#include "engine/kustomize/openapi.hh"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "engine/kustomize/builtin_schema_data.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;
using value::MergeSchema;

constexpr std::string_view builtin_version = "v1.21.2";

template <typename F>
void for_each_part(std::string_view text, char separator, F&& use) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = text.find(separator, begin);
    if (end == text.npos) end = text.size();
    if (end > begin) use(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

// The built-in types, parsed on first use.
struct Builtin {
  std::deque<MergeSchema> nodes;
  std::unordered_map<std::string_view, MergeSchema*> types;
  std::unordered_map<std::string_view, const MergeSchema*> kinds;
  Builtin() {
    for_each_part(builtin_definitions, '\n', [&](std::string_view line) {
      types.emplace(line.substr(0, line.find(' ')), &node());
    });
    for_each_part(builtin_definitions, '\n', [&](std::string_view line) { add_type(line); });
    MergeSchema& plain = node();
    for_each_part(builtin_kinds, '\n', [&](std::string_view line) {
      const std::size_t end = line.rfind(' ');
      const std::string_view type = line.substr(end + 1);
      kinds.emplace(line.substr(0, end), type == "-" ? &plain : types.at(type));
    });
  }

  static const Builtin& get() {
    static const Builtin& builtin = *new Builtin();
    return builtin;
  }

 private:
  MergeSchema& node() {
    nodes.emplace_back().closed = true;
    return nodes.back();
  }

  void add_type(std::string_view line) {
    const std::size_t name_end = line.find(' ');
    MergeSchema& type = *types.at(line.substr(0, name_end));
    for_each_part(line.substr(name_end + 1), ' ', [&](std::string_view field) {
      const std::size_t arrow = field.find('>');
      MergeSchema* target = arrow == field.npos ? nullptr : types.at(field.substr(arrow + 1));
      std::string_view name = field.substr(0, arrow);
      const std::size_t star = name.find('*');
      const MergeSchema* below = target;
      if (star != name.npos) {
        MergeSchema& list = node();
        list.merges = true;
        list.element = target;
        for_each_part(name.substr(star + 1), '+',
                      [&](std::string_view key) { list.keys.emplace_back(key); });
        name = name.substr(0, star);
        below = &list;
      } else if (name.ends_with("[]")) {
        MergeSchema& list = node();
        list.element = target;
        name.remove_suffix(2);
        below = &list;
      }
      type.fields.emplace_back(std::string(name), below);
    });
    std::sort(type.fields.begin(), type.fields.end());
  }
};

// The lines of a table up to their last space (or their end), for asking whether they are there.
std::unordered_set<std::string_view> line_heads(std::string_view table, bool whole) {
  std::unordered_set<std::string_view> heads;
  for_each_part(table, '\n', [&](std::string_view line) {
    heads.insert(whole ? line : line.substr(0, line.rfind(' ')));
  });
  return heads;
}

std::string type_name(std::string_view api_version, std::string_view kind) {
  std::string result(api_version);
  result += ' ';
  result += kind;
  return result;
}

std::string type_name_of(const Value& gvk) {
  std::string api_version(gvk["group"].get_string());
  if (!api_version.empty()) api_version += '/';
  api_version += gvk["version"].get_string();
  return type_name(api_version, gvk["kind"].get_string());
}

}  // namespace

const MergeSchema* OpenApi::find(std::string_view api_version, std::string_view kind) const {
  const std::string name = type_name(api_version, kind);
  if (custom_) {
    const auto found = kinds_.find(name);
    if (found != kinds_.end()) return found->second;
    if (!builtin_) return nullptr;
  } else {
    builtin_ = true;
  }
  const Builtin& known = Builtin::get();
  const auto found = known.kinds.find(std::string_view(name));
  return found == known.kinds.end() ? nullptr : found->second;
}

bool OpenApi::is_cluster_scoped(std::string_view api_version, std::string_view kind) const {
  const std::string name = type_name(api_version, kind);
  static const auto& cluster_scoped = *new auto(line_heads(cluster_scoped_kinds, true));
  if (cluster_scoped.contains(std::string_view(name))) return true;
  if (!custom_) {
    // Asking about a kind outside the table makes the reference keep its built-in types.
    static const auto& kinds = *new auto(line_heads(builtin_kinds, false));
    if (!builtin_ && !kinds.contains(std::string_view(name))) builtin_ = true;
    return false;
  }
  const auto found = namespaced_.find(name);
  return found != namespaced_.end() && !found->second;
}

Result<void> OpenApi::set_schema(std::string_view version, const Value* schema) {
  if (set_) return {};
  if (schema != nullptr) {
    if (!version.empty()) {
      return make_error(Code::invalid,
                        "builtin version and custom schema provided, cannot use both");
    }
    set_ = custom_ = true;
    document_ = *schema;
    for (const value::Member& entry : document_["definitions"].members()) {
      const MergeSchema* type = definition(std::string(entry.name()));
      for (const Value& gvk : entry.value["x-kubernetes-group-version-kind"].items()) {
        kinds_[type_name_of(gvk)] = type;
      }
    }
    add_paths(document_["paths"]);
    return {};
  }
  if (version.empty()) return {};
  set_ = true;
  if (version != builtin_version) {
    return make_error(Code::invalid, "the specified OpenAPI version is not built in");
  }
  return {};
}

// The type's node, made before its fields are read, because types refer to themselves.
const MergeSchema* OpenApi::definition(const std::string& name) {
  const auto found = definitions_.find(name);
  if (found != definitions_.end()) return found->second;
  const Value& schema = document_["definitions"][name];
  if (!schema.is_object()) return nullptr;
  MergeSchema* node = &nodes_.emplace_back();
  definitions_.emplace(name, node);
  const MergeSchema* built = build(schema);
  if (built != nullptr) *node = *built;
  return node;
}

const MergeSchema* OpenApi::build(const Value& schema) {
  if (!schema.is_object()) return nullptr;
  constexpr std::string_view prefix = "#/definitions/";
  const std::string_view ref = schema["$ref"].get_string();
  if (ref.starts_with(prefix)) return definition(std::string(ref.substr(prefix.size())));
  MergeSchema* node = &nodes_.emplace_back();
  for_each_part(schema["x-kubernetes-patch-strategy"].get_string(), ',',
                [&](std::string_view strategy) { node->merges |= strategy == "merge"; });
  if (node->merges) {
    for (const Value& key : schema["x-kubernetes-list-map-keys"].items()) {
      node->keys.emplace_back(key.get_string());
    }
    const std::string_view key = schema["x-kubernetes-patch-merge-key"].get_string();
    if (node->keys.empty() && !key.empty()) node->keys.emplace_back(key);
  }
  if (schema["type"].get_string() == "array") node->element = build(schema["items"]);
  node->any_field = build(schema["additionalProperties"]);
  for (const value::Member& property : schema["properties"].members()) {
    node->fields.emplace_back(std::string(property.name()), build(property.value));
  }
  std::sort(node->fields.begin(), node->fields.end());
  return node;
}

void OpenApi::add_paths(const Value& paths) {
  for (const value::Member& path : paths.members()) {
    const Value& gvk = path.value["get"]["x-kubernetes-group-version-kind"];
    if (!gvk.is_object()) continue;
    const bool namespaced = path.name().find("namespaces/{namespace}") != std::string_view::npos;
    bool& known = namespaced_.emplace(type_name_of(gvk), namespaced).first->second;
    known = known || namespaced;
  }
}

}  // namespace weir::kustomize
