#include "engine/model/kinds/field.hh"

#include <re2/re2.h>

#include <algorithm>

#include "engine/base/closest.hh"

namespace weir::model {
namespace {

constexpr std::string_view type_names[] = {"string", "integer", "number", "boolean",
                                           "object", "array",   "object", ""};

Value schema_of(const Field& field);

Value schema_members(const std::vector<Field>& fields, Value& required) {
  Value properties = Value::object();
  for (const Field& field : fields) {
    properties.append_member(field.name, schema_of(field));
    if (field.required) required.push_back(field.name);
  }
  return properties;
}

void add_string_limits(Value& schema, const Field& field) {
  if (!field.pattern.empty()) schema.set("pattern", field.pattern);
  if (!field.format.empty()) schema.set("format", field.format);
  if (!field.one_of.empty()) {
    Value& values = schema.entry("enum");
    for (const auto value : field.one_of) values.push_back(value);
  }
}

void add_length_limits(Value& schema, const Field& field) {
  const bool list = field.type == FieldType::array, map = field.type == FieldType::map;
  if (field.length_min >= 0)
    schema.set(list ? "minItems" : map ? "minProperties" : "minLength", field.length_min);
  if (field.length_max >= 0)
    schema.set(list ? "maxItems" : map ? "maxProperties" : "maxLength", field.length_max);
}

void add_rules(Value& schema,
               const std::vector<std::pair<std::string_view, std::string_view>>& rules) {
  for (const auto& [rule, message] : rules)
    schema.entry("x-kubernetes-validations")
        .push_back(Value::object({{"rule", rule}, {"message", message}}));
}

Value schema_of(const Field& field) {
  Value schema = Value::object();
  if (!field.description.empty()) schema.set("description", field.description);
  if (field.type == FieldType::any) {
    schema.set("x-kubernetes-preserve-unknown-fields", true);
    return schema;
  }
  schema.set("type", type_names[static_cast<std::size_t>(field.type)]);
  if (!field.fallback.is_null()) schema.set("default", field.fallback);
  if (field.type == FieldType::integer) schema.set("format", "int64");
  add_string_limits(schema, field);
  add_length_limits(schema, field);
  if (field.type == FieldType::object) {
    Value required = Value::array();
    schema.set("properties", schema_members(field.fields, required));
    if (!required.empty()) schema.set("required", required);
  } else if (field.type == FieldType::array) {
    schema.set("items", schema_of(field.fields.at(0)));
  } else if (field.type == FieldType::map) {
    schema.set("additionalProperties", schema_of(field.fields.at(0)));
  }
  add_rules(schema, field.rules);
  return schema;
}

Value root_schema(const KindDeclaration& kind) {
  Value required = Value::array();
  Value spec = Value::object({{"type", "object"}});
  spec.set("properties", schema_members(kind.spec, required));
  if (!required.empty()) spec.set("required", required);
  add_rules(spec, kind.spec_rules);
  Value unused = Value::array();
  Value status = Value::object({{"type", "object"}});
  if (kind.status_default) status.set("default", Value::object({{"observedGeneration", -1}}));
  status.set("properties", schema_members(kind.status, unused));
  Value text = Value::object({{"type", "string"}});
  return Value::object(
      {{"description", kind.description},
       {"type", "object"},
       {"properties", Value::object({{"apiVersion", text},
                                     {"kind", text},
                                     {"metadata", Value::object({{"type", "object"}})},
                                     {"spec", spec},
                                     {"status", status}})}});
}

Value text_list(const std::vector<std::string_view>& texts) {
  Value list = Value::array();
  for (const auto text : texts) list.push_back(text);
  return list;
}

// Findings of check_spec, one line each.
class Checker {
 public:
  void object(const std::vector<Field>& fields, const Value& value, const std::string& path) {
    for (const Member& member : value.members()) {
      const Field* field = named(fields, member.name());
      if (field == nullptr) {
        unknown(fields, member.name(), path);
      } else {
        one(*field, member.value, path + "." + std::string(member.name()));
      }
    }
    for (const Field& field : fields)
      if (field.required && value[field.name].is_null())
        add(path + "." + std::string(field.name), "Required value");
  }

  std::string take() { return std::move(findings_); }

 private:
  using Member = value::Member;

  static const Field* named(const std::vector<Field>& fields, std::string_view name) {
    for (const Field& field : fields)
      if (field.name == name) return &field;
    return nullptr;
  }

  void add(const std::string& path, std::string_view what) {
    if (!findings_.empty()) findings_.push_back('\n');
    findings_.append(path).append(": ").append(what);
  }

  void unknown(const std::vector<Field>& fields, std::string_view name, const std::string& path) {
    std::vector<std::string_view> names;
    for (const Field& field : fields) names.push_back(field.name);
    std::string text = "unknown field";
    const auto closest = base::closest_name(name, names);
    if (!closest.empty()) text += ", did you mean \"" + std::string(closest) + "\"?";
    add(path + "." + std::string(name), text);
  }

  bool fits(FieldType type, const Value& value) const {
    switch (type) {
      case FieldType::string: return value.is_string();
      case FieldType::integer: return value.is_integer();
      case FieldType::number: return value.is_number();
      case FieldType::boolean: return value.is_bool();
      case FieldType::array: return value.is_array();
      case FieldType::any: return true;
      default: return value.is_object();
    }
  }

  void one(const Field& field, const Value& value, const std::string& path) {
    if (value.is_null()) return;
    if (!fits(field.type, value)) {
      add(path, "Invalid value: must be of type " +
                    std::string(type_names[static_cast<std::size_t>(field.type)]) + ", not " +
                    std::string(kind_name(value.kind())));
      return;
    }
    if (field.type == FieldType::string) text(field, value.as_string(), path);
    if (field.type == FieldType::object) object(field.fields, value, path);
    if (field.type == FieldType::array)
      for (std::size_t i = 0; i < value.size(); ++i)
        one(field.fields.at(0), value.at(i), path + "[" + std::to_string(i) + "]");
    if (field.type == FieldType::map)
      for (const Member& member : value.members())
        one(field.fields.at(0), member.value, path + "." + std::string(member.name()));
  }

  void text(const Field& field, std::string_view value, const std::string& path) {
    if (!field.one_of.empty() &&
        std::find(field.one_of.begin(), field.one_of.end(), value) == field.one_of.end()) {
      std::string names;
      for (const auto name : field.one_of)
        names += (names.empty() ? "\"" : ", \"") + std::string(name) + "\"";
      add(path, "Unsupported value: \"" + std::string(value) + "\": supported values: " + names);
    }
    if (!field.pattern.empty() &&
        !re2::RE2::PartialMatch(
            re2::StringPiece(value.data(), value.size()),
            re2::RE2(re2::StringPiece(field.pattern.data(), field.pattern.size()))))
      add(path, "Invalid value: \"" + std::string(value) + "\": should match '" +
                    std::string(field.pattern) + "'");
    const auto size = static_cast<int>(value.size());
    if (field.length_min > 0 && size < field.length_min) add(path, "Invalid value: is too short");
    if (field.length_max >= 0 && size > field.length_max) add(path, "Invalid value: is too long");
  }

  std::string findings_;
};

}  // namespace

const KindDeclaration* find_declaration(const Gvk& gvk) {
  for (const KindDeclaration& kind : declared_kinds())
    if (kind.gvk.group == gvk.group && kind.gvk.kind == gvk.kind) return &kind;
  return nullptr;
}

Value make_crd(const KindDeclaration& kind) {
  Value columns = Value::array();
  for (const PrinterColumn& column : kind.columns)
    columns.push_back(Value::object(
        {{"name", column.name}, {"type", column.type}, {"jsonPath", column.json_path}}));
  Value version =
      Value::object({{"name", kind.gvk.version},
                     {"served", true},
                     {"storage", true},
                     {"additionalPrinterColumns", columns},
                     {"schema", Value::object({{"openAPIV3Schema", root_schema(kind)}})},
                     {"subresources", Value::object({{"status", Value::object()}})}});
  Value names = Value::object({{"kind", kind.gvk.kind},
                               {"listKind", kind.gvk.kind + "List"},
                               {"plural", kind.plural},
                               {"singular", kind.singular},
                               {"categories", text_list(kind.categories)}});
  if (!kind.short_names.empty()) names.set("shortNames", text_list(kind.short_names));
  Value labels = Value::object({{"app.kubernetes.io/component", kind.component},
                                {"app.kubernetes.io/instance", "flux-system"},
                                {"app.kubernetes.io/part-of", "flux"},
                                {"app.kubernetes.io/version", "v2.9.5"}});
  Value annotations = Value::object({{"kustomize.toolkit.fluxcd.io/substitute", "disabled"}});
  return Value::object(
      {{"apiVersion", "apiextensions.k8s.io/v1"},
       {"kind", "CustomResourceDefinition"},
       {"metadata", Value::object({{"name", std::string(kind.plural) + "." + kind.gvk.group},
                                   {"labels", labels},
                                   {"annotations", annotations}})},
       {"spec", Value::object({{"group", kind.gvk.group},
                               {"names", names},
                               {"scope", "Namespaced"},
                               {"versions", Value::array({version})}})}});
}

Result<void> check_spec(const KindDeclaration& kind, const Value& object) {
  Checker checker;
  const Value& spec = object["spec"];
  if (!spec.is_null() && !spec.is_object())
    return make_error(Code::invalid, "spec: must be an object");
  checker.object(kind.spec, spec, "spec");
  std::string findings = checker.take();
  if (findings.empty()) return {};
  return make_error(Code::invalid, std::move(findings), "Invalid");
}

Field text_field(std::string_view name, std::string_view description) {
  return Field{name, FieldType::string, description};
}

Field flag_field(std::string_view name, std::string_view description) {
  return Field{name, FieldType::boolean, description};
}

Field count_field(std::string_view name, std::string_view description) {
  return Field{name, FieldType::integer, description};
}

Field any_field(std::string_view name, std::string_view description) {
  return Field{name, FieldType::any, description};
}

Field group_field(std::string_view name, std::string_view description, std::vector<Field> fields) {
  Field field{name, FieldType::object, description};
  field.fields = std::move(fields);
  return field;
}

Field list_field(std::string_view name, std::string_view description, Field element) {
  Field field{name, FieldType::array, description};
  field.fields.push_back(std::move(element));
  return field;
}

Field map_field(std::string_view name, std::string_view description, Field element) {
  Field field{name, FieldType::map, description};
  field.fields.push_back(std::move(element));
  return field;
}

Field required(Field field) {
  field.required = true;
  return field;
}

Field with_default(Field field, Value fallback) {
  field.fallback = std::move(fallback);
  return field;
}

Field with_enum(Field field, std::vector<std::string_view> values) {
  field.one_of = std::move(values);
  return field;
}

Field with_length(Field field, int min, int max) {
  field.length_min = min;
  field.length_max = max;
  return field;
}

Field duration_field(std::string_view name, std::string_view description, bool with_hours) {
  Field field{name, FieldType::string, description};
  field.pattern =
      with_hours ? "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" : "^([0-9]+(\\.[0-9]+)?(ms|s|m))+$";
  return field;
}

Field local_reference(std::string_view name, std::string_view description) {
  Field reference{name, FieldType::object, description};
  Field target{"name", FieldType::string, "Name of the referent."};
  target.required = true;
  reference.fields = {target};
  return reference;
}

Field conditions_field() {
  const auto text = [](std::string_view name, int max, bool required) {
    Field field{name, FieldType::string, ""};
    field.length_max = max;
    field.required = required;
    return field;
  };
  Field item{"", FieldType::object, ""};
  Field status = text("status", -1, true);
  status.one_of = {"True", "False", "Unknown"};
  Field changed = text("lastTransitionTime", -1, true);
  changed.format = "date-time";
  item.fields = {changed,
                 text("message", 32768, true),
                 Field{"observedGeneration", FieldType::integer, ""},
                 text("reason", 1024, true),
                 status,
                 text("type", 316, true)};
  Field list{"conditions", FieldType::array, "Conditions of the object."};
  list.fields = {item};
  return list;
}

Field artifact_field() {
  const auto text = [](std::string_view name, std::string_view description, bool required) {
    Field field{name, FieldType::string, description};
    field.required = required;
    return field;
  };
  Field updated = text("lastUpdateTime", "When the artifact was last updated.", true);
  updated.format = "date-time";
  Field metadata{"metadata", FieldType::map, "Upstream information such as OCI annotations."};
  metadata.fields = {Field{"", FieldType::string, ""}};
  Field artifact{"artifact", FieldType::object, "The last successful result."};
  artifact.fields = {text("digest", "Digest of the file, '<algorithm>:<checksum>'.", false),
                     updated,
                     metadata,
                     text("path", "Path of the file in the artifact storage.", true),
                     text("revision", "Revision in the origin's own terms.", true),
                     Field{"size", FieldType::integer, "Bytes in the file."},
                     text("url", "HTTP address of the artifact.", true)};
  return artifact;
}

}  // namespace weir::model
