// The objects of a bucket that become its artifact, by their keys: the revision that they make, and
// where each stands in the artifact. Keys are whatever somebody has put into the bucket.
//
// Pure; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/reconcile/bucket_port.hh"

namespace weir::reconcile {

// Where an object stands in the artifact: its key below the root, which no key leaves ("/a", "./a"
// and "../../a" are "a"). Errors: invalid (a key that is no path, or that no consumer of artifacts
// would take), limit.
Result<std::string> object_path(std::string_view key);

class BucketIndex {
 public:
  struct Object {
    std::string etag;
    std::uint64_t size = 0;
    std::string path;
  };
  // Errors: those of object_path; limit (tree_files_max, file_bytes_max, tree_bytes_max), naming
  // the key.
  Result<void> add(const BucketEntry& entry);
  void remove(const std::string& key) { objects_.erase(key); }
  void set_etag(const std::string& key, std::string etag) { objects_[key].etag = std::move(etag); }
  // Refuses two objects at one path, and one that another takes for a folder. Error: invalid.
  Result<void> check_paths() const;
  // "sha256:<hex>" of a line "<key> <etag>" for each, in the order of the keys.
  std::string revision() const;
  const std::map<std::string, Object>& objects() const { return objects_; }
  std::size_t size() const { return objects_.size(); }

 private:
  std::map<std::string, Object> objects_;
  std::uint64_t bytes_ = 0;
};

}  // namespace weir::reconcile
