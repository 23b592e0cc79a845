// Gzip-compressed tar archives as Flux's artifacts are: only regular files and directories, owner
// 0, no times, modes 0750 / 0600 / 0700, names relative in lexical order. The same tree packs to
// the same bytes. Reading also takes what other tools write (ustar, GNU long names, PAX), within
// caps.
//
// Pure functions of their arguments, in memory. Hostile input ends in an Error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/file_tree.hh"
#include "engine/base/ignore_rules.hh"
#include "engine/base/limits.hh"
#include "engine/base/result.hh"

namespace weir::base {

struct UnpackLimits {
  std::size_t files_max = limits::tree_files_max;
  std::size_t bytes_max = limits::tree_bytes_max;       // of the tar, unpacked
  std::size_t file_bytes_max = limits::file_bytes_max;  // of one file
};

// The files and directories of `tree` that `rules` leave in (null: all), contents shared, symbolic
// links dropped. Errors: limit, and those of reading the tree.
Result<std::shared_ptr<const MemoryFileTree>> filter_tree(const FileTree& tree,
                                                          const IgnoreRules* rules);

// The archive's bytes. Errors: limit, and those of reading the tree.
Result<std::string> pack_targz(const FileTree& tree);

// The files of an archive; symbolic links are dropped, as every consumer of artifacts does. Errors:
// invalid (no gzip, no tar, a name that is absolute, climbs or holds a backslash, a device or a
// hard link), limit.
Result<std::shared_ptr<const MemoryFileTree>> unpack_targz(std::string_view bytes,
                                                           const UnpackLimits& caps = {});

// An entry of an archive as it is named there; nothing about the name is checked.
struct ArchiveEntry {
  std::string name;
  bool directory = false;
  std::uint64_t size = 0;     // of its contents; 0 for links, devices and directories
  std::int64_t modified = 0;  // seconds since 1970
};
// The contents of the entry that is being visited; may be called once.
using EntryReader = std::function<Result<std::string>()>;
using EntryVisitor = std::function<Result<void>(const ArchiveEntry&, const EntryReader&)>;

// Calls `visitor` for each entry in the archive's order, for formats with rules of their own. Its
// error ends the walk. Errors: invalid (no gzip, no tar), limit.
Result<void> visit_targz(std::string_view bytes, const UnpackLimits& caps,
                         const EntryVisitor& visitor);

}  // namespace weir::base
