// A JSON Schema file prepared for checking: which draft each part follows, where $id, $anchor and
// their kin lead, and its regular expressions. Internal to schema*.cc. Immutable after load.
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
#include "engine/value/value.hh"

namespace weir::helm::schema {

// A part of the file with an address of its own.
struct Resource {
  std::string url;  // without fragment
  const Value* root = nullptr;
  int draft = 2020;  // 4, 6, 7, 2019, 2020
  bool recursive_anchor = false;
  std::map<std::string, const Value*, std::less<>> anchors;
  std::map<std::string, const Value*, std::less<>> dynamic_anchors;
};

// Where a reference leads; `schema` null: to anything goes (a URN nobody resolves, a metaschema).
struct Target {
  const Value* schema = nullptr;
  const Resource* resource = nullptr;
};

// A compiled regular expression.
class Pattern {
 public:
  virtual ~Pattern() = default;
  virtual bool matches(std::string_view text) const = 0;
};

class Document {
 public:
  // Errors: invalid (no JSON, a keyword of the wrong type, a pattern that cannot be read, a
  // reference that leads nowhere or out of the file), limit.
  static Result<std::unique_ptr<Document>> load(std::string_view json);

  const Value& root() const { return root_; }
  const Resource& root_resource() const { return *resources_.front(); }
  // The resource that `schema` begins, or `outer` when it begins none.
  const Resource& resource_of(const Value& schema, const Resource& outer) const;
  // What `reference` means in `from`. It was checked on load.
  Target resolve(std::string_view reference, const Resource& from) const;
  const Pattern& pattern(std::string_view text) const;

 private:
  struct Reference {
    std::string text;
    const Resource* from;
  };
  Result<void> walk(const Value& schema, Resource* resource, const std::string& place,
                    std::size_t depth);
  Result<void> walk_keyword(std::string_view keyword, const Value& found, Resource* resource,
                            const std::string& place, std::size_t depth);
  Result<void> walk_references();
  Result<Resource*> begin_resource(const Value& schema, Resource* outer);
  Result<void> add_pattern(std::string_view text, const std::string& place);
  Result<Target> find(std::string_view reference, const Resource& from) const;

  Value root_;
  std::vector<std::unique_ptr<Resource>> resources_;
  std::unordered_map<const Value*, Resource*> by_schema_;
  std::unordered_set<const Value*> walked_;
  std::map<std::string, std::unique_ptr<Pattern>, std::less<>> patterns_;
  std::vector<Reference> references_;
};

// The name of a value's type: "null", "boolean", "number", "string", "array", "object".
std::string_view type_name(const Value& value);

}  // namespace weir::helm::schema
