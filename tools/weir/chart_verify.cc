#include "tools/weir/chart_verify.hh"

#include <cstdlib>
#include <filesystem>

#include "adapters/openpgp/signed_text.hh"
#include "engine/base/limits.hh"
#include "engine/helm/provenance.hh"
#include "engine/helm/text.hh"
#include "tools/weir/chart_pull.hh"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

bool is_package(const fs::path& path) {
  return helm::equal_fold(path.extension().string(), ".tgz");
}

}  // namespace

std::string keyring_file(const std::string& given) {
  if (!given.empty()) return given;
  if (const char* home = std::getenv("GNUPGHOME"); home != nullptr)
    return (fs::path(home) / "pubring.gpg").string();
  const char* home = std::getenv("HOME");
  return (fs::path(home == nullptr ? "" : home) / ".gnupg" / "pubring.gpg").string();
}

Result<void> verify_package(const std::string& package, const std::string& file_name,
                            const std::string& provenance, const std::string& keyring) {
  constexpr std::string_view context = "failed to load keyring";
  auto keys =
      read_bounded(keyring_file(keyring), base::limits::yaml_bytes_max).with_context(context);
  if (!keys.ok()) return std::move(keys).error();
  auto ring = openpgp::Keyring::read(*keys).with_context(context);
  if (!ring.ok()) return std::move(ring).error();
  WEIR_TRY(const std::string text, (*ring)->verified_text(provenance));
  return helm::check_provenance(text, file_name, package);
}

Result<std::string> verified_package(const std::string& path, const std::string& keyring) {
  std::error_code error;
  if (fs::is_directory(path, error))
    return make_error(Code::invalid, "unpacked charts cannot be verified");
  if (!is_package(path)) return make_error(Code::invalid, "chart must be a tgz file");
  const std::string beside = fs::absolute(path, error).lexically_normal().string() + ".prov";
  if (!fs::exists(beside, error))
    return make_error(Code::not_found, "could not load provenance file " + beside + ": stat " +
                                           beside + ": no such file or directory");
  WEIR_TRY(const std::string provenance, read_bounded(beside, base::limits::yaml_bytes_max));
  WEIR_TRY(std::string package, read_bounded(path, base::limits::helm_package_bytes_max));
  WEIR_CHECK(verify_package(package, fs::path(path).filename().string(), provenance, keyring));
  return package;
}

}  // namespace weir::cli
