// A JSON Schema file and the documents it leads to, prepared for checking: which draft each part
// follows, where $id, $anchor and their kin lead, and its regular expressions. Internal to
// schema*.cc. Immutable after load.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/base/result.hh"
#include "engine/helm/schema_library.hh"
#include "engine/template/functions/expression.hh"
#include "engine/value/value.hh"

namespace weir::helm::schema {

// A part of a document with an address of its own.
struct Resource {
  std::size_t document = 0;  // the one it stands in; only there its address is known
  std::string url;  // without fragment
  std::string place;  // of its root in the document, a JSON pointer
  const Value* root = nullptr;
  int draft = 2020;  // 4, 6, 7, 2019, 2020
  bool recursive_anchor = false;
  bool is_metaschema = false;  // of a draft, whole
  std::map<std::string, const Value*, std::less<>> anchors;
  std::map<std::string, const Value*, std::less<>> dynamic_anchors;
};

// Where a reference leads; `schema` null: to anything goes (a URN nobody resolves, a metaschema).
struct Target {
  const Value* schema = nullptr;
  const Resource* resource = nullptr;
};

class Document {
 public:
  // Errors: invalid (no JSON, what its metaschema refuses, a pattern that cannot be read, a
  // reference that leads nowhere), limit, and those of the library.
  static Result<std::unique_ptr<Document>> load(std::string_view json, Library& library);
  // The metaschemas of all drafts, made once a process.
  static const Document& metaschemas();
  // In metaschemas(): that of one draft.
  Target metaschema(int draft) const;

  const Value& root() const { return *roots_.front().value; }
  const Resource& root_resource() const { return *resources_.front(); }
  // The resource that `schema` begins, or `outer` when it begins none.
  const Resource& resource_of(const Value& schema, const Resource& outer) const;
  // The draft of the resource that `schema` begins; 0 when it begins none.
  int own_draft(const Value& schema) const;
  // What `reference` means in `from`. It was checked on load.
  Target resolve(std::string_view reference, const Resource& from) const;
  // By a pattern of one of its schemas.
  bool matches(std::string_view pattern, std::string_view text) const;
  // A number of `resource` as it was written, when that can still be told; else "".
  std::string number_text(const Value& number, const Resource& resource) const;
  std::size_t text_size() const { return text_.size(); }
  // The URL of a schema of `resource`: its document's, and its place there.
  std::string location(const Value& schema, const Resource& resource) const;

 private:
  struct Reference {
    std::string text;
    const Resource* from;
  };
  struct Root {
    std::string url;
    std::shared_ptr<const Value> value;
    const Resource* resource = nullptr;
  };
  // A document that is not known yet, and all that can be a schema in it.
  Result<void> add(const std::string& url, std::shared_ptr<const Value> value);
  // The document that a reference leads to, when no part of this one has the address.
  Result<void> fetch_for(const Reference& reference);
  // Notes the references that checking with the schema may follow.
  Result<void> reach(const Value& schema, const Resource& outer);
  Result<void> reach_keyword(const value::Member& member, const Value& schema,
                             const Resource& own);
  const Resource* part_at(std::string_view url, const Resource& from) const;
  Result<int> draft_at(std::string url);
  // What its metaschema says of a part that was walked.
  Result<void> check_rules(const Value& part, int draft, const std::string& url) const;
  Result<void> walk(const Value& schema, Resource* resource, const std::string& place,
                    std::size_t depth);
  Result<void> walk_keyword(std::string_view keyword, const Value& found, Resource* resource,
                            const std::string& place, std::size_t depth);
  Result<void> walk_references();
  Result<Resource*> begin_resource(const Value& schema, Resource* outer,
                                   const std::string& place);
  Result<Resource*> add_resource(const Value& schema, Resource* outer, const std::string& place,
                                 std::string_view address, int draft);
  Result<void> add_anchor(Resource& resource, const std::string& name, const Value& schema,
                          const std::string& place);
  Result<void> compile(std::string_view text, const Value& schema, const Resource& own,
                       std::string_view keyword);
  std::string url_of(const Resource& resource) const;
  Result<Target> find(std::string_view reference, const Resource& from) const;

  Library* library_ = nullptr;
  bool trusted_ = false;  // not held against metaschemas
  std::string text_;  // of the file
  std::vector<Root> roots_;  // the file itself first
  std::vector<std::unique_ptr<Resource>> resources_;
  std::unordered_map<const Value*, Resource*> by_schema_;
  std::unordered_set<const Value*> walked_;
  std::unordered_set<const Value*> reached_;
  std::map<std::string, tmpl::Expression, std::less<>> patterns_;
  std::vector<Reference> references_;
};

// The JSON pointer from `whole` to `part`, one of the values in it; nothing when it is none.
std::optional<std::string> place_within(const Value& whole, const Value& part);

// The name of a value's type: "null", "boolean", "number", "string", "array", "object".
std::string_view type_name(const Value& value);

}  // namespace weir::helm::schema
