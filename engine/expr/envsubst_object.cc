#include "engine/base/limits.hh"
#include "engine/expr/envsubst.hh"
#include "engine/value/yaml.hh"

namespace weir::expr {
namespace {

constexpr std::string_view substitute_key = "kustomize.toolkit.fluxcd.io/substitute";
constexpr std::string_view disabled = "disabled";
constexpr std::string_view name_pattern = "^[_[:alpha:]][_[:alpha:][:digit:]]*$";

bool holds_dollar(const Value& value, std::size_t depth) {
  if (value.is_string()) return value.as_string().find('$') != std::string_view::npos;
  if (depth >= base::limits::value_depth_max) return true;
  for (const Value& item : value.items()) {
    if (holds_dollar(item, depth + 1)) return true;
  }
  for (const value::Member& member : value.members()) {
    if (member.name().find('$') != std::string_view::npos) return true;
    if (holds_dollar(member.value, depth + 1)) return true;
  }
  return false;
}

Result<Value> substitute_text(const Value& resource, const Variables& variables, bool strict) {
  auto text = substitute(value::write_yaml(resource), variables, SubstituteOptions{strict});
  if (!text) return std::move(text).error().with_context("variable substitution failed");
  return value::parse_yaml(*text).with_context("YAMLToJSON");
}

}  // namespace

bool substitution_disabled(const Value& resource) {
  const Value& metadata = resource["metadata"];
  return metadata["labels"][substitute_key].get_string() == disabled ||
         metadata["annotations"][substitute_key].get_string() == disabled;
}

Result<Value> substitute_object(const Value& resource, const Variables& variables,
                                const ObjectOptions& options) {
  if (substitution_disabled(resource)) return resource;
  if (variables.empty() && !options.always) return resource;
  for (const auto& [name, unused] : variables) {
    if (valid_variable_name(name)) continue;
    return make_error(Code::invalid, "envsubst error: '" + name +
                                         "' var name is invalid, must match '" +
                                         std::string(name_pattern) + "'");
  }
  if (!holds_dollar(resource, 0)) return resource;
  return substitute_text(resource, variables, options.strict).with_context("envsubst error");
}

}  // namespace weir::expr
