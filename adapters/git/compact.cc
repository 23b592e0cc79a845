#include "adapters/git/compact.hh"

#include <git2.h>
#include <git2/sys/odb_backend.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <vector>

#include "engine/base/freed.hh"

namespace weir::git {
namespace {

namespace fs = std::filesystem;

// A lookup costs about a microsecond a pack; rewriting 16 MiB costs about a second.
constexpr std::size_t small_packs_max = 50;
constexpr std::uintmax_t small_pack_bytes = 16u << 20;
constexpr std::string_view replaced_file = "weir-replaced-packs";

Error failure(std::string_view what) {
  const git_error* last = git_error_last();
  return make_error(Code::io, std::string(what) + ": " + (last ? last->message : "unknown"));
}

using Objects = std::unique_ptr<git_odb, base::Freed<git_odb_free>>;
using Builder = std::unique_ptr<git_packbuilder, base::Freed<git_packbuilder_free>>;

std::set<std::string> read_replaced(const fs::path& file) {
  std::set<std::string> names;
  std::ifstream in(file);
  for (std::string name; std::getline(in, name);)
    if (name.starts_with("pack-") && name.find('/') == std::string::npos) names.insert(name);
  return names;
}

// The small packs by their stems ("pack-<hash>"), sorted.
std::vector<std::string> small_packs(const fs::path& folder, const std::set<std::string>& except) {
  std::vector<std::string> stems;
  std::error_code error;
  for (fs::directory_iterator one(folder, error), end; !error && one != end; one.increment(error)) {
    std::error_code unknown;
    const std::string stem = one->path().stem().string();
    if (one->path().extension() == ".pack" && !except.contains(stem) &&
        fs::file_size(one->path(), unknown) <= small_pack_bytes && !unknown)
      stems.push_back(stem);
  }
  std::sort(stems.begin(), stems.end());
  return stems;
}

int insert(const git_oid* id, void* builder) {
  return git_packbuilder_insert(static_cast<git_packbuilder*>(builder), id, nullptr);
}

Result<void> insert_pack(git_packbuilder* builder, const fs::path& index) {
  git_odb* raw = nullptr;
  git_odb_backend* backend = nullptr;
  if (git_odb_new(&raw) != 0) return failure("cannot open a pack");
  const Objects objects(raw);
  if (git_odb_backend_one_pack(&backend, index.c_str()) != 0 ||
      git_odb_add_backend(raw, backend, 1) != 0 || git_odb_foreach(raw, insert, builder) != 0)
    return failure("cannot read a pack");
  return {};
}

}  // namespace

Result<void> compact_mirror(git_repository* repository, const std::string& directory) {
  const fs::path folder = fs::path(directory) / "objects" / "pack";
  const fs::path note = fs::path(directory) / replaced_file;
  const std::set<std::string> replaced = read_replaced(note);
  const std::vector<std::string> stems = small_packs(folder, replaced);
  if (stems.size() <= small_packs_max) return {};
  git_packbuilder* raw = nullptr;
  if (git_packbuilder_new(&raw, repository) != 0) return failure("cannot begin a pack");
  const Builder builder(raw);
  for (const std::string& stem : stems)
    WEIR_CHECK(insert_pack(raw, folder / (stem + ".idx")));
  if (git_packbuilder_write(raw, folder.c_str(), 0, nullptr, nullptr) != 0)
    return failure("cannot write a pack");
  std::error_code ignored;
  for (const std::string& stem : replaced)
    for (const char* ending : {".idx", ".pack"}) fs::remove(folder / (stem + ending), ignored);
  const std::string written = std::string("pack-") + git_packbuilder_name(raw);
  std::ofstream out(note, std::ios::trunc);
  for (const std::string& stem : stems)
    if (stem != written) out << stem << '\n';
  return {};
}

}  // namespace weir::git
