#include "engine/helm/schema_plain.hh"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/helm/schema_check.hh"

namespace weir::helm::schema {
namespace {

// Deeper ones are left to those who can say so.
constexpr int depth_max = 64;

// What a keyword holds. Where drafts differ, what suits all of them that know it.
enum class Form : unsigned char {
  text,
  address,   // of letters that no rule of URLs can be about
  identity,  // the same behind http://
  draft,
  boolean,
  number,
  limit,  // a number since draft 6
  positive,
  count,
  regex,
  type,
  names,
  choice,
  list,
  anything,
  schema,
  schema_or_boolean,
  schema_or_list,
  schemas,
  schema_map,
  regex_map,
  dependencies,
  doubtful,
};

using Forms = std::unordered_map<std::string_view, Form>;

const Forms& forms() {
  static const Forms all = {
      {"title", Form::text},
      {"description", Form::text},
      {"$comment", Form::text},
      {"format", Form::text},
      {"contentMediaType", Form::text},
      {"contentEncoding", Form::text},
      {"$ref", Form::address},
      {"uniqueItems", Form::boolean},
      {"readOnly", Form::boolean},
      {"writeOnly", Form::boolean},
      {"deprecated", Form::boolean},
      {"maximum", Form::number},
      {"minimum", Form::number},
      {"multipleOf", Form::positive},
      {"maxLength", Form::count},
      {"minLength", Form::count},
      {"maxItems", Form::count},
      {"minItems", Form::count},
      {"maxProperties", Form::count},
      {"minProperties", Form::count},
      {"maxContains", Form::count},
      {"minContains", Form::count},
      {"pattern", Form::regex},
      {"type", Form::type},
      {"required", Form::names},
      {"enum", Form::choice},
      {"examples", Form::list},
      {"default", Form::anything},
      {"const", Form::anything},
      {"additionalItems", Form::schema_or_boolean},
      {"additionalProperties", Form::schema_or_boolean},
      {"items", Form::schema_or_list},
      {"not", Form::schema},
      {"if", Form::schema},
      {"then", Form::schema},
      {"else", Form::schema},
      {"contains", Form::schema},
      {"propertyNames", Form::schema},
      {"unevaluatedItems", Form::schema},
      {"unevaluatedProperties", Form::schema},
      {"allOf", Form::schemas},
      {"anyOf", Form::schemas},
      {"oneOf", Form::schemas},
      {"prefixItems", Form::schemas},
      {"properties", Form::schema_map},
      {"definitions", Form::schema_map},
      {"$defs", Form::schema_map},
      {"dependentSchemas", Form::schema_map},
      {"patternProperties", Form::regex_map},
      {"dependencies", Form::dependencies},
      {"exclusiveMaximum", Form::limit},
      {"exclusiveMinimum", Form::limit},
      {"dependentRequired", Form::doubtful},
      {"contentSchema", Form::doubtful},
      {"id", Form::text},
      {"$id", Form::identity},
      {"$schema", Form::draft},
      {"$anchor", Form::doubtful},
      {"$vocabulary", Form::doubtful},
      {"$recursiveRef", Form::doubtful},
      {"$recursiveAnchor", Form::doubtful},
      {"$dynamicRef", Form::doubtful},
      {"$dynamicAnchor", Form::doubtful},
  };
  return all;
}

bool is_type(const Value& value) {
  static constexpr std::string_view types[] = {"array",  "boolean", "integer", "null",
                                               "number", "object",  "string"};
  return value.is_string() &&
         std::find(std::begin(types), std::end(types), value.as_string()) != std::end(types);
}

// Of letters, digits and what paths and fragments are made of.
bool is_simple_address(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '/' || c == '.' || c == '-' || c == '_' || c == '$';
  });
}

bool is_address(const Value& value) {
  if (!value.is_string()) return false;
  std::string_view text = value.as_string();
  if (text.starts_with('#')) text.remove_prefix(1);
  return is_simple_address(text);
}

bool is_identity(std::string_view text) {
  if (!text.starts_with("http")) return false;
  text.remove_prefix(text.starts_with("https") ? 5 : 4);
  return text.starts_with("://") && is_simple_address(text.substr(3));
}

// The name of a draft. Whatever it means for the part that bears it, it is an address.
bool is_draft(std::string_view text) {
  if (text.ends_with('#')) text.remove_suffix(1);
  return is_identity(text) && text.find("://json-schema.org/") != std::string_view::npos;
}

// Texts, no two of them equal.
bool is_distinct(const Value& value) {
  if (!value.is_array() || value.size() == 0) return false;
  std::vector<std::string_view> texts;
  for (const Value& item : value.items()) {
    if (!item.is_string()) return false;
    texts.push_back(item.as_string());
  }
  std::sort(texts.begin(), texts.end());
  return std::adjacent_find(texts.begin(), texts.end()) == texts.end();
}

// Values, no two of them equal: texts, true, false and null, or a single one.
bool is_choice(const Value& value) {
  if (!value.is_array() || value.size() == 0) return false;
  if (value.size() == 1) return true;
  std::vector<std::string_view> seen;
  for (const Value& item : value.items()) {
    if (!item.is_string() && !item.is_bool() && !item.is_null()) return false;
    using namespace std::string_view_literals;
    seen.push_back(item.is_string() ? item.as_string()
                   : item.is_null() ? "\0null"sv
                   : item.as_bool() ? "\0true"sv
                                    : "\0false"sv);
  }
  std::sort(seen.begin(), seen.end());
  return std::adjacent_find(seen.begin(), seen.end()) == seen.end();
}

bool is_regex(std::string_view text) { return !check_format("regex", text); }

class Plain {
 public:
  explicit Plain(int draft) : draft_(draft) {}

  bool schema(const Value& value, int depth) const {
    if (value.is_bool()) return draft_ >= 6;
    if (!value.is_object() || depth > depth_max) return false;
    for (const value::Member& member : value.members()) {
      const auto known = forms().find(member.name());
      if (known == forms().end()) continue;
      if (!fits(known->second, member.value, depth)) return false;
    }
    return true;
  }

 private:
  bool fits(Form form, const Value& value, int depth) const {
    switch (form) {
      case Form::text: return value.is_string();
      case Form::address: return is_address(value);
      case Form::identity: return is_identity(value.get_string());
      case Form::draft: return is_draft(value.get_string());
      case Form::boolean: return value.is_bool();
      case Form::number: return value.is_number();
      case Form::limit: return draft_ >= 6 && value.is_number();
      case Form::positive: return value.kind() == value::Kind::integer && value.as_int() > 0;
      case Form::count: return value.kind() == value::Kind::integer && value.as_int() >= 0;
      case Form::regex: return value.is_string() && is_regex(value.as_string());
      case Form::type: return is_type(value) || (is_distinct(value) && all(value, is_type));
      case Form::names: return is_names(value);
      case Form::choice: return is_choice(value);
      case Form::list: return value.is_array();
      case Form::anything: return true;
      case Form::doubtful: return false;
      default: return fits_below(form, value, depth + 1);
    }
  }

  bool is_names(const Value& value) const {
    return is_distinct(value) || (draft_ >= 6 && value.is_array() && value.size() == 0);
  }

  bool fits_below(Form form, const Value& value, int depth) const {
    const auto is_schema = [&](const Value& item) { return schema(item, depth); };
    switch (form) {
      case Form::schema: return is_schema(value);
      case Form::schema_or_boolean: return value.is_bool() || is_schema(value);
      case Form::schema_or_list:
        if (!value.is_array()) return is_schema(value);
        return draft_ < 2020 && value.size() > 0 && all(value, is_schema);
      case Form::schemas: return value.is_array() && value.size() > 0 && all(value, is_schema);
      default: return fits_map(form, value, depth);
    }
  }

  bool fits_map(Form form, const Value& value, int depth) const {
    if (!value.is_object()) return false;
    for (const value::Member& member : value.members()) {
      if (form == Form::regex_map && !is_regex(member.name())) return false;
      if (form == Form::dependencies && is_names(member.value)) continue;
      if (!schema(member.value, depth)) return false;
    }
    return true;
  }

  template <typename Check>
  static bool all(const Value& list, Check check) {
    return std::all_of(list.items().begin(), list.items().end(), check);
  }

  const int draft_;
};

}  // namespace

bool is_plainly_valid(const Value& schema, int draft) { return Plain(draft).schema(schema, 0); }

}  // namespace weir::helm::schema
