// The schema of every built-in Kubernetes kind: which fields there are, their shapes, and how
// server-side apply and strategic merge treat them; and the table of resources that an API server
// of that version serves.
//
// The data is text in schema_data_*.cc, written by tools/schema/generate from a real API server,
// parsed once on first use (about a millisecond) and immutable afterwards: any thread, no locks.
// Custom resources are not here: who reads a CustomResourceDefinition makes SchemaTypes of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/object_id.hh"

namespace weir::model {

enum class FieldKind : std::uint8_t {
  string,
  bytes,          // base64 text
  time,           // RFC 3339 text; null when zero
  micro_time,
  int32,
  int64,
  boolean,
  number,
  quantity,       // "500m", "1Gi", or a number
  int_or_string,
  any,            // free-form JSON
  object,         // a SchemaType
  list,
  map,            // string keys
};

enum class ListType : std::uint8_t { atomic, set, map };

struct SchemaType;

struct SchemaField {
  std::string name;                       // "" for the element of a list or map
  FieldKind kind = FieldKind::any;
  const SchemaType* type = nullptr;       // kind object
  const SchemaField* element = nullptr;   // kinds list and map: what each item or value is
  ListType list_type = ListType::atomic;  // kind list
  bool atomic = false;                    // kinds map and object: owned and replaced as a whole
  bool required = false;
  bool always_written = false;            // Go's encoder writes it even when empty (no omitempty,
                                          // or a struct by value): "", 0, false, null or {}
  bool pointer = false;                   // a pointer in Go: a zero that was given is kept
  bool patch_merge = false;               // strategic merge: items merge (by key), not replaced
  bool patch_retain_keys = false;         // ... the patch's set of keys is the result's set of keys
  bool patch_replace = false;
  std::string patch_merge_key;            // with patch_merge on lists of objects
  std::vector<std::string> map_keys;      // list_type map
  bool has_default = false;
  std::string default_text;               // a scalar: "TCP", "1"; parse by kind
};

struct SchemaType {
  std::string name;                 // "apps.v1.DeploymentSpec"
  bool atomic = false;              // server-side apply owns and replaces it as a whole
  std::vector<SchemaField> fields;  // sorted by name

  // Binary search; nullptr when there is no such field.
  const SchemaField* find(std::string_view field) const;
};

struct SchemaSubresource {
  std::string name;                // "status", "scale"
  Gvk gvk;                         // what it reads and writes
  std::vector<std::string> verbs;
};

struct SchemaResource {
  Gvk gvk;
  std::string plural;
  std::string singular;
  bool namespaced = false;
  std::vector<std::string> verbs;  // as discovery lists them, sorted
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  std::vector<SchemaSubresource> subresources;
  const SchemaType* type = nullptr;

  const SchemaSubresource* subresource(std::string_view name) const;  // nullptr when absent
};

// The type of a built-in kind; nullptr for kinds that Kubernetes does not ship.
const SchemaType* find_type(const Gvk& gvk);
// By schema name ("meta.v1.ObjectMeta", "core.v1.PodSpec"); nullptr when unknown.
const SchemaType* find_type(std::string_view name);
// metav1.ObjectMeta, shared by every kind, custom ones too.
const SchemaType& object_meta_type();

// Every resource served, core first, then groups and versions as discovery lists them.
const std::vector<SchemaResource>& builtin_resources();
const SchemaResource* find_resource(const Gvk& gvk);  // nullptr when not built in

// The Kubernetes version the data was read from: "v1.35.4".
std::string_view schema_version();

}  // namespace weir::model
