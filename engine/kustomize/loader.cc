#include "engine/kustomize/loader.hh"

#include "engine/base/limits.hh"
#include "engine/kustomize/repo_spec.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::EntryType;
using base::make_error;

// Is `path` the directory or below it?
bool is_below(std::string_view path, std::string_view directory) {
  if (directory.empty() || path == directory) return true;
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

}  // namespace

bool Loader::is_http_error(const base::Error& error) { return error.reason == http_status_reason; }

std::string Loader::display(std::string_view path) const {
  if (owned_ != nullptr) return "/" + std::string(path);
  std::string result = options_->display_root.empty() ? "/" : options_->display_root;
  if (path.empty()) return result;
  if (!result.ends_with('/')) result += '/';
  return result + std::string(path);
}

Result<Loader> Loader::open_root(const base::FileTree& tree, std::string_view directory,
                                 const BuildOptions& options) {
  Loader loader;
  loader.tree_ = &tree;
  loader.options_ = &options;
  loader.restrictor_ = options.load_restrictor;
  const std::optional<std::string> clean = base::clean_path(directory);
  if (!clean) {
    return make_error(Code::invalid, "must build at directory: '" + std::string(directory) +
                                         "' is outside of the tree");
  }
  loader.root_ = *clean == "." ? "" : *clean;
  const std::optional<EntryType> found = tree.stat(loader.root_);
  if (const auto real = tree.canonical(loader.root_)) loader.root_ = *real;
  const std::string shown = loader.root();
  if (!found) {
    return make_error(Code::not_found,
                      "must build at directory: not a valid directory: evalsymlink failure on '" +
                          shown + "' : lstat " + shown + ": no such file or directory");
  }
  if (*found != EntryType::directory) {
    return make_error(Code::invalid,
                      "must build at directory: '" + shown + "': file is not directory");
  }
  return loader;
}

Result<Loader> Loader::open_url(std::string_view url, const BuildOptions& options) {
  WEIR_TRY(const RepoSpec spec, parse_repo_url(url));
  Loader none;
  none.options_ = &options;
  WEIR_TRY(Loader loader, none.open_repository(spec));
  loader.referrer_ = nullptr;
  loader.depth_ = 0;
  return loader;
}

// A path as written to a path in the tree. Error: it leaves the tree.
Result<std::string> Loader::resolve(std::string_view path) const {
  std::optional<std::string> joined;
  if (path.starts_with('/')) {
    std::string_view inside = path;
    const std::string& root = options_->display_root;
    if (owned_ == nullptr && !root.empty() && is_below(inside, root))
      inside.remove_prefix(root.size());
    while (inside.starts_with('/')) inside.remove_prefix(1);
    joined = base::clean_path(inside);
  } else {
    joined = base::join_path(root_, path);
  }
  if (joined && *joined == ".") joined->clear();
  if (joined) return *std::move(joined);
  if (!options_->confine_root.empty()) {
    return make_error(Code::forbidden, "fs-security-constraint abs " + std::string(path) +
                                           ": path '" + std::string(path) +
                                           "' is not in or below '" + display("") + "'");
  }
  return make_error(Code::not_found,
                    "'" + std::string(path) + "' in '" + root() + "' is outside of the tree");
}

Result<void> Loader::check_confined(std::string_view path, std::string_view operation) const {
  if (options_->confine_root.empty() || owned_ != nullptr) return {};
  std::string limit = base::clean_path(options_->confine_root).value_or("");
  if (limit == ".") limit.clear();
  if (is_below(path, limit)) return {};
  return make_error(Code::forbidden, "fs-security-constraint " + std::string(operation) + " " +
                                         display(path) + ": path '" + display(path) +
                                         "' is not in or below '" + display(limit) + "'");
}

// The folder at which a path into nothing stops.
std::string Loader::first_missing(const std::string& path) const {
  for (std::size_t end = path.find('/'); end != path.npos; end = path.find('/', end + 1)) {
    if (!tree_->stat(path.substr(0, end))) return path.substr(0, end);
  }
  return path;
}

Result<Loader> Loader::open(std::string_view path) const {
  if (path.empty()) return make_error(Code::invalid, "new root cannot be empty");
  if (depth_ + 1 > base::limits::kustomize_depth_max) {
    return make_error(
        Code::limit,
        "bases nest deeper than " + std::to_string(base::limits::kustomize_depth_max) + " levels");
  }
  const Result<RepoSpec> spec = parse_repo_url(path);
  if (spec.ok()) return open_repository(*spec);
  if (path.starts_with('/')) {
    return make_error(Code::invalid, "new root '" + std::string(path) + "' cannot be absolute");
  }
  auto resolved = resolve(path);
  if (!resolved.ok() && owned_ != nullptr) {
    return make_error(Code::forbidden,
                      "security; bases in kustomizations found in cloned git repos must be within "
                      "the repo, but base '" +
                          std::string(path) + "' in '" + root() + "' is outside of it");
  }
  WEIR_TRY(std::string root, std::move(resolved));
  const std::optional<EntryType> found = tree_->stat(root);
  const auto real = tree_->canonical(root);
  if (!found || !real) {
    const std::string missing = display(root);
    return make_error(Code::not_found,
                      "must build at directory: not a valid directory: evalsymlink failure on '" +
                          missing + "' : lstat " + display(first_missing(root)) +
                          ": no such file or directory");
  }
  root = *real;
  const std::string shown = display(root);
  WEIR_CHECK(
      check_confined(root, "abs").with_context("must build at directory: not a valid directory"));
  if (*found != EntryType::directory) {
    return make_error(Code::invalid,
                      "must build at directory: '" + shown + "': file is not directory");
  }
  for (const Loader* visited = this; visited != nullptr; visited = visited->referrer_) {
    if (visited->tree_ == tree_ && is_below(visited->root_, root)) {
      return make_error(Code::invalid, "cycle detected: candidate root '" + shown +
                                           "' contains visited root '" + visited->root() + "'");
    }
  }
  Loader loader;
  loader.tree_ = tree_;
  loader.owned_ = owned_;
  loader.root_ = root;
  loader.referrer_ = this;
  loader.options_ = options_;
  loader.restrictor_ = restrictor_;
  loader.depth_ = depth_ + 1;
  return loader;
}

Result<Loader> Loader::open_repository(const RepoSpec& spec) const {
  for (const Loader* visited = this; visited != nullptr; visited = visited->referrer_) {
    if (visited->repository_ && visited->repository_->raw.starts_with(spec.raw)) {
      return make_error(Code::invalid, "cycle detected: URI '" + mask_userinfo(spec.raw) +
                                           "' referenced by previous URI '" +
                                           mask_userinfo(visited->repository_->raw) + "'");
    }
  }
  if (!options_->allow_remote || options_->remote == nullptr) {
    return make_error(Code::forbidden,
                      "remote bases are not allowed: '" + mask_userinfo(spec.raw) + "'");
  }
  WEIR_TRY(RemoteTree remote, options_->remote->fetch_repository(spec));
  std::string root = base::join_path(remote.directory, spec.path).value_or("");
  if (root == ".") root.clear();
  const std::optional<EntryType> found = remote.tree->stat(root);
  if (!found || *found != EntryType::directory) {
    return make_error(Code::invalid,
                      "'" + spec.path + "' in repository '" + mask_userinfo(spec.clone_url) +
                          (found ? "' refers to file; expecting directory" : "' does not exist"));
  }
  if (const auto real = remote.tree->canonical(root)) root = *real;
  Loader loader;
  loader.owned_ = std::move(remote.tree);
  loader.tree_ = loader.owned_.get();
  loader.root_ = std::move(root);
  loader.referrer_ = this;
  loader.repository_ = spec;
  loader.options_ = options_;
  loader.restrictor_ = LoadRestrictor::root_only;  // a repository never reads outside of its folder
  loader.depth_ = depth_ + 1;
  return loader;
}

Result<base::FileBytes> Loader::load_remote(std::string_view url) const {
  if (!options_->allow_remote || options_->remote == nullptr) {
    return make_error(Code::forbidden,
                      "remote resources are not allowed: '" + mask_userinfo(url) + "'");
  }
  Result<std::string> body = options_->remote->fetch_file(std::string(url));
  if (body.ok()) return std::make_shared<const std::string>(*std::move(body));
  base::Error error = std::move(body).error();
  if (error.reason != http_status_reason) return error;
  if (parse_repo_url(url).ok()) return make_error(error.code, "URL is a git repository");
  return error;
}

Result<base::FileBytes> Loader::load(std::string_view path) const {
  if (is_remote_file(path)) return load_remote(path);
  WEIR_TRY(const std::string file, resolve(path));
  WEIR_CHECK(check_confined(file, "read"));
  const std::string shown = display(file);
  const std::optional<EntryType> found = tree_->stat(file);
  const bool restricted = restrictor_ == LoadRestrictor::root_only;
  if (!found) {
    return make_error(Code::not_found, restricted
                                           ? "evalsymlink failure on '" + shown + "' : lstat " +
                                                 display(first_missing(file)) +
                                                 ": no such file or directory"
                                           : "open " + shown + ": no such file or directory");
  }
  if (*found == EntryType::directory) {
    return make_error(Code::invalid, restricted ? "'" + shown + "' must resolve to a file"
                                                : "read " + shown + ": is a directory");
  }
  if (restricted && !is_below(tree_->canonical(file).value_or(file), root_)) {
    return make_error(Code::forbidden,
                      "security; file '" + shown + "' is not in or below '" + root() + "'");
  }
  return tree_->read(file);
}

}  // namespace weir::kustomize
