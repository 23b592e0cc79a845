// ValueAdd: writes one string into fields of the selected resources, whole or as a part of a file
// path.
#include "engine/kustomize/field_path.hh"
#include "engine/kustomize/plain_scalar.hh"
#include "engine/kustomize/selector.hh"
#include "engine/kustomize/shape.hh"
#include "engine/kustomize/transformers.hh"
#include "engine/value/strategic_merge.hh"
#include "engine/value/yaml.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

// "a/b" with "X" at 1 -> "a/X/b"; positions past the end append; a leading '/' stays in front.
std::string insert_path_part(std::string_view path, std::size_t position, const std::string& part) {
  if (path.empty()) return part;
  if (path == "/") return "/" + part;
  std::string result;
  if (path.starts_with('/')) {
    result = "/";
    path.remove_prefix(1);
  }
  std::vector<std::string> parts = split_path(path, '/');
  parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(std::min(position, parts.size())), part);
  for (std::size_t i = 0; i < parts.size(); ++i) result += (i > 0 ? "/" : "") + parts[i];
  return result;
}

Result<void> add_value(Resource& resource, const std::string& value, const Value& target) {
  const std::int64_t position = target["filePathPosition"].get_int();
  const FieldSpec spec = make_field_spec({}, std::string(target["fieldPath"].get_string()), true);
  const SetField set = [&](Value& field) -> Result<void> {
    if (!field.is_scalar()) return wrong_node_kind("ScalarNode", field);
    const std::string text = position > 0
                                 ? insert_path_part(value::scalar_text(field),
                                                    static_cast<std::size_t>(position - 1), value)
                                 : value;
    Value plain = resolve_plain_scalar(text);
    if (plain.is_string()) plain = Value(text);  // a date stays as it is written
    field = value::in_manner_of(field, plain);
    return {};
  };
  return apply_path(resource.edit(), spec, CreateKind::scalar, set);
}

Result<void> check_target(const Value& target) {
  if (target["fieldPath"].get_string().empty())
    return make_error(Code::invalid, "fieldPath cannot be empty");
  const std::int64_t position = target["filePathPosition"].get_int();
  if (position >= 0) return {};
  return make_error(Code::invalid, "value of FilePathPosition (" + std::to_string(position) +
                                       ") cannot be negative");
}

}  // namespace

Result<Transform> make_value_add(const Value& config, const FieldSpecs&,
                                 const PluginContext& context) {
  std::string value(trim_space(config["value"].get_string()));
  if (value.empty()) value = base::base_name(context.loader->root());
  Value targets = config["targets"];
  const std::string_view file = config["targetFilePath"].get_string();
  if (!file.empty()) {
    WEIR_TRY(const base::FileBytes bytes, context.loader->load(file));
    WEIR_TRY(Value content, value::parse_yaml(*bytes));
    WEIR_CHECK(check_shape(content, *plugin_shape("ValueAddTransformer"), Unknown::ignored));
    for (const Value& target : content["targets"].items()) targets.push_back(target);
  }
  if (targets.empty()) return make_error(Code::invalid, "must specify at least one target");
  for (const Value& target : targets.items()) WEIR_CHECK(check_target(target));
  return Transform([value, targets, context](ResMap& resources) -> Result<void> {
    for (const Value& target : targets.items()) {
      WEIR_TRY(const Selector selector, Selector::make(target["selector"]));
      WEIR_TRY(const std::vector<std::size_t> selected, selector.select(resources));
      for (const std::size_t i : selected) {
        if (target["fieldPath"].get_string() != "metadata/namespace") {
          WEIR_CHECK(add_value(resources[i], value, target));
        } else if (!resources[i].id().cluster_scoped) {
          resources[i].set_namespace(value);
        }
      }
    }
    resources.ids_changed();
    return {};
  });
}

}  // namespace weir::kustomize
