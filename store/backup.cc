#include "store/backup.hh"

#include <filesystem>

#include "store/key_file.hh"

namespace weir::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* key_files[] = {"sealing.key", "ledger.key"};
constexpr std::size_t key_file_bytes_max = 1024;

Result<void> copy_keys(const std::string& from, const std::string& to) {
  for (const char* name : key_files) {
    const auto key = read_key_file(from + "/" + name, key_file_bytes_max);
    if (!key.ok() && key.error().code == Code::not_found) continue;
    if (!key.ok()) return key.error();
    WEIR_CHECK(create_key_file(to + "/" + name, *key));
  }
  return {};
}

Result<void> make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) fs::permissions(path, fs::perms::owner_all, error);
  if (error) return make_error(Code::io, "cannot create " + path + ": " + error.message());
  return {};
}

Result<void> check_free(const std::string& path) {
  std::error_code error;
  const bool there = fs::exists(path, error) && !fs::is_empty(path, error);
  if (error) return make_error(Code::io, path + ": " + error.message());
  if (there) return make_error(Code::already_exists, path + " is there already and not empty");
  return {};
}

}  // namespace

Result<void> make_backup(Kv& kv, const std::string& directory, const std::string& target,
                         bool keys) {
  WEIR_CHECK(check_free(target));
  WEIR_CHECK(make_folder(target));
  WEIR_CHECK(kv.backup(target + "/log").with_context("backup"));
  return keys ? copy_keys(directory, target) : Result<void>();
}

// Beside its place first: a restore that is cut off leaves no half a log there.
Result<void> restore_backup(const std::string& backup, const std::string& directory) {
  std::error_code error;
  if (!fs::exists(backup + "/log/CURRENT", error))
    return make_error(Code::not_found, backup + " is no backup: there is no log in it");
  const std::string log = directory + "/log";
  const std::string fresh = log + ".restoring";
  WEIR_CHECK(check_free(log));
  WEIR_CHECK(make_folder(directory));
  fs::remove_all(fresh, error);
  fs::copy(backup + "/log", fresh, fs::copy_options::recursive, error);
  if (!error) fs::remove(log, error);
  if (!error) fs::rename(fresh, log, error);
  if (error) return make_error(Code::io, "restore into " + directory + ": " + error.message());
  return copy_keys(backup, directory);
}

}  // namespace weir::store
