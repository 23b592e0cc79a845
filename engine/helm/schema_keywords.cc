#include "engine/helm/schema_keywords.hh"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "engine/helm/schema_document.hh"
#include "engine/helm/schema_problem.hh"
#include "engine/value/pointer.hh"

namespace weir::helm::schema {

namespace {

constexpr Keyword keywords[] = {
    {"id", Holds::string, 4, 4},
    {"$id", Holds::identifier, 6},
    {"$schema", Holds::string},
    {"$anchor", Holds::anchor, 2019},
    {"$dynamicAnchor", Holds::anchor, 2020},
    {"$recursiveAnchor", Holds::boolean, 2019, 2019},
    {"$recursiveAnchor", Holds::anchor, 2020},
    {"$vocabulary", Holds::vocabularies, 2019},
    {"$comment", Holds::string, 7},
    {"$ref", Holds::reference},
    {"$recursiveRef", Holds::reference, 2019},
    {"$dynamicRef", Holds::reference, 2020},
    {"allOf", Holds::schemas},
    {"anyOf", Holds::schemas},
    {"oneOf", Holds::schemas},
    {"not", Holds::schema},
    {"if", Holds::schema, 7},
    {"then", Holds::schema, 7},
    {"else", Holds::schema, 7},
    {"items", Holds::schema_or_list, 4, 2019},
    {"items", Holds::schema, 2020},
    {"prefixItems", Holds::schemas, 2020},
    {"additionalItems", Holds::schema, 4, 2019},
    {"contains", Holds::schema, 6},
    {"unevaluatedItems", Holds::schema, 2019},
    {"properties", Holds::schema_map},
    {"patternProperties", Holds::pattern_map},
    {"additionalProperties", Holds::schema},
    {"propertyNames", Holds::schema, 6},
    {"unevaluatedProperties", Holds::schema, 2019},
    {"dependencies", Holds::dependency_map},
    {"dependentSchemas", Holds::schema_map, 2019},
    {"dependentRequired", Holds::string_lists, 2019},
    {"definitions", Holds::schema_map},
    {"$defs", Holds::schema_map, 2019},
    {"type", Holds::type},
    {"enum", Holds::choices},
    {"examples", Holds::list, 7},
    {"required", Holds::strings},
    {"pattern", Holds::pattern},
    {"format", Holds::string},
    {"title", Holds::string},
    {"description", Holds::string},
    {"contentMediaType", Holds::string, 7},
    {"contentEncoding", Holds::string, 7},
    {"contentSchema", Holds::schema, 2019},
    {"readOnly", Holds::boolean, 7},
    {"writeOnly", Holds::boolean, 7},
    {"deprecated", Holds::boolean, 2019},
    {"multipleOf", Holds::divisor},
    {"maximum", Holds::number},
    {"minimum", Holds::number},
    {"exclusiveMaximum", Holds::boolean_or_number},
    {"exclusiveMinimum", Holds::boolean_or_number},
    {"maxLength", Holds::count},
    {"minLength", Holds::count},
    {"maxItems", Holds::count},
    {"minItems", Holds::count},
    {"maxProperties", Holds::count},
    {"minProperties", Holds::count},
    {"maxContains", Holds::count, 2019},
    {"minContains", Holds::count, 2019},
    {"uniqueItems", Holds::boolean},
};

struct DraftName {
  std::string_view url;  // without scheme and '#'
  int draft;
};

constexpr DraftName drafts[] = {
    {"json-schema.org/schema", 2020},
    {"json-schema.org/draft-04/schema", 4},
    {"json-schema.org/draft-06/schema", 6},
    {"json-schema.org/draft-07/schema", 7},
    {"json-schema.org/draft/2019-09/schema", 2019},
    {"json-schema.org/draft/2020-12/schema", 2020},
};

std::string metaschema_url(int draft) {
  for (const DraftName& known : drafts)
    if (known.draft == draft && known.url.find("draft") != std::string_view::npos) {
      std::string url = draft < 2019 ? "http://" : "https://";
      return url.append(known.url).append("#");
    }
  return "";
}

// Where something stands, and the draft that says what may stand there.
struct Place {
  int draft;
  std::string pointer;

  Error refuse(const std::string& message) const { return not_valid(draft, pointer, message); }
  Place below(std::string_view token) const {
    return {draft, pointer + "/" + value::escape_pointer_token(token)};
  }
};

Result<void> want(bool holds, const Value& found, std::string_view type, const Place& place) {
  if (holds) return {};
  return place.refuse(
      std::string("got ").append(type_name(found)).append(", want ").append(type));
}

Result<void> want_some(const Value& list, const Place& place) {
  if (!list.empty()) return {};
  return place.refuse("minItems: got 0, want 1");
}

Result<void> want_unique(const Value& list, const Place& place) {
  for (std::size_t i = 0; i < list.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (list.at(i) == list.at(j))
        return place.refuse("items at " + std::to_string(j) + " and " + std::to_string(i) +
                            " are equal");
  return {};
}

Result<void> check_schemas(const Value& found, const Place& place) {
  WEIR_CHECK(want(found.is_array(), found, "array", place));
  return want_some(found, place);
}

Result<void> check_strings(const Value& found, const Place& place) {
  WEIR_CHECK(want(found.is_array(), found, "array", place));
  if (place.draft == 4) WEIR_CHECK(want_some(found, place));
  for (std::size_t i = 0; i < found.size(); ++i)
    WEIR_CHECK(
        want(found.at(i).is_string(), found.at(i), "string", place.below(std::to_string(i))));
  return want_unique(found, place);
}

Result<void> check_lists_below(const Value& found, bool all, const Place& place) {
  WEIR_CHECK(want(found.is_object(), found, "object", place));
  for (const value::Member& member : found.members())
    if (all || member.value.is_array())
      WEIR_CHECK(check_strings(member.value, place.below(member.name())));
  return {};
}

Result<void> check_count(const Value& found, const Place& place) {
  const bool whole =
      found.is_number() && std::trunc(found.as_double()) == found.as_double();
  WEIR_CHECK(want(whole, found, "integer", place));
  if (found.as_double() >= 0) return {};
  return place.refuse("minimum: got " + shown_number(found.as_double()) + ", want 0");
}

Result<void> check_divisor(const Value& found, const Place& place) {
  WEIR_CHECK(want(found.is_number(), found, "number", place));
  if (found.as_double() > 0) return {};
  return place.refuse("exclusiveMinimum: got " + shown_number(found.as_double()) + ", want 0");
}

Result<void> check_choices(const Value& found, const Place& place) {
  WEIR_CHECK(want(found.is_array(), found, "array", place));
  if (place.draft >= 2019) return {};
  WEIR_CHECK(want_some(found, place));
  return want_unique(found, place);
}

// Letters, digits and "-._" behind a letter or "_".
Result<void> check_anchor(const Value& found, const Place& place) {
  WEIR_CHECK(want(found.is_string(), found, "string", place));
  static constexpr std::string_view first =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  const std::string_view text = found.as_string();
  const bool fits = !text.empty() && first.find(text[0]) != std::string_view::npos &&
                    std::all_of(text.begin(), text.end(), [](char c) {
                      return first.find(c) != std::string_view::npos || (c >= '0' && c <= '9') ||
                             c == '-' || c == '.';
                    });
  if (fits) return {};
  return place.refuse(quoted(text) + " does not match pattern '^[A-Za-z_][-A-Za-z0-9._]*$'");
}

Result<void> check_identifier(const Value& found, const Place& place) {
  WEIR_CHECK(want(found.is_string(), found, "string", place));
  const std::string_view text = found.as_string();
  if (place.draft < 2019 || text.find('#') >= text.size() - 1) return {};
  return place.refuse(quoted(text) + " does not match pattern '^[^#]*#?$'");
}

Result<void> check_vocabularies(const Value& found, const Place& place) {
  WEIR_CHECK(want(found.is_object(), found, "object", place));
  for (const value::Member& member : found.members()) {
    WEIR_CHECK(want(member.value.is_bool(), member.value, "boolean", place.below(member.name())));
    if (member.name().find(':') == std::string_view::npos)
      return place.refuse("invalid propertyName " + quoted(member.name()));
  }
  return {};
}

Result<void> check_type(const Value& found, const Place& place) {
  static constexpr std::string_view names[] = {"array",  "boolean", "integer", "null",
                                               "number", "object",  "string"};
  const auto is_type = [](const Value& name) {
    return std::find(std::begin(names), std::end(names), name.get_string()) != std::end(names);
  };
  static constexpr std::string_view choices =
      "value must be one of 'array', 'boolean', 'integer', 'null', 'number', 'object', 'string'";
  // Either a name or a list of names: a fault of both is told as both.
  const auto refuse = [&](const Place& where, const std::string& of_list) {
    const std::string of_name = quoted(place.pointer) + ": " + std::string(choices);
    return place.refuse("'anyOf' failed\n  - at " + of_name + "\n  - at " +
                        quoted(where.pointer) + ": " + of_list);
  };
  if (is_type(found)) return {};
  if (!found.is_array())
    return refuse(place, std::string("got ").append(type_name(found)).append(", want array"));
  if (found.empty()) return refuse(place, "minItems: got 0, want 1");
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!is_type(found.at(i))) return refuse(place.below(std::to_string(i)), std::string(choices));
  for (std::size_t i = 0; i < found.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (found.at(i) == found.at(j))
        return refuse(place, "items at " + std::to_string(j) + " and " + std::to_string(i) +
                                 " are equal");
  return {};
}

}  // namespace

const Keyword* keyword_of(std::string_view name, int draft) {
  for (const Keyword& keyword : keywords)
    if (keyword.name == name && keyword.since <= draft && draft <= keyword.until) return &keyword;
  return nullptr;
}

int draft_of(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (url.starts_with(scheme)) url.remove_prefix(scheme.size());
  if (url.ends_with('#')) url.remove_suffix(1);
  for (const DraftName& known : drafts)
    if (known.url == url) return known.draft;
  return 0;
}

Error not_valid(int draft, const std::string& place, const std::string& message) {
  std::string text = "\"file:///values.schema.json#\" is not valid against metaschema: ";
  text.append("jsonschema validation failed with ").append(quoted(metaschema_url(draft)));
  text.append("\n- at ").append(quoted(place)).append(": ").append(message);
  return make_error(Code::invalid, std::move(text));
}

Result<void> check_keyword(const Keyword& keyword, const Value& found, int draft,
                           const std::string& pointer) {
  const Place place{draft, pointer};
  switch (keyword.holds) {
    case Holds::schema_or_list:
      if (found.is_array()) return want_some(found, place);
      [[fallthrough]];
    case Holds::schema:
      return want(found.is_object() || found.is_bool(), found, "boolean or object", place);
    case Holds::schemas: return check_schemas(found, place);
    case Holds::schema_map:
    case Holds::pattern_map: return want(found.is_object(), found, "object", place);
    case Holds::vocabularies: return check_vocabularies(found, place);
    case Holds::dependency_map: return check_lists_below(found, false, place);
    case Holds::string_lists: return check_lists_below(found, true, place);
    case Holds::strings: return check_strings(found, place);
    case Holds::list: return want(found.is_array(), found, "array", place);
    case Holds::choices: return check_choices(found, place);
    case Holds::string:
    case Holds::reference:
    case Holds::pattern: return want(found.is_string(), found, "string", place);
    case Holds::identifier: return check_identifier(found, place);
    case Holds::anchor: return check_anchor(found, place);
    case Holds::number: return want(found.is_number(), found, "number", place);
    case Holds::divisor: return check_divisor(found, place);
    case Holds::count: return check_count(found, place);
    case Holds::boolean: return want(found.is_bool(), found, "boolean", place);
    case Holds::boolean_or_number:
      return draft == 4 ? want(found.is_bool(), found, "boolean", place)
                        : want(found.is_number(), found, "number", place);
    case Holds::type: return check_type(found, place);
  }
  return {};
}

Result<void> check_companions(const Value& schema, int draft, const std::string& pointer) {
  if (draft != 4) return {};
  for (const auto& [keyword, needed] :
       {std::pair{"exclusiveMaximum", "maximum"}, std::pair{"exclusiveMinimum", "minimum"}})
    if (schema.contains(keyword) && !schema.contains(needed))
      return not_valid(draft, pointer, std::string("properties ")
                                           .append(quoted(needed))
                                           .append(" required, if ")
                                           .append(quoted(keyword))
                                           .append(" exists"));
  return {};
}

}  // namespace weir::helm::schema
