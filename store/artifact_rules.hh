// What the disk's and the memory's artifact store have in common: paths, packing, and which files
// to drop. Pure functions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/reconcile/source_port.hh"

namespace weir::store {

// "gitrepository/ns/name/file", the kind in lower case; without a file, the object's folder.
// Errors: invalid (a part that is empty, begins with '.', or holds '/', '\' or NUL).
Result<std::string> artifact_path(std::string_view kind, std::string_view ns, std::string_view name,
                                  std::string_view file);
// Whether `path` is four such parts.
bool is_artifact_path(std::string_view path);

// Second names of current artifacts, which no collection removes: "latest.tar.gz", "index.yaml".
bool is_alias(std::string_view file);

struct PackedTree {
  std::shared_ptr<const base::MemoryFileTree> tree;  // what the rules left in
  std::string bytes;                                 // its tar.gz
  std::size_t tree_bytes = 0;                        // of the files together
};
Result<PackedTree> pack_artifact(const base::FileTree& tree,
                                 std::optional<std::string_view> ignore);

struct StoredFile {
  std::string name;
  base::TimeUs time = 0;
};
// The names to remove, contract part 2: all but `current` that are older than `ttl`, then the
// oldest of the rest until `records` files remain, `current` among them.
std::vector<std::string> garbage(std::vector<StoredFile> files, std::string_view current,
                                 base::TimeUs now, base::Duration ttl, std::size_t records);

// "http://<address>/<path>"; an address that begins with http:// or https:// is taken as it is.
std::string artifact_url(std::string_view address, std::string_view path);

}  // namespace weir::store
