#include "engine/helm/schema_document.hh"

#include <re2/re2.h>

#include <algorithm>

#include "engine/base/limits.hh"
#include "engine/helm/schema_check.hh"
#include "engine/helm/schema_keywords.hh"
#include "engine/helm/schema_metaschemas.hh"
#include "engine/helm/schema_plain.hh"
#include "engine/helm/schema_problem.hh"
#include "engine/helm/schema_url.hh"
#include "engine/template/format.hh"
#include "engine/template/functions/url.hh"
#include "engine/value/json.hh"
#include "engine/value/json_number.hh"
#include "engine/value/pointer.hh"

namespace weir::helm::schema {

namespace {

namespace limits = base::limits;

constexpr std::string_view file_url = "file:///values.schema.json";

std::string append_token(const std::string& place, std::string_view token) {
  return place + "/" + value::escape_pointer_token(token);
}

// A '~' that stands for nothing.
bool has_odd_escape(std::string_view pointer) {
  for (std::size_t at = pointer.find('~'); at != std::string_view::npos;
       at = pointer.find('~', at + 1))
    if (at + 1 == pointer.size() || (pointer[at + 1] != '0' && pointer[at + 1] != '1')) return true;
  return false;
}

// Where what is asked for by its whole address is asked from.
const Resource nowhere{};

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
  return root.url + "#" + escaped_fragment(place_within(*root.value, schema).value_or(""));
}

std::string Document::number_text(const Value& number, const Resource& resource) const {
  if (resource.document != 0) return {};
  const auto place = place_within(root(), number);
  return place ? value::json_number_at(text_, *place) : std::string();
}

Result<void> Document::compile(std::string_view text, const Value& schema, const Resource& own,
                               std::string_view keyword) {
  if (patterns_.find(text) != patterns_.end()) return {};
  tmpl::Expression expression = tmpl::compile_expression(text);
  const std::string fault = tmpl::expression_error(text, *expression);
  if (!fault.empty())
    return make_error(Code::invalid, "invalid regex " + tmpl::quoted(text) + " at \"" +
                                         location(schema, own) + "/" + std::string(keyword) +
                                         "\": " + fault);
  patterns_.emplace(std::string(text), std::move(expression));
  return {};
}

bool Document::matches(std::string_view pattern, std::string_view text) const {
  const auto found = patterns_.find(pattern);
  // What no reference was seen to lead to asks for nothing.
  return found == patterns_.end() ||
         re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *found->second);
}

std::string Document::url_of(const Resource& resource) const {
  return roots_[resource.document].url + "#" + escaped_fragment(resource.place);
}

Result<Resource*> Document::begin_resource(const Value& schema, Resource* outer,
                                           const std::string& place) {
  const std::size_t document = outer ? outer->document : roots_.size() - 1;
  const std::string where = roots_[document].url + "#" + escaped_fragment(place);
  int draft = outer ? outer->draft : 2020;
  if (const Value* named = schema.find("$schema"); named && named->is_string()) {
    const std::string_view text = named->as_string();
    if (const auto url = tmpl::Url::parse(text); !url.ok())
      return make_error(Code::invalid,
                        "invalid $schema in " + tmpl::quoted(where) + ": " + url.error().message);
    WEIR_TRY(draft, draft_at(std::string(text)));
  }
  const std::string_view id = schema[draft == 4 ? "id" : "$id"].get_string();
  // Before 2019-09, what stands beside a $ref means nothing.
  const bool ignored = draft < 2019 && schema.contains("$ref");
  const auto [address, fragment] = split_fragment(ignored ? std::string_view() : id);
  if (!ignored && !tmpl::Url::parse(id).ok())
    return make_error(Code::invalid, "error in parsing id at " + tmpl::quoted(where));
  Resource* resource = outer;
  if (!outer || !address.empty()) {
    WEIR_TRY(resource, add_resource(schema, outer, place, address, draft));
  }
  draft = resource->draft;  // a $schema without an address of its own says nothing
  if (draft < 2019 && !fragment.empty())
    WEIR_CHECK(add_anchor(*resource, decoded(fragment), schema, place));
  if (draft < 2019) return resource;
  if (const std::string_view anchor = schema["$anchor"].get_string(); !anchor.empty())
    WEIR_CHECK(add_anchor(*resource, std::string(anchor), schema, place));
  const std::string_view anchor = draft < 2020 ? "" : schema["$dynamicAnchor"].get_string();
  if (!anchor.empty()) {
    WEIR_CHECK(add_anchor(*resource, std::string(anchor), schema, place));
    resource->dynamic_anchors[std::string(anchor)] = &schema;
  }
  return resource;
}

Result<Resource*> Document::add_resource(const Value& schema, Resource* outer,
                                         const std::string& place, std::string_view address,
                                         int draft) {
  if (resources_.size() >= limits::helm_charts_max)
    return make_error(Code::limit, "schema has too many parts of their own");
  auto made = std::make_unique<Resource>();
  made->document = outer ? outer->document : roots_.size() - 1;
  made->url = join_url(outer ? outer->url : roots_.back().url, address);
  made->place = place;
  made->root = &schema;
  made->draft = draft;
  made->recursive_anchor = schema["$recursiveAnchor"].get_bool();
  made->is_metaschema = draft_of(made->url) != 0;
  for (const auto& known : resources_)
    if (known->document == made->document && known->url == made->url)
      return make_error(Code::invalid,
                        "duplicate id " + tmpl::quoted(made->url) + " in " +
                            tmpl::quoted(roots_[made->document].url) + " at " +
                            tmpl::quoted(place) + " and " + tmpl::quoted(known->place));
  by_schema_[&schema] = made.get();
  resources_.push_back(std::move(made));
  return resources_.back().get();
}

Result<void> Document::add_anchor(Resource& resource, const std::string& name,
                                  const Value& schema, const std::string& place) {
  const auto [known, fresh] = resource.anchors.emplace(name, &schema);
  if (fresh || known->second == &schema) return {};
  const Root& root = roots_[resource.document];
  return make_error(
      Code::invalid,
      "duplicate anchor " + tmpl::quoted(name) + " in " + tmpl::quoted(root.url) + " at " +
          tmpl::quoted(place_within(*root.value, *known->second).value_or("")) + " and " +
          tmpl::quoted(place));
}

Result<void> Document::walk_keyword(std::string_view keyword, const Value& found,
                                    Resource* resource, const std::string& place,
                                    std::size_t depth) {
  const Keyword* known = keyword_of(keyword, resource->draft);
  if (!known) return {};
  switch (known->holds) {
    case Holds::schema:
    case Holds::schemas:
    case Holds::schema_or_list:
      if (known->holds != Holds::schemas) WEIR_CHECK(walk(found, resource, place, depth + 1));
      if (known->holds == Holds::schema) return {};
      for (std::size_t i = 0; i < found.items().size(); ++i)
        WEIR_CHECK(walk(found.at(i), resource, append_token(place, std::to_string(i)), depth + 1));
      return {};
    case Holds::schema_map:
    case Holds::pattern_map:
    case Holds::dependency_map:
      for (const value::Member& member : found.members())
        WEIR_CHECK(
            walk(member.value, resource, append_token(place, member.name()), depth + 1));
      return {};
    default: return {};
  }
}

Result<void> Document::walk(const Value& schema, Resource* resource, const std::string& place,
                            std::size_t depth) {
  walked_.insert(&schema);
  if (!schema.is_object()) return {};
  if (depth > limits::value_depth_max)
    return make_error(Code::limit, "schema nests too deeply (value_depth_max)");
  WEIR_TRY(Resource * own, begin_resource(schema, resource, place));
  for (const value::Member& member : schema.members())
    WEIR_CHECK(walk_keyword(member.name(), member.value, own,
                            append_token(place, member.name()), depth));
  return {};
}

const Resource& Document::resource_of(const Value& schema, const Resource& outer) const {
  const auto found = by_schema_.find(&schema);
  return found == by_schema_.end() ? outer : *found->second;
}

int Document::own_draft(const Value& schema) const {
  const auto found = by_schema_.find(&schema);
  return found == by_schema_.end() ? 0 : found->second->draft;
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
    return make_error(Code::invalid, "anchor in \"" + url + "#" + escaped_fragment(plain) +
                                         "\" not found in schema \"" +
                                         roots_[resource->document].url + "\"");
  }
  const std::string whole = url_of(*resource) + escaped_fragment(plain);
  if (has_odd_escape(plain))
    return make_error(Code::invalid, "invalid json-pointer \"" + whole + "\"");
  WEIR_TRY(const auto tokens, value::parse_pointer(plain));
  const Value* found = resource->root;
  for (const std::string& token : tokens) {
    found = value::find_pointer(*found, {token});
    if (!found) return make_error(Code::invalid, "json-pointer in \"" + whole + "\" not found");
    resource = &resource_of(*found, *resource);
  }
  return Target{found, resource};
}

Target Document::resolve(std::string_view reference, const Resource& from) const {
  auto found = find(reference, from);
  // A reference in a part that only another reference makes a schema was not seen on load.
  return found.ok() && walked_.contains(found->schema) ? *found : Target{nullptr, &from};
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

Result<void> Document::reach_keyword(const value::Member& member, const Value& schema,
                                     const Resource& own) {
  const Keyword* known = keyword_of(member.name(), own.draft);
  if (!known || !is_asked_for(member.name(), schema)) return {};
  // Before 2019-09, what stands beside a $ref means nothing to a schema; Helm's checker leaves out
  // the keywords of draft 4 alone.
  if (own.draft < 2019 && known->since < 6 && member.name() != "$ref" && schema.contains("$ref"))
    return {};
  switch (known->holds) {
    case Holds::reference:
      references_.push_back({std::string(member.value.get_string()), &own});
      return {};
    case Holds::pattern: return compile(member.value.get_string(), schema, own, member.name());
    case Holds::schema:
    case Holds::schemas:
    case Holds::schema_or_list:
      WEIR_CHECK(reach(member.value, own));
      for (const Value& one : member.value.items()) WEIR_CHECK(reach(one, own));
      return {};
    case Holds::pattern_map:
      for (const value::Member& below : member.value.members())
        WEIR_CHECK(compile(below.name(), schema, own, member.name()));
      [[fallthrough]];
    case Holds::schema_map:
    case Holds::dependency_map:
      if (member.name() == "definitions" || member.name() == "$defs") return {};
      for (const value::Member& below : member.value.members())
        WEIR_CHECK(reach(below.value, own));
      return {};
  }
  return {};
}

Result<void> Document::reach(const Value& schema, const Resource& outer) {
  if (!schema.is_object() || !reached_.insert(&schema).second) return {};
  const Resource& own = resource_of(schema, outer);
  for (const value::Member& member : schema.members())
    WEIR_CHECK(reach_keyword(member, schema, own));
  if (own.root != &schema) return {};
  // A $dynamicRef may mean any of them.
  for (const auto& [name, anchored] : own.dynamic_anchors) WEIR_CHECK(reach(*anchored, own));
  return {};
}

Result<void> Document::check_rules(const Value& part, int draft, const std::string& url) const {
  if (trusted_ || is_plainly_valid(part, draft)) return {};
  WEIR_TRY(const auto problem, check_schema_itself(*this, part, draft));
  if (!problem) return {};
  return make_error(Code::invalid,
                    tmpl::quoted(url) +
                        " is not valid against metaschema: jsonschema validation failed with " +
                        quoted(std::string(metaschema_url(draft)) + "#") + "\n" +
                        problem_text(*problem));
}

Result<void> Document::add(const std::string& url, std::shared_ptr<const Value> value) {
  const std::size_t first = resources_.size();
  roots_.push_back({url, std::move(value)});
  const std::size_t document = roots_.size() - 1;
  const Value& root = *roots_.back().value;
  WEIR_CHECK(walk(root, nullptr, "", 0));
  if (resources_.size() == first) {  // no object
    auto resource = std::make_unique<Resource>();
    resource->document = document;
    resource->url = url;
    resource->root = &root;
    resources_.push_back(std::move(resource));
  }
  roots_[document].resource = resources_[first].get();
  return check_rules(root, resources_[first]->draft, url + "#");
}

Result<void> Document::fetch_for(const Reference& reference) {
  if (const auto parsed = tmpl::Url::parse(reference.text); !parsed.ok())
    return make_error(Code::invalid, "error in parsing " + tmpl::quoted(reference.text) + ": " +
                                         parsed.error().message);
  const std::string url = join_url(reference.from->url, split_fragment(reference.text).first);
  if (part_at(url, *reference.from) || url.starts_with("urn:")) return {};
  WEIR_TRY(auto value, library_->document(url));
  return add(url, std::move(value));
}

// Where a reference leads is a schema too, wherever it stands: "#/definitions/groups/one" makes one
// of a member of something that is none.
Result<void> Document::walk_references() {
  for (std::size_t i = 0; i < references_.size(); ++i) {
    const Reference reference = references_[i];
    WEIR_CHECK(fetch_for(reference));
    WEIR_TRY(const Target target, find(reference.text, *reference.from));
    if (!target.schema) continue;
    if (!walked_.contains(target.schema)) {
      const auto owner = std::find_if(resources_.begin(), resources_.end(), [&](const auto& known) {
        return known.get() == target.resource;
      });
      const Root& root = roots_[target.resource->document];
      const std::string place = place_within(*root.value, *target.schema).value_or("");
      WEIR_CHECK(walk(*target.schema, owner->get(), place, 0));
      WEIR_CHECK(check_rules(*target.schema,
                             resource_of(*target.schema, *target.resource).draft,
                             root.url + "#" + escaped_fragment(place)));
    }
    WEIR_CHECK(reach(*target.schema, *target.resource));
  }
  return {};
}

Result<std::unique_ptr<Document>> Document::load(std::string_view json, Library& library) {
  WEIR_TRY(Value parsed, value::parse_json(json));
  auto document = std::make_unique<Document>();
  document->library_ = &library;
  document->text_ = json;
  auto root = std::make_shared<const Value>(std::move(parsed));
  WEIR_CHECK(document->add(std::string(file_url), std::move(root)));
  WEIR_CHECK(document->reach(document->root(), document->root_resource()));
  WEIR_CHECK(document->walk_references());
  return document;
}

const Document& Document::metaschemas() {
  static const std::unique_ptr<const Document> all = [] {
    Library library({});
    auto document = std::make_unique<Document>();
    document->library_ = &library;
    document->trusted_ = true;
    for (const int draft : drafts())
      document->references_.push_back({std::string(metaschema_url(draft)), &nowhere});
    const auto walked = document->walk_references();
    WEIR_ASSERT(walked.ok());
    document->library_ = nullptr;
    return document;
  }();
  return *all;
}

Target Document::metaschema(int draft) const {
  return resolve(metaschema_url(draft), nowhere);
}

}  // namespace weir::helm::schema
