#include "store/artifacts.hh"

namespace weir::store {

void TreeCache::drop(std::list<Entry>::iterator entry) {
  bytes_ -= entry->bytes;
  by_path_.erase(entry->path);
  entries_.erase(entry);
}

void TreeCache::add(std::string_view path, std::string_view digest, Tree tree, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_path_.find(path); found != by_path_.end()) drop(found->second);
  if (bytes > bytes_max_) return;
  entries_.push_front({std::string(path), std::string(digest), std::move(tree), bytes});
  by_path_.emplace(std::string(path), entries_.begin());
  bytes_ += bytes;
  while (bytes_ > bytes_max_) drop(std::prev(entries_.end()));
}

TreeCache::Tree TreeCache::find(std::string_view path, std::string_view digest) {
  const std::lock_guard lock(mutex_);
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return nullptr;
  if (!digest.empty() && found->second->digest != digest) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->tree;
}

void TreeCache::remove(std::string_view path) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_path_.find(path); found != by_path_.end()) drop(found->second);
}

}  // namespace weir::store
