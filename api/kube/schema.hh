// The shape of one kind's objects, as far as the API server needs it: which lists merge by which
// keys, what a custom resource's schema requires, defaults and keeps.
//
// Owner: api/kube. A Schema is built once and immutable after; nodes may refer to each other in
// cycles and live as long as their SchemaArena. No threads.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/schema.hh"
#include "engine/value/value.hh"

namespace weir::api::kube {

struct Schema {
  enum class Type : std::uint8_t {
    any,
    object,
    array,
    string,
    integer,
    number,
    boolean,
    int_or_string
  };
  enum class List : std::uint8_t { atomic, set, map };

  Type type = Type::any;
  List list = List::atomic;
  bool atomic_map = false;        // an object owned as a whole
  bool preserve_unknown = false;  // x-kubernetes-preserve-unknown-fields
  bool embedded = false;          // x-kubernetes-embedded-resource
  bool nullable = false;
  std::vector<std::string> keys;  // of a list of type map
  std::string merge_key;          // of strategic merge patches; "" = the list is replaced
  bool merge_scalars = false;     // strategic merge of a list of scalars
  std::map<std::string, const Schema*, std::less<>> properties;
  const Schema* items = nullptr;
  const Schema* additional = nullptr;  // values of a map
  const Value* source = nullptr;       // a custom resource's own node, for validation and defaults
  const Schema* same_as = nullptr;     // has that node's members (an atomic use of a shared type)
  Value key_default;                   // of a scalar; null = none
  std::vector<std::string> always;     // members that are written even when empty
  std::string go_name;                 // "DeploymentSpec", for decoding errors
  bool bytes = false;                  // base64 text

  // The schema of one member; nullptr when nothing is known of it.
  const Schema* member(std::string_view name) const;
  bool declares(std::string_view name) const;
};

struct SchemaArena {
  std::deque<Schema> nodes;
  Value source;  // keeps Schema::source alive
  const Schema* root = nullptr;
};

// From a CRD version's openAPIV3Schema. The root gets the usual metadata members. Never fails: what
// it does not understand is unknown (any).
std::shared_ptr<const SchemaArena> schema_from_crd(const Value& open_api_v3_schema);

// Of a built-in kind, by its type in engine/model/schema.hh; nullptr for nullptr.
const Schema* schema_of_builtin(const model::SchemaType* type);

// Of metadata, for every kind: labels and annotations are maps, finalizers a set, ownerReferences
// by uid.
const Schema* metadata_schema();

// --- custom resources
// -------------------------------------------------------------------------------

struct FieldError {
  std::string reason;   // "FieldValueInvalid", "FieldValueRequired", ...
  std::string field;    // "spec.interval"
  std::string message;  // `Invalid value: "x": spec.interval in body should match '^...$'`
};

// Removes members the schema does not know; their paths go to `dropped` ("spec.foo").
void prune_unknown(Value& object, const Schema& schema, std::vector<std::string>& dropped);
// Fills in the schema's defaults where the member is absent (or null and not nullable). A null of
// that kind that has no default goes.
void apply_defaults(Value& object, const Schema& schema);
// The first member whose value has another JSON type than the (built-in) schema's, as Go's decoder
// words it: "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of
// type int32"; "" = none.
std::string find_type_error(const Value& object, const Schema& schema);
// All violations of the structural schema, in the schema's order.
std::vector<FieldError> validate_schema(const Value& object, const Schema& schema);

}  // namespace weir::api::kube
