#include "engine/reconcile/bucket_index.hh"

#include "engine/base/digest.hh"
#include "engine/base/file_tree.hh"
#include "engine/base/limits.hh"
#include "engine/value/utf8.hh"

namespace weir::reconcile {
namespace {

namespace limits = base::limits;

// The longest name of a file that systems take.
constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t told_bytes_max = 200;

// A key as an error may tell it: printable, and not endless.
std::string told(std::string_view key) {
  std::string text = value::replace_invalid_utf8(key.substr(0, told_bytes_max));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return "'" + text + (key.size() > told_bytes_max ? "..." : "") + "'";
}

Error of_object(std::string_view key, Code code, const std::string& what) {
  return make_error(code, "object " + told(key) + " " + what);
}

std::string over(std::string_view what, std::string_view cap, std::uint64_t value) {
  std::string text(what);
  return text.append(" than ").append(cap).append(" (").append(std::to_string(value)).append(")");
}

}  // namespace

Result<std::string> object_path(std::string_view key) {
  if (!value::valid_utf8(key)) return of_object(key, Code::invalid, "has a key that is no UTF-8");
  for (const char c : key)
    if (c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return of_object(key, Code::invalid,
                       "has a backslash or a control character in its key, which no consumer of "
                       "artifacts takes");
  const auto clean = base::clean_path("/" + std::string(key));
  std::string path = clean ? clean->substr(1) : std::string();
  if (path.empty()) return of_object(key, Code::invalid, "has a key that names no file");
  if (path.size() > limits::path_bytes_max)
    return of_object(key, Code::limit,
                     over("has a longer path", "path_bytes_max", limits::path_bytes_max));
  for (std::string_view rest = path; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    if (end > name_bytes_max)
      return of_object(key, Code::limit, "has a name of more than 255 bytes in its key");
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return path;
}

Result<void> BucketIndex::add(const BucketEntry& entry) {
  Object object{entry.etag, entry.size, ""};
  WEIR_TRY(object.path, object_path(entry.key));
  if (entry.size > limits::file_bytes_max)
    return of_object(entry.key, Code::limit,
                     over("is larger", "file_bytes_max", limits::file_bytes_max));
  const auto [at, fresh] = objects_.insert_or_assign(entry.key, std::move(object));
  if (fresh) bytes_ += entry.size;
  if (objects_.size() > limits::tree_files_max)
    return make_error(
        Code::limit, over("the bucket has more objects", "tree_files_max", limits::tree_files_max));
  if (bytes_ > limits::tree_bytes_max)
    return make_error(Code::limit, over("the objects of the bucket are larger", "tree_bytes_max",
                                        limits::tree_bytes_max));
  return {};
}

Result<void> BucketIndex::check_paths() const {
  std::map<std::string_view, std::string_view> keys;  // by path
  for (const auto& [key, object] : objects_) {
    const auto [at, fresh] = keys.emplace(object.path, key);
    if (!fresh)
      return of_object(key, Code::invalid, "would be the same file as object " + told(at->second));
  }
  for (const auto& [path, key] : keys)
    for (std::string_view folder = base::parent_path(path); !folder.empty();
         folder = base::parent_path(folder))
      if (const auto file = keys.find(folder); file != keys.end())
        return of_object(
            key, Code::invalid,
            "would be in a folder that object " + told(file->second) + " is the file of");
  return {};
}

std::string BucketIndex::revision() const {
  base::Sha256 hash;
  for (const auto& [key, object] : objects_) {
    hash.update(key);
    hash.update(" ");
    hash.update(object.etag);
    hash.update("\n");
  }
  return hash.finish().to_string();
}

}  // namespace weir::reconcile
