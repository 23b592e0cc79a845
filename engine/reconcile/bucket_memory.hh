// Which object of a bucket had which ETag when its artifact was made: objects that have it still
// are taken from that artifact and not fetched again.
//
// In memory alone, bounded by objects; thread-safe. What is forgotten is fetched.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/base/file_tree.hh"
#include "engine/model/object_id.hh"
#include "engine/reconcile/bucket_index.hh"

namespace weir::reconcile {

class BucketMemory {
 public:
  using Objects = std::map<std::string, BucketContent, std::less<>>;  // by key
  // Those of `index` that the artifact of `revision`, whose files are `tree`, has as they are.
  Objects find(const model::ObjectId& owner, const std::string& revision, const BucketIndex& index,
               const base::FileTree& tree);
  void keep(const model::ObjectId& owner, const std::string& revision, const BucketIndex& index);

 private:
  using Etags = std::map<std::string, std::string, std::less<>>;
  struct Kept {
    std::string revision;
    std::shared_ptr<const Etags> etags;
  };
  static constexpr std::size_t objects_max = 200'000;  // a key and an ETag take some 200 bytes
  std::mutex mutex_;
  std::map<model::ObjectId, Kept> kept_;
  std::size_t objects_ = 0;
};

}  // namespace weir::reconcile
