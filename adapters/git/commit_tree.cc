#include "adapters/git/commit_tree.hh"

#include <git2.h>

#include <algorithm>

#include "adapters/git/streams.hh"
#include "engine/base/digest.hh"
#include "engine/base/limits.hh"

namespace weir::git {
namespace {

// As the kernel does.
constexpr int symlinks_max = 40;

std::string id_bytes(const git_oid* id) {
  return std::string(reinterpret_cast<const char*>(id->id), sizeof id->id);
}

git_oid to_oid(const std::string& bytes) {
  git_oid id;
  git_oid_fromraw(&id, reinterpret_cast<const unsigned char*>(bytes.data()));
  return id;
}

Error git_failure(std::string_view what) {
  const git_error* last = git_error_last();
  return make_error(Code::corrupt, std::string(what) + ": " + (last ? last->message : "unknown"));
}

Error missing(std::string_view path) {
  return make_error(Code::not_found, std::string(path) + ": no such file or directory");
}

// The components of `path` put before those still to be walked, the next one last.
void push_components(std::string_view path, std::vector<std::string>& pending) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) parts.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  pending.insert(pending.end(), parts.rbegin(), parts.rend());
}

}  // namespace

base::FileBytes BlobCache::find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.lock();
}

base::FileBytes BlobCache::add(const std::string& id, std::string bytes) {
  const std::lock_guard lock(mutex_);
  std::weak_ptr<const std::string>& entry = entries_[id];
  if (auto there = entry.lock()) return there;
  auto added = std::make_shared<const std::string>(std::move(bytes));
  entry = added;
  if (entries_.size() >= sweep_at_) {
    std::erase_if(entries_, [](const auto& one) { return one.second.expired(); });
    sweep_at_ = 2 * entries_.size() + 1024;
  }
  return added;
}

Result<std::shared_ptr<const base::FileTree>> CommitTree::open(const std::string& directory,
                                                               const std::string& commit,
                                                               std::shared_ptr<BlobCache> cache) {
  start_library();
  git_repository* repository = nullptr;
  if (git_repository_open_bare(&repository, directory.c_str()) != 0)
    return git_failure("cannot open the mirror");
  std::unique_ptr<git_repository, decltype(&git_repository_free)> owner(repository,
                                                                        git_repository_free);
  git_oid id;
  git_commit* found = nullptr;
  if (git_oid_fromstr(&id, commit.c_str()) != 0 || git_commit_lookup(&found, repository, &id) != 0)
    return git_failure("cannot read commit " + commit);
  std::string root = id_bytes(git_commit_tree_id(found));
  git_commit_free(found);
  return std::shared_ptr<const base::FileTree>(
      std::make_shared<const CommitTree>(owner.release(), std::move(root), std::move(cache)));
}

CommitTree::CommitTree(git_repository* repository, std::string root,
                       std::shared_ptr<BlobCache> cache)
    : repository_(repository), root_(std::move(root)), cache_(std::move(cache)) {}

CommitTree::~CommitTree() { git_repository_free(repository_); }

Result<const CommitTree::Directory*> CommitTree::load(const Node& node) const {
  static const Directory nothing;
  if (node.submodule) return &nothing;
  if (const auto found = directories_.find(node.id); found != directories_.end())
    return &found->second;
  const git_oid id = to_oid(node.id);
  git_tree* tree = nullptr;
  if (git_tree_lookup(&tree, repository_, &id) != 0) return git_failure("cannot read a tree");
  Directory directory;
  for (std::size_t i = 0; i < git_tree_entrycount(tree); ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree, i);
    const git_filemode_t mode = git_tree_entry_filemode(entry);
    Node child;
    child.id = id_bytes(git_tree_entry_id(entry));
    child.executable = mode == GIT_FILEMODE_BLOB_EXECUTABLE;
    child.submodule = mode == GIT_FILEMODE_COMMIT;
    child.type = mode == GIT_FILEMODE_LINK ? base::EntryType::symlink
                 : mode == GIT_FILEMODE_TREE || mode == GIT_FILEMODE_COMMIT
                     ? base::EntryType::directory
                     : base::EntryType::file;
    // No checkout could hold these names; a crafted tree might.
    const std::string_view name = git_tree_entry_name(entry);
    if (name.empty() || name == "." || name == ".." || name == ".git" ||
        name.find('/') != std::string_view::npos)
      continue;
    directory.emplace(name, std::move(child));
  }
  git_tree_free(tree);
  return &directories_.emplace(node.id, std::move(directory)).first->second;
}

Result<std::string> CommitTree::read_object(const Node& node) const {
  git_odb* odb = nullptr;
  if (git_repository_odb(&odb, repository_) != 0)
    return git_failure("cannot open the mirror's objects");
  const git_oid id = to_oid(node.id);
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_ANY;
  if (git_odb_read_header(&size, &type, odb, &id) != 0) {
    git_odb_free(odb);
    return git_failure("cannot read a blob");
  }
  if (size > base::limits::file_bytes_max) {
    git_odb_free(odb);
    return make_error(Code::limit, "file is larger than file_bytes_max");
  }
  git_odb_object* object = nullptr;
  const int code = git_odb_read(&object, odb, &id);
  git_odb_free(odb);
  if (code != 0) return git_failure("cannot read a blob");
  std::string bytes(static_cast<const char*>(git_odb_object_data(object)),
                    git_odb_object_size(object));
  git_odb_object_free(object);
  return bytes;
}

Result<CommitTree::Node> CommitTree::resolve(std::string_view path, std::string* real) const {
  if (path.size() > base::limits::path_bytes_max)
    return make_error(Code::limit, "path is longer than path_bytes_max");
  auto clean = base::clean_path(path);
  if (!clean) return make_error(Code::invalid, std::string(path) + ": leaves the root");
  Node root;
  root.id = root_;
  std::vector<Node> walked{root};
  std::vector<std::string> names;
  std::vector<std::string> pending;
  push_components(*clean, pending);
  for (int links = 0; !pending.empty();) {
    const std::string name = std::move(pending.back());
    pending.pop_back();
    if (name == ".") continue;
    if (name == "..") {
      if (walked.size() == 1)
        return make_error(Code::invalid, std::string(path) + ": leaves the root");
      walked.pop_back();
      names.pop_back();
      continue;
    }
    if (walked.back().type != base::EntryType::directory) return missing(path);
    WEIR_TRY(const Directory* directory, load(walked.back()));
    const auto found = directory->find(name);
    if (found == directory->end()) return missing(path);
    if (found->second.type != base::EntryType::symlink) {
      walked.push_back(found->second);
      names.push_back(name);
      continue;
    }
    if (++links > symlinks_max)
      return make_error(Code::invalid, std::string(path) + ": too many levels of symbolic links");
    WEIR_TRY(const std::string target, read_object(found->second));
    if (target.empty() || target.size() > base::limits::path_bytes_max || target[0] == '/')
      return make_error(Code::invalid, std::string(path) + ": symbolic link leaves the root");
    push_components(target, pending);
  }
  for (std::size_t i = 0; real != nullptr && i < names.size(); ++i)
    real->append(i > 0 ? "/" : "").append(names[i]);
  return walked.back();
}

std::optional<std::string> CommitTree::canonical(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  std::string real;
  if (!resolve(path, &real)) return std::nullopt;
  return real;
}

std::optional<std::string> CommitTree::submodule(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  const auto node = resolve(path);
  if (!node || !node->submodule) return std::nullopt;
  return base::hex_encode(node->id);
}

std::optional<base::EntryType> CommitTree::stat(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  const auto node = resolve(path);
  if (!node) return std::nullopt;
  return node->type;
}

Result<base::FileBytes> CommitTree::read(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  WEIR_TRY(const Node node, resolve(path));
  if (node.type == base::EntryType::directory)
    return make_error(Code::invalid, std::string(path) + ": is a directory");
  base::FileBytes& held = contents_[node.id];
  if (!held) held = cache_->find(node.id);
  if (!held) {
    auto bytes = read_object(node);
    if (!bytes) return std::move(bytes).error().with_context(path);
    held = cache_->add(node.id, std::move(*bytes));
  }
  return held;
}

Result<std::vector<base::DirectoryEntry>> CommitTree::list(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  WEIR_TRY(const Node node, resolve(path));
  if (node.type != base::EntryType::directory)
    return make_error(Code::invalid, std::string(path) + ": not a directory");
  WEIR_TRY(const Directory* directory, load(node));
  std::vector<base::DirectoryEntry> entries;
  entries.reserve(directory->size());
  for (const auto& [name, child] : *directory)
    entries.push_back({name, child.type, child.executable});
  return entries;
}

}  // namespace weir::git
