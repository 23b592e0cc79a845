// The names of things in a Kubernetes API: group-version-kind and object ids.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::model {

struct Gvk {
  std::string group;    // "" for core
  std::string version;  // "v1"
  std::string kind;

  auto operator<=>(const Gvk&) const = default;
  // "apps/v1", "v1".
  std::string api_version() const;
  // From an apiVersion and a kind. "apps/v1" -> group apps, version v1; "v1" -> core.
  static Gvk from(std::string_view api_version, std::string_view kind);
  // From a manifest's apiVersion and kind (empty strings where absent).
  static Gvk of(const Value& object);
};

struct ObjectId {
  Gvk gvk;
  std::string ns;  // "" for cluster-scoped
  std::string name;

  auto operator<=>(const ObjectId&) const = default;
  bool empty() const { return name.empty() && gvk.kind.empty(); }
  // Flux's subject form: "Kind/namespace/name", or "Kind/name" when cluster-scoped.
  std::string subject() const;
  // From a manifest's metadata.
  static ObjectId of(const Value& object);
};

// True when both name the same object, whatever the API version: group, kind, namespace, name.
bool same_object(const ObjectId& a, const ObjectId& b);

struct GroupKindOrder {
  bool operator()(const ObjectId& a,
                  const ObjectId& b) const;  // orders by everything but the version
};

// Whether kyaml's reader takes a document apart that is the only one of its text: a List or a
// ResourceList.
bool is_wrapping_list(const Value& document);

}  // namespace weir::model

namespace weir {
using model::Gvk;
using model::ObjectId;
}  // namespace weir
