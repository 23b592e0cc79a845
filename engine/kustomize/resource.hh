// One object on its way through a build, and what the build remembers of it: earlier names,
// prefixes and suffixes for the repair of references, how a generator made it, where it came from.
//
// The memory is kept beside the object (the reference tool hides it in annotations), so the passes
// never serialise. A Resource belongs to one build and one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kustomize/field_spec.hh"
#include "engine/kustomize/openapi.hh"
#include "engine/kustomize/origin.hh"
#include "engine/kustomize/provenance.hh"
#include "engine/kustomize/res_id.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

using StringMap = std::map<std::string, std::string, std::less<>>;

struct PreviousId {
  std::string ns;  // effective
  std::string name;
  std::string kind;
  bool operator==(const PreviousId&) const = default;
};

enum class Behavior : std::uint8_t { unspecified, create, replace, merge };

// A label or annotation that one transformer put into several maps at once. In the reference it is
// one node in all of them, so whoever changes it later in one map changes it in the others:
// selectors follow labels.
struct SharedEntry {
  struct Step {
    std::string name;
    std::size_t index = 0;
  };
  std::string key;
  Value value;
  std::vector<std::vector<Step>> maps;  // where the maps are
};

class Resource {
 public:
  Resource(Value object, const OpenApi& types) : object_(std::move(object)), types_(&types) {}

  const Value& object() const { return object_; }
  // For editing. Ids are computed anew afterwards.
  Value& edit() {
    id_.reset();
    return object_;
  }

  // A patch or filter emptied it: it is to be dropped.
  bool deleted() const { return object_.is_null() || (object_.is_object() && object_.empty()); }

  const ResId& id() const;    // what it is called now
  ResId original_id() const;  // what it was called first
  std::vector<ResId> previous_ids() const;
  const std::vector<PreviousId>& previous() const { return previous_; }
  // Whether both remember the same of what went before.
  bool same_history(const Resource& other) const;
  void store_previous_id();
  // True when the id now or any earlier one satisfies `test`.
  template <typename F>
  bool any_id(F&& test) const {
    for (std::size_t i = 0; i < previous_.size(); ++i) {
      if (test(previous_id(i))) return true;
    }
    return test(id());
  }
  ResId previous_id(std::size_t index) const;

  std::string_view kind() const { return object_["kind"].get_string(); }
  std::string name() const;
  std::string namespace_name() const;
  void set_name(std::string_view name);
  void set_namespace(std::string_view ns);  // "" removes it
  void set_kind(std::string_view kind);
  void set_gvk(const Gvk& gvk);

  StringMap labels() const { return metadata_map("labels"); }
  StringMap annotations() const { return metadata_map("annotations"); }
  StringMap metadata_map(std::string_view field) const;
  // Writes the map, sorted, all values as strings; an empty map removes the field.
  void set_metadata_map(std::string_view field, const StringMap& map);

  // Remembers an entry shared by several maps.
  void share(SharedEntry entry);
  // After an edit: gives every shared entry that was changed in one map the same value in the
  // others.
  void settle_shared();
  // Forgets what is shared: the object was written anew.
  void unshare() { shared_.clear(); }

  // True when a build of the reference would have written annotations of its own by now.
  bool has_build_annotations() const;

  // Drops all that is remembered beside the object.
  void forget();

  // Takes labels, annotations, name, namespace and history of `other`, as merging generators do.
  void copy_metadata_from(const Resource& other);

  const OpenApi& types() const { return *types_; }

  std::vector<std::string> prefixes;
  std::vector<std::string> suffixes;
  std::vector<std::string> var_names;  // vars that read from this resource
  std::optional<Behavior> behavior;
  bool needs_hash = false;
  bool allow_name_change = false;
  bool allow_kind_change = false;
  std::optional<Origin> origin;
  std::vector<Origin> transformations;
  std::shared_ptr<FieldCauses> causes;  // of a traced build, else null

 private:
  Value object_;
  const OpenApi* types_;
  std::vector<PreviousId> previous_;
  std::vector<SharedEntry> shared_;
  mutable std::optional<ResId> id_;
};

// The map at `field` of `object`, for writing. What stands there and is no map gives way to one: a
// patch may have put anything there.
Value& map_at(Value& object, std::string_view field);

// The object for an error text: JSON, of a Secret without its data.
std::string shown_json(const Value& object);

// The object's own type, name and namespace.
ResId id_of(const Value& object, const OpenApi& types);

}  // namespace weir::kustomize
