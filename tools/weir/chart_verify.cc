#include "tools/weir/chart_verify.hh"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "adapters/openpgp/signed_text.hh"
#include "engine/base/limits.hh"
#include "engine/helm/provenance.hh"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

Result<std::string> read_whole(const std::string& path, std::size_t bytes_max) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return make_error(Code::not_found, "open " + path + ": no such file or directory");
  std::string bytes;
  bytes.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  if (bytes.size() > bytes_max) return make_error(Code::limit, path + " is too long");
  return bytes;
}

bool is_package(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return extension == ".tgz";
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
  auto keys = read_whole(keyring_file(keyring), base::limits::yaml_bytes_max).with_context(context);
  if (!keys.ok()) return std::move(keys).error();
  WEIR_CHECK(openpgp::check_keyring(*keys).with_context(context));
  WEIR_TRY(const std::string text, openpgp::verified_text(provenance, *keys));
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
  WEIR_TRY(const std::string provenance, read_whole(beside, base::limits::yaml_bytes_max));
  WEIR_TRY(std::string package, read_whole(path, base::limits::helm_package_bytes_max));
  WEIR_CHECK(verify_package(package, fs::path(path).filename().string(), provenance, keyring));
  return package;
}

}  // namespace weir::cli
