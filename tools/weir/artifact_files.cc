#include "tools/weir/artifact_files.hh"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "adapters/archive/disk_file_tree.hh"
#include "engine/base/ignore_rules.hh"
#include "engine/base/targz.hh"
#include "tools/weir/host.hh"

namespace weir::cli {
namespace {

const std::vector<std::string> ignored_by_default = {
    ".git/", ".gitignore", ".gitmodules", ".gitattributes", "*.jpg",    "*.jpeg",
    "*.gif", "*.png",      "*.wmv",       "*.flv",          "*.tar.gz", "*.zip"};

std::vector<std::string> split_list(const std::vector<std::string>& values) {
  std::vector<std::string> out;
  for (const std::string& value : values)
    for (std::size_t at = 0; at <= value.size();) {
      const std::size_t end = std::min(value.find(',', at), value.size());
      out.push_back(value.substr(at, end - at));
      at = end + 1;
    }
  return out;
}

// Symbolic links become what they lead to.
Result<void> copy_resolved(const base::FileTree& from, const std::string& path, int depth,
                           base::MemoryFileTree& to) {
  if (depth > 64)
    return make_error(Code::limit, "resolving symlinks failed: " + path + " is too deep");
  WEIR_TRY(const auto entries, from.list(path));
  for (const base::DirectoryEntry& entry : entries) {
    const std::string below = path.empty() ? entry.name : path + "/" + entry.name;
    const auto type = from.stat(below);
    if (!type)
      return make_error(Code::not_found, "resolving symlinks failed: " + below + " leads nowhere");
    if (*type == base::EntryType::directory) {
      WEIR_CHECK(copy_resolved(from, below, depth + 1, to));
    } else {
      WEIR_TRY(base::FileBytes bytes, from.read(below));
      to.add(below, std::move(bytes), entry.executable);
    }
  }
  return {};
}

std::string read_stdin() {
  std::string text;
  char buffer[65536];
  ssize_t got;
  while ((got = ::read(0, buffer, sizeof buffer)) > 0)
    text.append(buffer, static_cast<std::size_t>(got));
  return text;
}

}  // namespace

void ArtifactFiles::add_ignored_to(Args& args) {
  args.option("--ignore-paths", ignored, "Paths that stay out, in .gitignore format.");
}

void ArtifactFiles::add_symlinks_to(Args& args) {
  args.flag("--resolve-symlinks", resolve_symlinks, "Copies what symbolic links lead to.");
}

Result<void> ArtifactFiles::check() const {
  if (path.empty()) return make_error(Code::invalid, "invalid path \"\"");
  std::error_code error;
  if (path == "-" || std::filesystem::exists(path, error)) return {};
  return make_error(Code::not_found,
                    "invalid path '" + path + "', must point to an existing directory or file");
}

Result<std::shared_ptr<const base::FileTree>> ArtifactFiles::tree() const {
  WEIR_CHECK(check());
  auto single = std::make_shared<base::MemoryFileTree>();
  if (path == "-") {
    single->add("manifests.yaml", read_stdin());
    return std::shared_ptr<const base::FileTree>(single);
  }
  std::error_code error;
  const auto kind = std::filesystem::status(path, error).type();
  if (kind == std::filesystem::file_type::regular) {
    WEIR_TRY(std::string bytes, read_file(path));
    single->add(std::filesystem::path(path).filename().string(), std::move(bytes));
    return std::shared_ptr<const base::FileTree>(single);
  }
  if (kind != std::filesystem::file_type::directory)
    return make_error(Code::invalid, "invalid path '" + path + "', no directory and no file");
  WEIR_TRY(std::shared_ptr<const base::FileTree> all, archive::DiskFileTree::open(path));
  if (resolve_symlinks) {
    auto copied = std::make_shared<base::MemoryFileTree>();
    WEIR_TRY(const auto whole,
             archive::DiskFileTree::open_unconfined(std::filesystem::absolute(path)));
    WEIR_CHECK(copy_resolved(*whole, "", 0, *copied));
    all = copied;
  }
  std::string patterns;
  for (const std::string& pattern : ignored.empty() ? ignored_by_default : split_list(ignored))
    patterns.append(pattern).append("\n");
  const base::IgnoreRules rules = base::IgnoreRules::from_patterns(patterns);
  WEIR_TRY(std::shared_ptr<const base::FileTree> kept, base::filter_tree(*all, &rules));
  return kept;
}

Result<std::string> ArtifactFiles::pack() const {
  WEIR_TRY(const auto files, tree());
  return base::pack_targz(*files);
}

}  // namespace weir::cli
