// A read-only tree of files: what a source artifact, a kustomization directory or a chart is to the
// engine. Implementations: MemoryFileTree here, the disk (adapters/archive), a Git commit
// (adapters/git).
//
// Paths are '/'-separated. A relative path is below the tree's root; "" and "." are the root
// itself. Implementations resolve symbolic links only inside their root. All methods may be called
// from several threads at once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"

namespace weir::base {

enum class EntryType : unsigned char { file, directory, symlink };

struct DirectoryEntry {
  std::string name;  // one path component
  EntryType type = EntryType::file;
  bool executable = false;
};

// File contents, shared and immutable; equal pointers mean equal bytes.
using FileBytes = std::shared_ptr<const std::string>;

class FileTree {
 public:
  virtual ~FileTree() = default;
  // What is at `path`, symbolic links followed; nothing when there is nothing.
  virtual std::optional<EntryType> stat(std::string_view path) const = 0;
  // The path of the same thing without symbolic links; nothing when there is nothing. As it stands
  // here it serves trees that have no links.
  virtual std::optional<std::string> canonical(std::string_view path) const;
  // Errors: not_found, invalid (a directory, or a path that leaves the root), limit (too large),
  // io.
  virtual Result<FileBytes> read(std::string_view path) const = 0;
  // Entries of a directory sorted by name, bytewise, links not followed. Errors as read.
  virtual Result<std::vector<DirectoryEntry>> list(std::string_view path) const = 0;
};

// "a/./b//../c" -> "a/c"; "" for the root. Nothing when it climbs above the root. A leading '/' is
// kept:
// "/a/../b" -> "/b".
std::optional<std::string> clean_path(std::string_view path);
// clean_path(base + "/" + path), or clean_path(path) when path is absolute.
std::optional<std::string> join_path(std::string_view base, std::string_view path);
// "a/b/c" -> "a/b"; "a" -> "".
std::string_view parent_path(std::string_view path);
std::string_view base_name(std::string_view path);

// Files in memory; directories exist because files do (or by add_directory).
class MemoryFileTree final : public FileTree {
 public:
  // Adds or replaces a file; `path` is cleaned and must stay inside the root (asserted).
  void add(std::string_view path, std::string bytes, bool executable = false);
  void add(std::string_view path, FileBytes bytes, bool executable = false);
  void add_directory(std::string_view path);

  std::optional<EntryType> stat(std::string_view path) const override;
  Result<FileBytes> read(std::string_view path) const override;
  Result<std::vector<DirectoryEntry>> list(std::string_view path) const override;

 private:
  struct File {
    FileBytes bytes;
    bool executable = false;
  };
  std::map<std::string, File, std::less<>> files_;
  std::map<std::string, std::map<std::string, EntryType>, std::less<>> directories_;
};

}  // namespace weir::base
