// The artifact store: what consumers inside and outside of the process download. Files below one
// root as <kind>/<ns>/<name>/<file>, written to a temporary file, synced and renamed, folders 0700
// and files 0600. Trees just stored stay in memory (least recently used first out), so our own
// consumers unpack nothing.
//
// Thread-safe. Errors: io for the disk's, invalid for names that are no single path component.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/reconcile/source_port.hh"

namespace weir::store {

// Unpacked artifacts by path and digest, bounded by the bytes of their files. Thread-safe.
class TreeCache {
 public:
  using Tree = std::shared_ptr<const base::FileTree>;
  explicit TreeCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  void add(std::string_view path, std::string_view digest, Tree tree, std::size_t bytes);
  // With an empty digest, whatever is kept for the path. Null when nothing is.
  Tree find(std::string_view path, std::string_view digest);
  void remove(std::string_view path);

 private:
  struct Entry {
    std::string path, digest;
    Tree tree;
    std::size_t bytes = 0;
  };
  void drop(std::list<Entry>::iterator entry);

  std::mutex mutex_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::list<Entry> entries_;  // most recently used first
  std::map<std::string, std::list<Entry>::iterator, std::less<>> by_path_;
};

// What a URL path of the artifact server stands for.
struct ServedPath {
  std::string file;  // on disk
  bool directory = false;
};

class DiskArtifacts final : public reconcile::ArtifactPort {
 public:
  struct Options {
    std::string root;     // made when missing
    std::string address;  // "host:port" or "http(s)://host:port", without a path
    std::size_t cache_bytes_max = 256u << 20;
  };
  static Result<std::unique_ptr<DiskArtifacts>> open(Options options, const base::Clock& clock);
  DiskArtifacts(Options options, const base::Clock& clock);

  Result<reconcile::StoredArtifact> store(std::string_view kind, std::string_view ns,
                                          std::string_view name, std::string_view file,
                                          const base::FileTree& tree,
                                          std::optional<std::string_view> ignore) override;
  Result<reconcile::StoredArtifact> store_bytes(std::string_view kind, std::string_view ns,
                                                std::string_view name, std::string_view file,
                                                std::string_view bytes) override;
  Result<reconcile::StoredArtifact> store_stream(std::string_view kind, std::string_view ns,
                                                 std::string_view name, std::string_view file,
                                                 const reconcile::ByteProducer& write) override;
  Result<base::FileBytes> read(std::string_view path, std::string_view digest) override;
  Result<std::shared_ptr<const base::FileTree>> open(std::string_view path,
                                                     std::string_view digest) override;
  Result<void> scan(std::string_view path, std::string_view digest,
                    const reconcile::ByteSink& sink) override;
  Result<std::string> read_range(std::string_view path, std::uint64_t offset,
                                 std::uint64_t size) override;
  bool exists(std::string_view path, std::string_view digest) override;
  Result<std::vector<std::string>> collect(std::string_view kind, std::string_view ns,
                                           std::string_view name, std::string_view current,
                                           base::Duration ttl, std::size_t records) override;
  Result<void> remove_all(std::string_view kind, std::string_view ns,
                          std::string_view name) override;
  std::string url(std::string_view path) const override;
  std::string publish(std::string_view path, std::string_view alias) override;

  // For the HTTP server: the file or directory that a URL path (decoded, with or without its
  // leading '/') names. Temporary files are not there. Errors: not_found.
  Result<ServedPath> resolve(std::string_view url_path) const;

 private:
  Result<std::string> file_of(std::string_view path) const;

  Options options_;
  const base::Clock& clock_;
  TreeCache cache_;
};

// The same in memory, for the simulator.
class MemoryArtifacts final : public reconcile::ArtifactPort {
 public:
  MemoryArtifacts(std::string address, const base::Clock& clock);

  Result<reconcile::StoredArtifact> store(std::string_view kind, std::string_view ns,
                                          std::string_view name, std::string_view file,
                                          const base::FileTree& tree,
                                          std::optional<std::string_view> ignore) override;
  Result<reconcile::StoredArtifact> store_bytes(std::string_view kind, std::string_view ns,
                                                std::string_view name, std::string_view file,
                                                std::string_view bytes) override;
  Result<base::FileBytes> read(std::string_view path, std::string_view digest) override;
  Result<std::shared_ptr<const base::FileTree>> open(std::string_view path,
                                                     std::string_view digest) override;
  bool exists(std::string_view path, std::string_view digest) override;
  Result<std::vector<std::string>> collect(std::string_view kind, std::string_view ns,
                                           std::string_view name, std::string_view current,
                                           base::Duration ttl, std::size_t records) override;
  Result<void> remove_all(std::string_view kind, std::string_view ns,
                          std::string_view name) override;
  std::string url(std::string_view path) const override;
  // Makes the file vanish or rot, as disks do.
  void damage(std::string_view path, std::optional<std::string> bytes);

 private:
  struct File {
    base::FileBytes bytes;
    std::string digest;
    base::TimeUs time = 0;
  };
  std::string address_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, File, std::less<>> files_;  // by artifact path
};

}  // namespace weir::store
