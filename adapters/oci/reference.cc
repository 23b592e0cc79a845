#include "adapters/oci/reference.hh"

#include <algorithm>
#include <charconv>

#include "engine/base/digest.hh"

namespace weir::oci {
namespace {

constexpr std::string_view scheme = "oci://";
constexpr std::string_view default_registry = "index.docker.io";
constexpr std::size_t path_min = 2, path_max = 255, tag_max = 128;

Error bad(std::string text) { return make_error(Code::invalid, std::move(text), "URLInvalid"); }

bool is_path_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
         c == '/';
}

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == ':' || c == '[' || c == ']';
}

bool is_tag_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

// A first part with a dot or a colon, or "localhost", names a registry.
bool names_registry(std::string_view part) {
  return part.find_first_of(".:") != std::string_view::npos || part == "localhost";
}

Result<Repository> split(std::string_view name) {
  Repository out;
  const std::size_t slash = name.find('/');
  if (slash != std::string_view::npos && names_registry(name.substr(0, slash))) {
    out.host = name.substr(0, slash);
    out.path = name.substr(slash + 1);
  } else {
    out.host = default_registry;
    out.path = name;
  }
  if (out.host == "docker.io") out.host = default_registry;
  if (!std::all_of(out.host.begin(), out.host.end(), is_host_char))
    return bad("registry '" + out.host + "' is not a host name");
  for (char& c : out.host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

void add_library(Repository& repository) {
  if (repository.host == default_registry && repository.path.find('/') == std::string::npos)
    repository.path.insert(0, "library/");
}

Result<void> check_path(const std::string& path) {
  if (path.size() < path_min || path.size() > path_max)
    return bad("repository must be between 2 and 255 characters in length: " + path);
  if (!std::all_of(path.begin(), path.end(), is_path_char))
    return bad(
        "repository can only contain the characters "
        "`abcdefghijklmnopqrstuvwxyz0123456789_-./`: " +
        path);
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, end - at);
    if (part.empty() || part == "." || part == "..")
      return bad("repository has an empty or dotted part: " + path);
    at = end + 1;
  }
  return {};
}

std::string_view without_scheme(std::string_view url) {
  if (url.starts_with(scheme)) url.remove_prefix(scheme.size());
  return url;
}

}  // namespace

Result<Repository> parse_repository(std::string_view url) {
  if (url.find("://") != std::string_view::npos && !url.starts_with(scheme))
    return bad("URL must be in format 'oci://<domain>/<org>/<repo>'");
  std::string_view name = without_scheme(url);
  while (name.ends_with('/')) name.remove_suffix(1);
  WEIR_TRY(Repository out, split(name));
  if (name.empty()) return bad("a repository name must be specified");
  WEIR_CHECK(check_path(out.path));
  add_library(out);
  return out;
}

Result<Reference> parse_reference(std::string_view url) {
  if (url.find("://") != std::string_view::npos && !url.starts_with(scheme))
    return bad("URL must be in format 'oci://<domain>/<org>/<repo>'");
  Reference out;
  WEIR_TRY(out.repository, split(without_scheme(url)));
  std::string& path = out.repository.path;
  if (const std::size_t at = path.find('@'); at != std::string::npos) {
    out.digest = path.substr(at + 1);
    path.resize(at);
    if (!out.digest.starts_with("sha256:") || !base::Digest::parse(out.digest).ok())
      return bad("not a digest: " + out.digest);
  }
  if (const std::size_t at = path.find(':'); at != std::string::npos) {
    out.tag = path.substr(at + 1);
    path.resize(at);
    if (out.tag.empty() || out.tag.size() > tag_max ||
        !std::all_of(out.tag.begin(), out.tag.end(), is_tag_char))
      return bad("not a tag: " + out.tag);
  }
  if (out.tag.empty() && out.digest.empty()) out.tag = "latest";
  WEIR_CHECK(check_path(path));
  add_library(out.repository);
  return out;
}

bool is_local_host(std::string_view host) {
  if (host.starts_with("[::1]")) return true;
  host = host.substr(0, host.find(':'));
  if (host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.")) return true;
  unsigned parts[4] = {};
  const char* at = host.data();
  const char* const end = at + host.size();
  for (int i = 0; i < 4; ++i) {
    const auto [next, error] = std::from_chars(at, end, parts[i]);
    if (error != std::errc() || parts[i] > 255) return false;
    if (i < 3 ? next == end || *next != '.' : next != end) return false;
    at = next + 1;
  }
  return parts[0] == 10 || (parts[0] == 172 && parts[1] >= 16 && parts[1] <= 31) ||
         (parts[0] == 192 && parts[1] == 168);
}

}  // namespace weir::oci
