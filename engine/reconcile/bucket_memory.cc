#include "engine/reconcile/bucket_memory.hh"

namespace weir::reconcile {

using model::ObjectId;

BucketMemory::Objects BucketMemory::find(const ObjectId& owner, const std::string& revision,
                                         const BucketIndex& index, const base::FileTree& tree) {
  std::shared_ptr<const Etags> etags;
  {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(owner);
    if (found == kept_.end() || found->second.revision != revision) return {};
    etags = found->second.etags;
  }
  Objects out;
  for (const auto& [key, object] : index.objects()) {
    const auto known = etags->find(key);
    if (known == etags->end() || known->second != object.etag || object.etag.empty()) continue;
    if (auto bytes = tree.read(object.path); bytes.ok() && (*bytes)->size() == object.size)
      out[key] = {*std::move(bytes), object.etag};
  }
  return out;
}

void BucketMemory::keep(const ObjectId& owner, const std::string& revision,
                        const BucketIndex& index) {
  auto etags = std::make_shared<Etags>();
  for (const auto& [key, object] : index.objects()) etags->emplace(key, object.etag);
  const std::lock_guard lock(mutex_);
  Kept& kept = kept_[owner];
  if (kept.etags != nullptr) objects_ -= kept.etags->size();
  kept = {revision, etags};
  objects_ += etags->size();
  while (objects_ > objects_max && !kept_.empty()) {
    const auto first = kept_.begin();
    objects_ -= first->second.etags->size();
    kept_.erase(first);
  }
}

}  // namespace weir::reconcile
