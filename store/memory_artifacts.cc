#include "engine/base/digest.hh"
#include "engine/base/targz.hh"
#include "store/artifact_rules.hh"
#include "store/artifacts.hh"

namespace weir::store {

using reconcile::StoredArtifact;

MemoryArtifacts::MemoryArtifacts(std::string address, const base::Clock& clock)
    : address_(std::move(address)), clock_(clock) {}

Result<StoredArtifact> MemoryArtifacts::store_bytes(std::string_view kind, std::string_view ns,
                                                    std::string_view name, std::string_view file,
                                                    std::string_view bytes) {
  if (file.empty()) return make_error(Code::invalid, "artifact without a file name", "InvalidPath");
  StoredArtifact out;
  WEIR_TRY(out.path, artifact_path(kind, ns, name, file));
  out.digest = base::sha256(bytes).to_string();
  out.size = static_cast<std::int64_t>(bytes.size());
  const std::lock_guard lock(mutex_);
  File& kept = files_[out.path];
  if (!kept.bytes || *kept.bytes != bytes)
    kept = {std::make_shared<const std::string>(bytes), out.digest, clock_.now()};
  out.time = kept.time;
  return out;
}

Result<StoredArtifact> MemoryArtifacts::store(std::string_view kind, std::string_view ns,
                                              std::string_view name, std::string_view file,
                                              const base::FileTree& tree,
                                              std::optional<std::string_view> ignore) {
  WEIR_TRY(const PackedTree packed, pack_artifact(tree, ignore));
  return store_bytes(kind, ns, name, file, packed.bytes);
}

Result<base::FileBytes> MemoryArtifacts::read(std::string_view path, std::string_view digest) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(path);
  if (found == files_.end())
    return make_error(Code::not_found, std::string(path) + ": no such artifact");
  if (!digest.empty() && found->second.digest != digest)
    return make_error(Code::corrupt, std::string(path) + ": computed digest doesn't match");
  return found->second.bytes;
}

Result<std::shared_ptr<const base::FileTree>> MemoryArtifacts::open(std::string_view path,
                                                                    std::string_view digest) {
  WEIR_TRY(const base::FileBytes bytes, read(path, digest));
  auto unpacked = base::unpack_targz(*bytes);
  if (!unpacked) return std::move(unpacked).error().with_context(path);
  return std::shared_ptr<const base::FileTree>(std::move(*unpacked));
}

bool MemoryArtifacts::exists(std::string_view path, std::string_view digest) {
  return read(path, digest).ok();
}

Result<std::vector<std::string>> MemoryArtifacts::collect(std::string_view kind,
                                                          std::string_view ns,
                                                          std::string_view name,
                                                          std::string_view current,
                                                          base::Duration ttl, std::size_t records) {
  WEIR_TRY(const std::string folder, artifact_path(kind, ns, name, {}));
  const std::lock_guard lock(mutex_);
  std::vector<StoredFile> files;
  for (const auto& [path, file] : files_)
    if (base::parent_path(path) == folder)
      files.push_back({std::string(base::base_name(path)), file.time});
  std::vector<std::string> removed;
  for (const std::string& file :
       garbage(std::move(files), base::base_name(current), clock_.now(), ttl, records)) {
    removed.push_back(folder + "/" + file);
    files_.erase(removed.back());
  }
  return removed;
}

Result<void> MemoryArtifacts::remove_all(std::string_view kind, std::string_view ns,
                                         std::string_view name) {
  WEIR_TRY(const std::string folder, artifact_path(kind, ns, name, {}));
  const std::lock_guard lock(mutex_);
  std::erase_if(files_, [&](const auto& one) { return base::parent_path(one.first) == folder; });
  return {};
}

std::string MemoryArtifacts::url(std::string_view path) const {
  return artifact_url(address_, path);
}

void MemoryArtifacts::damage(std::string_view path, std::optional<std::string> bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(path);
  if (found == files_.end()) return;
  if (!bytes) {
    files_.erase(found);
    return;
  }
  found->second.digest = base::sha256(*bytes).to_string();
  found->second.bytes = std::make_shared<const std::string>(std::move(*bytes));
}

}  // namespace weir::store
