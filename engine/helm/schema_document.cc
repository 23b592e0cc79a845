#include "engine/helm/schema_document.hh"

#include <re2/re2.h>

#include <algorithm>

#include "engine/base/file_tree.hh"
#include "engine/base/limits.hh"
#include "engine/helm/schema_problem.hh"
#include "engine/helm/text.hh"
#include "engine/template/format.hh"
#include "engine/value/json.hh"
#include "engine/value/pointer.hh"

namespace weir::helm::schema {

namespace {

namespace limits = base::limits;

constexpr std::string_view file_url = "file:///values.schema.json";

// What a keyword holds, for the walk and for the check of its type.
enum class Holds : unsigned char {
  schema,
  schemas,         // a list of them
  schema_or_list,  // items before 2020-12
  schema_map,
  pattern_map,     // keys are regular expressions
  dependency_map,  // schemas or lists of names
  string,
  reference,
  pattern,
  strings,
  string_lists,
  number,
  count,
  boolean,
  boolean_or_number,  // exclusiveMinimum: a number since draft 6
  list,
  type,
};

struct Keyword {
  std::string_view name;
  Holds holds;
  int since = 4;
};

constexpr Keyword keywords[] = {
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
    {"items", Holds::schema_or_list},
    {"prefixItems", Holds::schemas, 2020},
    {"additionalItems", Holds::schema},
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
    {"$defs", Holds::schema_map},
    {"type", Holds::type},
    {"enum", Holds::list},
    {"required", Holds::strings},
    {"pattern", Holds::pattern},
    {"format", Holds::string},
    {"title", Holds::string},
    {"description", Holds::string},
    {"multipleOf", Holds::number},
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

const Keyword* keyword_of(std::string_view name) {
  for (const Keyword& keyword : keywords)
    if (keyword.name == name) return &keyword;
  return nullptr;
}

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

// The draft a URL stands for; 0 when it is none.
int draft_of(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (url.starts_with(scheme)) url.remove_prefix(scheme.size());
  if (url.ends_with('#')) url.remove_suffix(1);
  for (const DraftName& known : drafts)
    if (known.url == url) return known.draft;
  return 0;
}

std::string metaschema_url(int draft) {
  for (const DraftName& known : drafts)
    if (known.draft == draft && known.url.find("draft") != std::string_view::npos) {
      std::string url = draft < 2019 ? "http://" : "https://";
      return url.append(known.url).append("#");
    }
  return "";
}

Error not_valid(int draft, const std::string& place, const std::string& message) {
  std::string text = "\"file:///values.schema.json#\" is not valid against metaschema: ";
  text.append("jsonschema validation failed with ").append(quoted(metaschema_url(draft)));
  text.append("\n- at ").append(quoted(place)).append(": ").append(message);
  return make_error(Code::invalid, std::move(text));
}

class RegularExpression final : public Pattern {
 public:
  explicit RegularExpression(std::string_view text)
      : expression_(re2::StringPiece(text.data(), text.size()), re2::RE2::Quiet) {}
  bool ok() const { return expression_.ok(); }
  const std::string& error() const { return expression_.error(); }
  bool matches(std::string_view text) const override {
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), expression_);
  }

 private:
  re2::RE2 expression_;
};

// Percent escapes undone.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t at) {
      static constexpr std::string_view hex = "0123456789abcdef";
      const char lower = static_cast<char>(text[at] | (text[at] >= 'A' ? 0x20 : 0));
      return hex.find(lower);
    };
    if (text[i] == '%' && i + 2 < text.size() && digit(i + 1) != std::string_view::npos &&
        digit(i + 2) != std::string_view::npos) {
      out += static_cast<char>(digit(i + 1) * 16 + digit(i + 2));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool is_absolute(std::string_view url) {
  const std::size_t colon = url.find(':');
  return colon != std::string_view::npos && colon > 0 &&
         url.substr(0, colon).find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-") ==
             std::string_view::npos;
}

// A reference without fragment, from a base.
std::string join_url(std::string_view base, std::string_view reference) {
  if (reference.empty()) return std::string(base);
  if (is_absolute(reference)) return std::string(reference);
  const std::size_t authority = base.find("://");
  const std::size_t host = authority == std::string_view::npos ? 0 : authority + 3;
  const std::size_t path = std::min(base.find('/', host), base.size());
  std::string joined(base.substr(0, path));
  std::string below;
  if (reference.starts_with('/')) {
    below = reference;
  } else {
    const std::string_view old = base.substr(path);
    below = std::string(old.substr(0, old.rfind('/') + 1)).append(reference);
    if (!below.starts_with('/')) below.insert(0, 1, '/');
  }
  return joined.append(base::clean_path(below).value_or(below));
}

std::pair<std::string_view, std::string_view> split_fragment(std::string_view url) {
  const std::size_t hash = url.find('#');
  if (hash == std::string_view::npos) return {url, {}};
  return {url.substr(0, hash), url.substr(hash + 1)};
}

// Before true and false were schemas, two keywords took them all the same.
bool may_be_bool_in_draft_4(std::string_view place) {
  return place.ends_with("/additionalProperties") || place.ends_with("/additionalItems");
}

std::string append_token(const std::string& place, std::string_view token) {
  return place + "/" + value::escape_pointer_token(token);
}

}  // namespace

std::string_view type_name(const Value& value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return "boolean";
  if (value.is_number()) return "number";
  if (value.is_string()) return "string";
  return value.is_array() ? "array" : "object";
}

Result<void> Document::add_pattern(std::string_view text, const std::string& place) {
  if (patterns_.find(text) != patterns_.end()) return {};
  auto expression = std::make_unique<RegularExpression>(text);
  if (!expression->ok())
    return not_valid(
        root_resource().draft, place,
        quoted(text) + " is not valid regex: error parsing regexp: " + expression->error());
  patterns_.emplace(std::string(text), std::move(expression));
  return {};
}

const Pattern& Document::pattern(std::string_view text) const {
  const auto found = patterns_.find(text);
  WEIR_ASSERT(found != patterns_.end());
  return *found->second;
}

Result<Resource*> Document::begin_resource(const Value& schema, Resource* outer) {
  const int outer_draft = outer ? outer->draft : 2020;
  int draft = outer_draft;
  if (const Value* named = schema.find("$schema"); named && named->is_string()) {
    draft = draft_of(named->as_string());
    if (draft == 0)
      return make_error(Code::unsupported, "failing loading " + tmpl::quoted(named->as_string()) +
                                               ": schemas of other documents are not fetched");
  }
  const std::string_view id = schema[draft == 4 ? "id" : "$id"].get_string();
  // Before 2019-09, what stands beside a $ref means nothing.
  const bool ignored = draft < 2019 && schema.contains("$ref");
  const auto [address, fragment] = split_fragment(ignored ? std::string_view() : id);
  Resource* resource = outer;
  if (!outer || !address.empty()) {
    if (resources_.size() >= limits::helm_charts_max)
      return make_error(Code::limit, "schema has too many parts of their own");
    auto made = std::make_unique<Resource>();
    made->url = join_url(outer ? std::string_view(outer->url) : file_url, address);
    made->root = &schema;
    made->draft = draft;
    made->recursive_anchor = schema["$recursiveAnchor"].get_bool();
    resource = made.get();
    by_schema_[&schema] = resource;
    resources_.push_back(std::move(made));
  }
  if (draft < 2019 && !fragment.empty()) resource->anchors[decoded(fragment)] = &schema;
  if (draft >= 2019) {
    if (const std::string_view anchor = schema["$anchor"].get_string(); !anchor.empty())
      resource->anchors[std::string(anchor)] = &schema;
    if (const std::string_view anchor = schema["$dynamicAnchor"].get_string(); !anchor.empty()) {
      resource->anchors[std::string(anchor)] = &schema;
      resource->dynamic_anchors[std::string(anchor)] = &schema;
    }
  }
  return resource;
}

Result<void> Document::check_keyword(std::string_view keyword, const Value& found, int draft,
                                     const std::string& place) {
  const Keyword* known = keyword_of(keyword);
  const auto want = [&](bool holds, std::string_view type) -> Result<void> {
    if (holds) return {};
    return not_valid(draft, place,
                     std::string("got ").append(type_name(found)).append(", want ").append(type));
  };
  switch (known->holds) {
    case Holds::schema:
    case Holds::schema_or_list:
      if (known->holds == Holds::schema_or_list && found.is_array()) return {};
      return want(found.is_object() || found.is_bool(), "boolean or object");
    case Holds::schemas:
    case Holds::strings:
    case Holds::list: return want(found.is_array(), "array");
    case Holds::schema_map:
    case Holds::pattern_map:
    case Holds::dependency_map:
    case Holds::string_lists: return want(found.is_object(), "object");
    case Holds::string:
    case Holds::reference:
    case Holds::pattern: return want(found.is_string(), "string");
    case Holds::number: return want(found.is_number(), "number");
    case Holds::count: return want(found.is_number(), "integer");
    case Holds::boolean: return want(found.is_bool(), "boolean");
    case Holds::boolean_or_number:
      return draft == 4 ? want(found.is_bool(), "boolean") : want(found.is_number(), "number");
    case Holds::type: break;
  }
  static constexpr std::string_view names[] = {"array",  "boolean", "integer", "null",
                                               "number", "object",  "string"};
  const auto is_type = [](const Value& name) {
    return std::find(std::begin(names), std::end(names), name.get_string()) != std::end(names);
  };
  if (found.is_array())
    return std::all_of(found.items().begin(), found.items().end(), is_type)
               ? Result<void>()
               : not_valid(draft, place, "items must name types");
  if (!found.is_string()) return want(false, "string or array");
  if (is_type(found)) return {};
  return not_valid(draft, place,
                   "value must be one of 'array', 'boolean', 'integer', 'null', 'number', "
                   "'object', 'string'");
}

Result<void> Document::walk_keyword(std::string_view keyword, const Value& found,
                                    Resource* resource, const std::string& place,
                                    std::size_t depth) {
  const Keyword* known = keyword_of(keyword);
  if (!known || known->since > resource->draft) return {};
  WEIR_CHECK(check_keyword(keyword, found, resource->draft, place));
  switch (known->holds) {
    case Holds::pattern: return add_pattern(found.as_string(), place);
    case Holds::reference:
      references_.push_back({std::string(found.as_string()), resource});
      return {};
    case Holds::schema:
    case Holds::schemas:
    case Holds::schema_or_list:
      if (!found.is_array()) return walk(found, resource, place, depth + 1);
      for (std::size_t i = 0; i < found.size(); ++i)
        WEIR_CHECK(walk(found.at(i), resource, append_token(place, std::to_string(i)), depth + 1));
      return {};
    case Holds::schema_map:
    case Holds::pattern_map:
    case Holds::dependency_map:
      for (const value::Member& member : found.members()) {
        const std::string below = append_token(place, member.name());
        if (known->holds == Holds::pattern_map) WEIR_CHECK(add_pattern(member.name(), below));
        if (known->holds == Holds::dependency_map && member.value.is_array()) continue;
        WEIR_CHECK(walk(member.value, resource, below, depth + 1));
      }
      return {};
    default: return {};
  }
}

Result<void> Document::walk(const Value& schema, Resource* resource, const std::string& place,
                            std::size_t depth) {
  const int draft = resource ? resource->draft : 2020;
  if (schema.is_bool() && (draft != 4 || may_be_bool_in_draft_4(place))) return {};
  if (!schema.is_object())
    return not_valid(draft, place,
                     std::string("got ")
                         .append(type_name(schema))
                         .append(draft == 4 ? ", want object" : ", want boolean or object"));
  if (depth > limits::value_depth_max)
    return make_error(Code::limit, "schema nests too deeply (value_depth_max)");
  WEIR_TRY(Resource * own, begin_resource(schema, resource));
  if (own->draft < 2019 && schema.contains("$ref")) {
    WEIR_CHECK(walk_keyword("$ref", schema["$ref"], own, place + "/$ref", depth));
    // Definitions beside it can still be referred to.
    for (const std::string_view name : {"definitions", "$defs"})
      if (const Value* found = schema.find(name))
        WEIR_CHECK(walk_keyword(name, *found, own, append_token(place, name), depth));
    return {};
  }
  for (const value::Member& member : schema.members())
    WEIR_CHECK(
        walk_keyword(member.name(), member.value, own, append_token(place, member.name()), depth));
  return {};
}

const Resource& Document::resource_of(const Value& schema, const Resource& outer) const {
  const auto found = by_schema_.find(&schema);
  return found == by_schema_.end() ? outer : *found->second;
}

Result<Target> Document::find(std::string_view reference, const Resource& from) const {
  const auto [address, fragment] = split_fragment(reference);
  const std::string url = join_url(from.url, address);
  const Resource* resource = nullptr;
  for (const auto& candidate : resources_)
    if (candidate->url == url) resource = candidate.get();
  if (!resource) {
    if (url.starts_with("urn:") || draft_of(url) != 0) return Target{nullptr, &from};
    return make_error(Code::unsupported, "failing loading " + tmpl::quoted(url) +
                                             ": schemas of other documents are not fetched");
  }
  if (fragment.empty()) return Target{resource->root, resource};
  const std::string plain = decoded(fragment);
  if (!plain.starts_with('/')) {
    const auto anchor = resource->anchors.find(plain);
    if (anchor != resource->anchors.end()) return Target{anchor->second, resource};
    return make_error(Code::invalid, "anchor in \"" + url + "#" + plain + "\" not found");
  }
  WEIR_TRY(const auto tokens, value::parse_pointer(plain));
  const Value* found = resource->root;
  for (const std::string& token : tokens) {
    found = value::find_pointer(*found, {token});
    if (!found)
      return make_error(Code::invalid, "json-pointer in \"" + url + "#" + plain + "\" not found");
    resource = &resource_of(*found, *resource);
  }
  if (!found->is_object() && !found->is_bool())
    return not_valid(
        resource->draft, plain,
        std::string("got ").append(type_name(*found)).append(", want boolean or object"));
  return Target{found, resource};
}

Target Document::resolve(std::string_view reference, const Resource& from) const {
  auto found = find(reference, from);
  // A reference in a part that only another reference makes a schema was not seen on load.
  return found.ok() ? *found : Target{nullptr, &from};
}

Result<std::unique_ptr<Document>> Document::load(std::string_view json) {
  auto parsed = value::parse_json(json);
  if (!parsed.ok()) return std::move(parsed).error();
  auto document = std::make_unique<Document>();
  document->root_ = *std::move(parsed);
  if (document->root_.is_bool()) {
    auto resource = std::make_unique<Resource>();
    resource->url = file_url;
    resource->root = &document->root_;
    document->resources_.push_back(std::move(resource));
    return document;
  }
  WEIR_CHECK(document->walk(document->root_, nullptr, "", 0));
  for (const Reference& reference : document->references_) {
    auto found = document->find(reference.text, *reference.from);
    if (!found.ok()) return std::move(found).error();
  }
  return document;
}

}  // namespace weir::helm::schema
