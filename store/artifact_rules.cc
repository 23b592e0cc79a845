#include "store/artifact_rules.hh"

#include <algorithm>

#include "engine/base/targz.hh"

namespace weir::store {
namespace {

bool is_component(std::string_view text) {
  return !text.empty() && text.front() != '.' && text.size() <= 255 &&
         text.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

std::size_t bytes_below(const base::FileTree& tree, const std::string& directory) {
  std::size_t bytes = 0;
  const auto entries = tree.list(directory);
  if (!entries) return 0;
  for (const base::DirectoryEntry& entry : *entries) {
    const std::string path = directory.empty() ? entry.name : directory + "/" + entry.name;
    if (entry.type == base::EntryType::directory) {
      bytes += bytes_below(tree, path);
    } else if (const auto content = tree.read(path)) {
      bytes += (*content)->size();
    }
  }
  return bytes;
}

}  // namespace

Result<std::string> artifact_path(std::string_view kind, std::string_view ns, std::string_view name,
                                  std::string_view file) {
  std::string path;
  for (const std::string_view part : {kind, ns, name}) {
    if (!is_component(part))
      return make_error(Code::invalid, "'" + std::string(part) + "' cannot be part of a path",
                        "InvalidPath");
    if (!path.empty()) path += '/';
    path += part;
  }
  std::transform(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(kind.size()),
                 path.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; });
  if (file.empty()) return path;
  if (!is_component(file))
    return make_error(Code::invalid, "'" + std::string(file) + "' cannot be a file name",
                      "InvalidPath");
  return path.append("/").append(file);
}

bool is_artifact_path(std::string_view path) {
  int parts = 0;
  for (;;) {
    const std::size_t slash = path.find('/');
    if (!is_component(path.substr(0, slash))) return false;
    ++parts;
    if (slash == std::string_view::npos) return parts == 4;
    path.remove_prefix(slash + 1);
  }
}

bool is_alias(std::string_view file) { return file == "latest.tar.gz" || file == "index.yaml"; }

Result<PackedTree> pack_artifact(const base::FileTree& tree,
                                 std::optional<std::string_view> ignore) {
  WEIR_TRY(const base::IgnoreRules rules, base::IgnoreRules::load(tree, ignore));
  PackedTree out;
  WEIR_TRY(out.tree, base::filter_tree(tree, &rules));
  WEIR_TRY(out.bytes, base::pack_targz(*out.tree));
  out.tree_bytes = bytes_below(*out.tree, "");
  return out;
}

std::vector<std::string> garbage(std::vector<StoredFile> files, std::string_view current,
                                 base::TimeUs now, base::Duration ttl, std::size_t records) {
  std::stable_sort(files.begin(), files.end(),
                   [](const StoredFile& a, const StoredFile& b) { return a.time < b.time; });
  const auto ttl_us = std::chrono::duration_cast<std::chrono::microseconds>(ttl).count();
  std::vector<std::string> out;
  std::size_t left = files.size();
  for (const StoredFile& file : files) {
    if (file.name == current) continue;
    // Oldest first, so those past the time to live and those past the count are one prefix.
    if (now - file.time <= ttl_us && left <= records) break;
    out.push_back(file.name);
    --left;
  }
  return out;
}

std::string artifact_url(std::string_view address, std::string_view path) {
  const bool complete = address.starts_with("http://") || address.starts_with("https://");
  std::string out = complete ? "" : "http://";
  out += address;
  while (out.ends_with('/')) out.pop_back();
  return out.append("/").append(path);
}

}  // namespace weir::store
