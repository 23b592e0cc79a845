// Sets of fields of an object, as server-side apply counts ownership, and the operations on objects
// that are defined by such sets: compare, merge, prune.
//
// A set is a tree whose edges are path elements in their wire form: `f:name` (member),
// `k:{"name":"a"}` (item of a keyed list), `v:"a"` (item of a set), and whose nodes say whether the
// path itself is in it. Owner: api/kube. Values; no threads. Failure: decoding answers what it
// could read, hostile depth is cut.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/kube/schema.hh"
#include "engine/value/value.hh"

namespace weir::api::kube {

struct FieldSet {
  bool member = false;
  std::map<std::string, FieldSet, std::less<>> children;

  bool empty() const { return !member && children.empty(); }
  bool operator==(const FieldSet&) const = default;
  const FieldSet* child(std::string_view element) const;
  void insert(const std::vector<std::string>& path);
  void remove(const std::vector<std::string>& path);  // the path and everything below it

  void unite(const FieldSet& other);
  void subtract(const FieldSet& other);  // paths that are in `other`
  FieldSet intersect(const FieldSet& other) const;
  // Paths as conflict texts show them: `.spec.template.spec.containers[name="app"].image`.
  std::vector<std::string> paths() const;
};

Value encode_fields(const FieldSet& set);  // FieldsV1
FieldSet decode_fields(const Value& fields_v1);

// What server-side apply of `object` owns.
FieldSet fields_of(const Value& object, const Schema* schema);

struct Comparison {
  FieldSet added, modified, removed;
  bool same() const { return added.empty() && modified.empty() && removed.empty(); }
};
// Members that Go's encoder always writes (spec, template, ...) count as present on both sides.
Comparison compare_objects(const Value& from, const Value& to, const Schema* schema);

// `live` with everything `config` says laid over it.
Value merge_applied(const Value& live, const Value& config, const Schema* schema);

// Removes from `object` what is in `last` and in none of `owned`.
void prune_unowned(Value& object, const FieldSet& last, const FieldSet& owned,
                   const Schema* schema);

// The wire element of a list's item: keyed, set or by position.
std::string item_element(const Value& item, const Schema* list, std::size_t index);

}  // namespace weir::api::kube
