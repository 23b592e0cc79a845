#include "engine/helm/schema_document.hh"

#include <re2/re2.h>

#include <algorithm>

#include "engine/base/file_tree.hh"
#include "engine/base/limits.hh"
#include "engine/helm/schema_keywords.hh"
#include "engine/helm/schema_problem.hh"
#include "engine/helm/text.hh"
#include "engine/template/format.hh"
#include "engine/value/json.hh"
#include "engine/value/pointer.hh"

namespace weir::helm::schema {

namespace {

namespace limits = base::limits;

constexpr std::string_view file_url = "file:///values.schema.json";

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
  if (reference.starts_with("//"))
    return std::string(base.substr(0, base.find(':') + 1)).append(reference);
  const std::size_t authority = base.find("://");
  const std::size_t host = authority == std::string_view::npos ? 0 : authority + 3;
  const std::size_t path = std::min(base.find('/', host), base.size());
  std::string joined(base.substr(0, path));
  std::string below;
  if (reference.starts_with('/')) {
    below = reference;
  } else {
    const std::string_view old = base.substr(path, base.find('?') - path);
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

// What stands beside nothing that asks for it is no schema to anyone.
bool is_asked_for(std::string_view keyword, const Value& schema) {
  const Value& condition = schema["if"];
  if (keyword == "then") return condition.is_object() || condition.get_bool(false);
  if (keyword == "else") return condition.is_object() || !condition.get_bool(true);
  if (keyword == "additionalItems") return schema["items"].is_array();
  return keyword != "contentSchema";
}

}  // namespace

std::string_view type_name(const Value& value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return "boolean";
  if (value.is_number()) return "number";
  if (value.is_string()) return "string";
  return value.is_array() ? "array" : "object";
}

std::optional<std::string> place_within(const Value& whole, const Value& part) {
  if (&whole == &part) return "";
  for (const value::Member& member : whole.members())
    if (const auto below = place_within(member.value, part))
      return append_token("", member.name()) + *below;
  for (std::size_t i = 0; i < whole.items().size(); ++i)
    if (const auto below = place_within(whole.at(i), part))
      return append_token("", std::to_string(i)) + *below;
  return std::nullopt;
}

std::string Document::location(const Value& schema, const Resource& resource) const {
  const Root& root = roots_[resource.document];
  return root.url + "#" + place_within(*root.value, schema).value_or("");
}

Result<void> Document::add_pattern(std::string_view text, int draft, const std::string& place) {
  if (patterns_.find(text) != patterns_.end()) return {};
  auto expression = std::make_unique<RegularExpression>(text);
  if (!expression->ok())
    return not_valid(
        draft, place,
        quoted(text) + " is not valid regex: error parsing regexp: " + expression->error());
  patterns_.emplace(std::string(text), std::move(expression));
  return {};
}

const Pattern& Document::pattern(std::string_view text) const {
  const auto found = patterns_.find(text);
  WEIR_ASSERT(found != patterns_.end());
  return *found->second;
}

Result<Resource*> Document::begin_resource(const Value& schema, Resource* outer,
                                           const std::string& place) {
  const int outer_draft = outer ? outer->draft : 2020;
  int draft = outer_draft;
  if (const Value* named = schema.find("$schema"); named && named->is_string()) {
    WEIR_TRY(draft, draft_at(std::string(named->as_string())));
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
    made->document = roots_.size() - 1;
    if (outer) made->document = outer->document;
    made->url = join_url(outer ? outer->url : roots_.back().url, address);
    made->place = place;
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

Result<void> Document::walk_keyword(std::string_view keyword, const Value& found,
                                    Resource* resource, const std::string& place,
                                    std::size_t depth) {
  const Keyword* known = keyword_of(keyword, resource->draft);
  if (!known) return {};
  WEIR_CHECK(check_keyword(*known, found, resource->draft, place));
  switch (known->holds) {
    case Holds::pattern: return add_pattern(found.as_string(), resource->draft, place);
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
        if (known->holds == Holds::pattern_map) 
          WEIR_CHECK(add_pattern(member.name(), resource->draft, below));
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
  walked_.insert(&schema);
  WEIR_TRY(Resource * own, begin_resource(schema, resource, place));
  WEIR_CHECK(check_companions(schema, own->draft, place));
  if (own->draft < 2019 && schema.contains("$ref")) {
    WEIR_CHECK(walk_keyword("$ref", schema["$ref"], own, place + "/$ref", depth));
    for (const value::Member& member : schema.members())
      if (const Keyword* known = keyword_of(member.name(), own->draft))
        WEIR_CHECK(
            check_keyword(*known, member.value, own->draft, append_token(place, member.name())));
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
  const Resource* resource = part_at(url, from);
  if (!resource) return Target{nullptr, &from};  // never told of on load, or a URN
  if (fragment.empty()) return Target{resource->root, resource};
  const std::string plain = decoded(fragment);
  if (!plain.starts_with('/')) {
    const auto anchor = resource->anchors.find(plain);
    if (anchor != resource->anchors.end()) return Target{anchor->second, resource};
    return make_error(Code::invalid, "anchor in \"" + url + "#" + plain +
                                         "\" not found in schema \"" +
                                         roots_[resource->document].url + "\"");
  }
  WEIR_TRY(const auto tokens, value::parse_pointer(plain));
  const Value* found = resource->root;
  const std::string missing = "json-pointer in \"" + roots_[resource->document].url + "#" +
                              resource->place + plain + "\" not found";
  for (const std::string& token : tokens) {
    found = value::find_pointer(*found, {token});
    if (!found) return make_error(Code::invalid, missing);
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

const Resource* Document::part_at(std::string_view url, const Resource& from) const {
  const Resource* found = nullptr;
  for (const auto& candidate : resources_)
    if (candidate->document == from.document && candidate->url == url) found = candidate.get();
  if (found) return found;
  for (const Root& root : roots_)
    if (root.url == url) return root.resource;
  return nullptr;
}

Result<int> Document::draft_at(std::string url) {
  for (std::size_t hops = 0; hops < limits::helm_schema_documents_max; ++hops) {
    if (const int draft = draft_of(url); draft != 0) return draft;
    url = split_fragment(url).first;
    WEIR_TRY(const auto metaschema, library_->document(url));
    const std::string_view next = (*metaschema)["$schema"].get_string();
    if (next.empty()) return 2020;
    url = next;
  }
  return make_error(Code::limit, "metaschema leads to metaschema (helm_schema_documents_max)");
}

void Document::reach_keyword(const value::Member& member, const Value& schema,
                             const Resource& own) {
  const Keyword* known = keyword_of(member.name(), own.draft);
  if (!known || !is_asked_for(member.name(), schema)) return;
  switch (known->holds) {
    case Holds::reference:
      references_.push_back({std::string(member.value.as_string()), &own});
      return;
    case Holds::schema:
    case Holds::schemas:
    case Holds::schema_or_list:
      reach(member.value, own);
      for (const Value& one : member.value.items()) reach(one, own);
      return;
    case Holds::schema_map:
    case Holds::pattern_map:
    case Holds::dependency_map:
      if (member.name() == "definitions" || member.name() == "$defs") return;
      for (const value::Member& below : member.value.members()) reach(below.value, own);
      return;
    default: return;
  }
}

void Document::reach(const Value& schema, const Resource& outer) {
  if (!schema.is_object() || !reached_.insert(&schema).second) return;
  const Resource& own = resource_of(schema, outer);
  if (own.draft < 2019 && schema.contains("$ref")) {
    references_.push_back({std::string(schema["$ref"].as_string()), &own});
    return;
  }
  for (const value::Member& member : schema.members()) reach_keyword(member, schema, own);
  if (own.root != &schema) return;
  // A $dynamicRef may mean any of them.
  for (const auto& [name, anchored] : own.dynamic_anchors) reach(*anchored, own);
}

Error Document::told_from(Error error, const Resource& resource, std::string_view fragment) const {
  const std::string whole = std::string("\"").append(file_url).append("#");
  if (error.message.starts_with(whole))
    error.message.replace(0, whole.size(),
                          "\"" + roots_[resource.document].url + "#" + decoded(fragment));
  return error;
}

Result<void> Document::add(const std::string& url, std::shared_ptr<const Value> value) {
  const std::size_t first = resources_.size();
  roots_.push_back({url, std::move(value)});
  const Value& root = *roots_.back().value;
  Resource place;  // before the document's own is there
  place.document = roots_.size() - 1;
  if (root.is_bool()) {
    auto resource = std::make_unique<Resource>(place);
    resource->url = url;
    resource->root = &root;
    resources_.push_back(std::move(resource));
  } else if (auto walked = walk(root, nullptr, "", 0); !walked.ok()) {
    return told_from(std::move(walked).error(), place, "");
  }
  roots_.back().resource = resources_[first].get();
  return {};
}

Result<void> Document::fetch_for(const Reference& reference) {
  const std::string url = join_url(reference.from->url, split_fragment(reference.text).first);
  if (part_at(url, *reference.from) || url.starts_with("urn:") || draft_of(url) != 0) return {};
  WEIR_TRY(auto value, library_->document(url));
  return add(url, std::move(value));
}

// Where a reference leads is a schema too, wherever it stands: "#/definitions/groups/one" makes one
// of a member of something that is none.
Result<void> Document::walk_references() {
  for (std::size_t i = 0; i < references_.size(); ++i) {
    const Reference reference = references_[i];
    WEIR_CHECK(fetch_for(reference));
    auto found = find(reference.text, *reference.from);
    const auto [address, fragment] = split_fragment(reference.text);
    if (!found.ok()) {
      const Resource* part = part_at(join_url(reference.from->url, address), *reference.from);
      return told_from(std::move(found).error(), *part, "");
    }
    const Target target = *found;
    if (!target.schema || !target.schema->is_object()) continue;
    if (!walked_.contains(target.schema)) {
      const auto owner = std::find_if(resources_.begin(), resources_.end(), [&](const auto& known) {
        return known.get() == target.resource;
      });
      auto walked = walk(*target.schema, owner->get(), "", 0);
      if (!walked.ok()) return told_from(std::move(walked).error(), *target.resource, fragment);
    }
    reach(*target.schema, *target.resource);
  }
  return {};
}

Result<std::unique_ptr<Document>> Document::load(std::string_view json, Library& library) {
  WEIR_TRY(Value parsed, value::parse_json(json));
  auto document = std::make_unique<Document>();
  document->library_ = &library;
  auto root = std::make_shared<const Value>(std::move(parsed));
  WEIR_CHECK(document->add(std::string(file_url), std::move(root)));
  document->reach(document->root(), document->root_resource());
  WEIR_CHECK(document->walk_references());
  return document;
}

}  // namespace weir::helm::schema
