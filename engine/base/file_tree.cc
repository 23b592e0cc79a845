#include "engine/base/file_tree.hh"

namespace weir::base {

std::optional<std::string> clean_path(std::string_view path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= path.size();) {
    std::size_t end = path.find('/', at);
    if (end == std::string_view::npos) end = path.size();
    const std::string_view part = path.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    } else if (!absolute) {
      return std::nullopt;
    }
  }
  std::string out = absolute ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out.push_back('/');
    out.append(parts[i]);
  }
  return out;
}

std::optional<std::string> join_path(std::string_view base, std::string_view path) {
  if (path.starts_with('/') || base.empty()) return clean_path(path);
  std::string joined(base);
  joined.push_back('/');
  joined.append(path);
  return clean_path(joined);
}

std::string_view parent_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

namespace {

std::optional<std::string> rooted(std::string_view path) {
  auto clean = clean_path(path);
  if (clean && clean->starts_with('/')) clean->erase(0, 1);
  return clean;
}

}  // namespace

std::optional<std::string> FileTree::canonical(std::string_view path) const {
  auto clean = rooted(path);
  if (!clean || !stat(*clean)) return std::nullopt;
  return clean;
}

void MemoryFileTree::add(std::string_view path, std::string bytes, bool executable) {
  add(path, std::make_shared<const std::string>(std::move(bytes)), executable);
}

void MemoryFileTree::add(std::string_view path, FileBytes bytes, bool executable) {
  const auto clean = rooted(path);
  WEIR_ASSERT(clean && !clean->empty());
  files_[*clean] = File{std::move(bytes), executable};
  const std::string_view parent = parent_path(*clean);
  add_directory(parent);
  directories_.find(parent)->second[std::string(base_name(*clean))] = EntryType::file;
}

void MemoryFileTree::add_directory(std::string_view path) {
  const auto clean = rooted(path);
  WEIR_ASSERT(clean);
  if (directories_.contains(*clean)) return;
  directories_.emplace(*clean, std::map<std::string, EntryType>());
  if (clean->empty()) return;
  const std::string_view parent = parent_path(*clean);
  add_directory(parent);
  directories_.find(parent)->second[std::string(base_name(*clean))] = EntryType::directory;
}

std::optional<EntryType> MemoryFileTree::stat(std::string_view path) const {
  const auto clean = rooted(path);
  if (!clean) return std::nullopt;
  if (clean->empty() || directories_.contains(*clean)) return EntryType::directory;
  if (files_.contains(*clean)) return EntryType::file;
  return std::nullopt;
}

Result<FileBytes> MemoryFileTree::read(std::string_view path) const {
  const auto clean = rooted(path);
  if (!clean) return make_error(Code::invalid, std::string(path) + ": leaves the root");
  const auto found = files_.find(*clean);
  if (found != files_.end()) return found->second.bytes;
  if (directories_.contains(*clean))
    return make_error(Code::invalid, std::string(path) + ": is a directory");
  return make_error(Code::not_found, std::string(path) + ": no such file or directory");
}

Result<std::vector<DirectoryEntry>> MemoryFileTree::list(std::string_view path) const {
  const auto clean = rooted(path);
  if (!clean) return make_error(Code::invalid, std::string(path) + ": leaves the root");
  const auto found = directories_.find(*clean);
  if (found == directories_.end()) {
    if (files_.contains(*clean))
      return make_error(Code::invalid, std::string(path) + ": not a directory");
    if (clean->empty()) return std::vector<DirectoryEntry>();
    return make_error(Code::not_found, std::string(path) + ": no such file or directory");
  }
  std::vector<DirectoryEntry> entries;
  entries.reserve(found->second.size());
  for (const auto& [name, type] : found->second) {
    const std::string full = clean->empty() ? name : *clean + "/" + name;
    const auto file = files_.find(full);
    entries.push_back({name, type, file != files_.end() && file->second.executable});
  }
  return entries;
}

}  // namespace weir::base
