// Sets of field paths, as managedFields hold them (FieldsV1): which fields of an object somebody
// owns; what an applied manifest will own; and the projection of a live object on such a set,
// whose digest tells from a watch event alone whether the fields we own still stand. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.hh"
#include "engine/base/result.hh"
#include "engine/model/schema.hh"
#include "engine/value/value.hh"

namespace weir::apply {

// A tree; edges are path elements in their wire form: "f:name" (a member), `k:{"name":"a"}` (the
// list item with those keys), `v:"x"` (the list item of that value), "i:0" (by position).
struct FieldSet {
  bool self = false;  // the path that ends here belongs to the set ("." on the wire, or a leaf)
  std::map<std::string, FieldSet, std::less<>> children;

  bool empty() const { return !self && children.empty(); }
  bool operator==(const FieldSet&) const = default;
  // Adds every path of `other`.
  void unite(const FieldSet& other);
  // True when every path of `other` is in this set.
  bool contains(const FieldSet& other) const;
  // Paths for people, sorted: `.spec.template.spec.containers[name="app"].image`.
  std::vector<std::string> paths() const;
};

// From and to the wire. Error: invalid (no object, an element without a known prefix), limit (too
// deep).
Result<FieldSet> parse_fields(const Value& fields_v1);
Value format_fields(const FieldSet& set);

// What server-side apply of `manifest` makes its manager own. `type` is the schema of its kind;
// nullptr for kinds without one: then lists are owned as a whole.
FieldSet applied_fields(const Value& manifest, const model::SchemaType* type);

// Everything that the manager owns on the live object, by Apply or Update, subresources excluded.
// Entries that do not parse are left out.
FieldSet owned_fields(const Value& live, std::string_view manager);

// The part of `live` that the set covers: atomic values and leaves whole, other objects and lists
// reduced to what is owned below them. List items keep the order of `live`.
Value project(const Value& live, const FieldSet& set, const model::SchemaType* type);

// Digest of the projection's canonical JSON; equal digests mean that the owned fields still match.
base::Digest owned_digest(const Value& live, const FieldSet& set, const model::SchemaType* type);

// The path element of a list's item: by keys (their defaults filled in), by value or by position.
std::string item_element(const Value& item, const model::SchemaField& list, std::size_t index);

}  // namespace weir::apply
