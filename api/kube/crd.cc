// CustomResourceDefinitions, and the checks of the schemas they bring.
#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "api/kube/admission.hh"
#include "api/kube/call.hh"
#include "engine/base/limits.hh"
#include "engine/value/json.hh"

namespace weir::api::kube {

namespace {

std::string compact(const Value& value) {
  return value::write_json(value, {.sort_keys = true, .escape_html = false, .indent = 0});
}

std::string_view type_word(const Value& value) {
  switch (value.kind()) {
    case value::Kind::null: return "null";
    case value::Kind::boolean: return "boolean";
    case value::Kind::integer:
    case value::Kind::unsigned_integer: return "integer";
    case value::Kind::floating: return "number";
    case value::Kind::string: return "string";
    case value::Kind::array: return "array";
    case value::Kind::object: return "object";
  }
  return "";
}

bool fits(const Value& value, Schema::Type type) {
  switch (type) {
    case Schema::Type::any: return true;
    case Schema::Type::object: return value.is_object();
    case Schema::Type::array: return value.is_array();
    case Schema::Type::string: return value.is_string();
    case Schema::Type::integer:
      return value.is_integer() ||
             (value.is_number() && std::floor(value.as_double()) == value.as_double());
    case Schema::Type::number: return value.is_number();
    case Schema::Type::boolean: return value.is_bool();
    case Schema::Type::int_or_string: return value.is_integer() || value.is_string();
  }
  return true;
}

std::string_view type_name(Schema::Type type) {
  static constexpr std::string_view names[] = {"",        "object", "array",   "string",
                                               "integer", "number", "boolean", "integer,string"};
  return names[static_cast<std::size_t>(type)];
}

const RE2* pattern_of(const std::string& text) {
  thread_local std::map<std::string, std::unique_ptr<RE2>> compiled;
  auto& slot = compiled[text];
  if (slot == nullptr) {
    if (compiled.size() > 4096) compiled.clear();
    auto& fresh = compiled[text];
    fresh = std::make_unique<RE2>(text, RE2::Quiet);
    return fresh.get();
  }
  return slot.get();
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

class Validator {
 public:
  std::vector<FieldError> errors;

  void check(const Value& value, const Schema& schema, const std::string& path, std::size_t depth) {
    if (depth > base::limits::value_depth_max) return;
    const Value& source = schema.source == nullptr ? nothing_ : *schema.source;
    if (value.is_null() && schema.nullable) return;
    if (!fits(value, schema.type)) {
      const bool shown_null = value.is_null();
      add("FieldValueTypeInvalid", path,
          "Invalid value: \"" + std::string(type_word(value)) + "\": " + path +
              " in body must be of type " + std::string(type_name(schema.type)) + ": \"" +
              std::string(shown_null ? "null" : type_word(value)) + "\"");
      return;
    }
    check_enum(value, source, path);
    if (value.is_string()) check_string(value, source, path);
    if (value.is_number()) check_number(value, source, path);
    if (value.is_array()) check_array(value, schema, source, path, depth);
    if (value.is_object()) check_object(value, schema, source, path, depth);
  }

 private:
  void add(std::string reason, std::string field, std::string message) {
    errors.push_back({std::move(reason), std::move(field), std::move(message)});
  }
  void add_invalid(const std::string& path, const Value& value, const std::string& rule) {
    errors.push_back(invalid_error(path, value, path + " in body " + rule));
  }

  void check_enum(const Value& value, const Value& source, const std::string& path) {
    const Value& allowed = source["enum"];
    if (allowed.empty()) return;
    std::string list;
    for (const Value& choice : allowed.items()) {
      if (choice == value) return;
      list += (list.empty() ? "" : ", ") +
              (choice.is_string() ? compact(choice) : "\"" + compact(choice) + "\"");
    }
    add("FieldValueNotSupported", path,
        "Unsupported value: " + compact(value) + ": supported values: " + list);
  }

  void check_string(const Value& value, const Value& source, const std::string& path) {
    const std::string_view text = value.as_string();
    const auto length = static_cast<std::int64_t>(characters(text));
    if (const Value* most = source.find("maxLength"); most != nullptr && length > most->get_int()) {
      add("FieldValueTooLong", path, "Too long: may not be more than " + compact(*most) + " bytes");
    }
    if (const Value* least = source.find("minLength");
        least != nullptr && length < least->get_int()) {
      add_invalid(path, value, "should be at least " + compact(*least) + " chars long");
    }
    if (const Value* pattern = source.find("pattern")) {
      const RE2* compiled = pattern_of(std::string(pattern->get_string()));
      if (compiled->ok() &&
          !RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled)) {
        add_invalid(path, value, "should match '" + std::string(pattern->get_string()) + "'");
      }
    }
  }

  void check_number(const Value& value, const Value& source, const std::string& path) {
    const double number = value.as_double();
    const Value& least = source["minimum"];
    const Value& most = source["maximum"];
    const bool above = source["exclusiveMinimum"].get_bool();
    const bool below = source["exclusiveMaximum"].get_bool();
    if (least.is_number() && (above ? number <= least.as_double() : number < least.as_double())) {
      add_invalid(path, value,
                  (above ? "should be greater than " : "should be greater than or equal to ") +
                      compact(least));
    }
    if (most.is_number() && (below ? number >= most.as_double() : number > most.as_double())) {
      add_invalid(
          path, value,
          (below ? "should be less than " : "should be less than or equal to ") + compact(most));
    }
    const Value& step = source["multipleOf"];
    if (step.is_number() && step.as_double() > 0 && std::fmod(number, step.as_double()) != 0) {
      add_invalid(path, value, "should be a multiple of " + compact(step));
    }
  }

  void check_array(const Value& value, const Schema& schema, const Value& source,
                   const std::string& path, std::size_t depth) {
    const auto count = static_cast<std::int64_t>(value.size());
    if (const Value* most = source.find("maxItems"); most != nullptr && count > most->get_int()) {
      add("FieldValueTooMany", path,
          "Too many: " + std::to_string(count) + ": must have at most " + compact(*most) +
              " items");
    }
    if (const Value* least = source.find("minItems");
        least != nullptr && count < least->get_int()) {
      add_invalid(path, Value(count), "should have at least " + compact(*least) + " items");
    }
    if (schema.items == nullptr) return;
    for (std::size_t i = 0; i < value.size(); ++i) {
      check(value.at(i), *schema.items, path + "[" + std::to_string(i) + "]", depth + 1);
    }
  }

  void check_object(const Value& value, const Schema& schema, const Value& source,
                    const std::string& path, std::size_t depth) {
    for (const Value& name : source["required"].items()) {
      if (value.contains(name.get_string())) continue;
      const std::string at = (path.empty() ? "" : path + ".") + std::string(name.get_string());
      add("FieldValueRequired", at, "Required value");
    }
    const auto count = static_cast<std::int64_t>(value.size());
    if (const Value* most = source.find("maxProperties");
        most != nullptr && count > most->get_int()) {
      add("FieldValueTooMany", path,
          "Too many: " + std::to_string(count) + ": must have at most " + compact(*most) +
              " items");
    }
    if (const Value* least = source.find("minProperties");
        least != nullptr && count < least->get_int()) {
      add_invalid(path, Value(count), "should have at least " + compact(*least) + " properties");
    }
    for (const value::Member& member : value.members()) {
      const Schema* below = schema.member(member.name());
      if (below == nullptr || below == metadata_schema()) continue;
      check(member.value, *below, (path.empty() ? "" : path + ".") + std::string(member.name()),
            depth + 1);
    }
    check_branches(value, schema, source, path, depth);
  }

  // allOf, anyOf, oneOf, not: value validations over the same object.
  void check_branches(const Value& value, const Schema& schema, const Value& source,
                      const std::string& path, std::size_t depth) {
    (void)schema;
    for (const char* word : {"anyOf", "oneOf"}) {
      const Value& branches = source[word];
      if (branches.empty()) continue;
      std::size_t holding = 0;
      for (const Value& branch : branches.items())
        holding += holds(value, branch, path, depth) ? 1 : 0;
      if (holding == 0 || (holding > 1 && std::string_view(word) == "oneOf")) {
        add_invalid(path.empty() ? "<nil>" : path, Value(""),
                    std::string(word) == "oneOf"
                        ? "must validate one and only one schema (oneOf). Found none valid"
                        : "must validate at least one schema (anyOf)");
      }
    }
    for (const Value& branch : source["allOf"].items()) {
      const auto made = schema_from_crd(branch);
      check(value, *made->root, path, depth + 1);
    }
  }

  bool holds(const Value& value, const Value& branch, const std::string& path, std::size_t depth) {
    SchemaArena unused;
    const auto made = schema_from_crd(branch);
    Validator inner;
    inner.check(value, *made->root, path, depth + 1);
    return inner.errors.empty();
  }

  const Value nothing_;
};

std::string find_type_error_at(const Value& value, const Schema& schema, const std::string& owner,
                               const std::string& path, std::size_t depth) {
  if (depth > base::limits::value_depth_max || value.is_null()) return "";
  if (!fits(value, schema.type)) {
    return "json: cannot unmarshal " +
           std::string(value.is_bool()     ? "bool"
                       : value.is_number() ? "number"
                                           : type_word(value)) +
           " into Go struct field " + owner + "." + path + " of type " + schema.go_name;
  }
  if (schema.type == Schema::Type::array && schema.items != nullptr) {
    for (const Value& item : value.items()) {
      std::string found = find_type_error_at(item, *schema.items, owner, path, depth + 1);
      if (!found.empty()) return found;
    }
  }
  if (!value.is_object()) return "";
  for (const value::Member& member : value.members()) {
    const Schema* below = schema.member(member.name());
    if (below == nullptr) continue;
    const std::string name = (path.empty() ? "" : path + ".") + std::string(member.name());
    const std::string holder =
        schema.go_name.empty() || schema.go_name.starts_with("map[") ? owner : schema.go_name;
    std::string found = find_type_error_at(member.value, *below, holder, name, depth + 1);
    if (!found.empty()) return found;
  }
  return "";
}

}  // namespace

std::string find_type_error(const Value& object, const Schema& schema) {
  return find_type_error_at(object, schema, schema.go_name, "", 0);
}

std::vector<FieldError> validate_schema(const Value& object, const Schema& schema) {
  Validator validator;
  validator.check(object, schema, "", 0);
  std::stable_sort(validator.errors.begin(), validator.errors.end(),
                   [](const FieldError& a, const FieldError& b) { return a.field < b.field; });
  return std::move(validator.errors);
}

void default_crd(Value& crd) {
  if (!crd["spec"].is_object()) return;
  Value& spec = crd.entry("spec");
  if (!spec.contains("conversion")) spec.set("conversion", Value::object({{"strategy", "None"}}));
  Value& names = spec.entry("names");
  if (!names.is_object()) return;
  const std::string kind(names["kind"].get_string());
  if (names["singular"].get_string().empty()) {
    std::string lower = kind;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return static_cast<char>(std::tolower(c)); });
    names.set("singular", lower);
  }
  if (names["listKind"].get_string().empty()) names.set("listKind", kind + "List");
}

std::vector<FieldError> validate_crd(const Value& crd) {
  std::vector<FieldError> errors;
  const Value& spec = crd["spec"];
  const Value& names = spec["names"];
  const std::string expected =
      std::string(names["plural"].get_string()) + "." + std::string(spec["group"].get_string());
  if (crd["metadata"]["name"].get_string() != expected) {
    errors.push_back(invalid_error("metadata.name", crd["metadata"]["name"],
                                   "must be spec.names.plural+\".\"+spec.group"));
  }
  for (const char* field : {"plural", "kind"}) {
    if (names[field].get_string().empty()) {
      errors.push_back(required_error(std::string("spec.names.") + field, ""));
    }
  }
  if (spec["group"].get_string().empty()) errors.push_back(required_error("spec.group", ""));
  const std::string_view scope = spec["scope"].get_string();
  if (scope != "Namespaced" && scope != "Cluster") {
    errors.push_back(scope.empty()
                         ? required_error("spec.scope", "")
                         : FieldError{"FieldValueNotSupported", "spec.scope",
                                      "Unsupported value: \"" + std::string(scope) +
                                          "\": supported values: \"Cluster\", \"Namespaced\""});
  }
  std::size_t storage_versions = 0;
  std::size_t index = 0;
  for (const Value& version : spec["versions"].items()) {
    if (version["storage"].get_bool()) ++storage_versions;
    if (!version["schema"]["openAPIV3Schema"].is_object()) {
      errors.push_back(
          required_error("spec.versions[" + std::to_string(index) + "].schema.openAPIV3Schema",
                         "schemas are required"));
    }
    ++index;
  }
  if (storage_versions != 1) {
    errors.push_back(invalid_error("spec.versions", spec["versions"],
                                   "must have exactly one version marked as storage version"));
  }
  return errors;
}

void establish_crd(Value& crd, const std::string& now) {
  const Value names = crd["spec"]["names"];
  Value& status = crd.entry("status");
  const auto condition = [&](std::string_view type, std::string_view reason,
                             std::string_view message) {
    return Value::object({{"type", type},
                          {"status", "True"},
                          {"lastTransitionTime", now},
                          {"reason", reason},
                          {"message", message}});
  };
  if (status["conditions"].empty()) {
    status.set("conditions",
               Value::array({condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                             condition("Established", "InitialNamesAccepted",
                                       "the initial names have been accepted")}));
  }
  status.set("acceptedNames", names);
  Value& stored = status.entry("storedVersions");
  if (stored.is_null()) stored = Value::array();
  for (const Value& version : crd["spec"]["versions"].items()) {
    if (!version["storage"].get_bool()) continue;
    const auto had = stored.items();
    if (std::find(had.begin(), had.end(), version["name"]) == had.end())
      stored.push_back(version["name"]);
  }
}

}  // namespace weir::api::kube
