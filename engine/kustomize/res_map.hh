// The resources of a build in output order, with indexes by id so that every look-up is constant
// time.
//
// One thread. References and pointers to resources stay good until resources are added or removed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/result.hh"
#include "engine/kustomize/resource.hh"

namespace weir::kustomize {

class ResMap {
 public:
  std::size_t size() const { return list_.size(); }
  bool empty() const { return list_.empty(); }
  Resource& operator[](std::size_t index) { return *list_[index]; }
  const Resource& operator[](std::size_t index) const { return *list_[index]; }

  // Adds at the end. Error: invalid, "may not add resource with an already registered id: ...".
  Result<void> append(Resource resource);
  Result<void> append_all(ResMap&& other);
  // Adds generated resources: each is new, or merges into or replaces the one its behavior asks
  // for.
  Result<void> absorb_all(ResMap&& other);

  // Positions whose current id, or any id they had, equals `id`.
  std::vector<std::size_t> find_by_any_id(const ResId& id) const;
  std::size_t count_current(const ResId& id) const;
  // The first resource that is called so now.
  std::optional<std::size_t> find_current(const ResId& id) const;
  // The one resource that has or had this id. Error: invalid, as the reference words it.
  Result<std::size_t> find_patch_target(const ResId& id) const;

  // Call around any edit that may change an id: forgets the indexes.
  void ids_changed() const { indexed_ = false; }
  // Removes resources that became empty, then checks that no id is there twice.
  void drop_deleted();
  Result<void> check_unique() const;

  void reorder(const std::vector<std::size_t>& order);
  // Keeps what `keep` answers true for.
  void filter(const std::function<bool(const Resource&)>& keep);
  ResMap copy() const;

 private:
  void index() const;
  void index_one(std::size_t position) const;

  std::vector<std::unique_ptr<Resource>> list_;
  mutable bool indexed_ = true;
  mutable std::unordered_map<std::string, std::uint32_t> current_;  // key -> how many
  mutable std::unordered_map<std::string, std::vector<std::uint32_t>> any_;
};

}  // namespace weir::kustomize
