#include "adapters/remote/remote_bases.hh"

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "adapters/net/url.hh"

namespace weir::remote {
namespace {

// RFC 9110's words for the answers that servers of files give.
constexpr std::array status_words = {
    std::pair{400, "Bad Request"},
    std::pair{401, "Unauthorized"},
    std::pair{403, "Forbidden"},
    std::pair{404, "Not Found"},
    std::pair{405, "Method Not Allowed"},
    std::pair{406, "Not Acceptable"},
    std::pair{408, "Request Timeout"},
    std::pair{410, "Gone"},
    std::pair{429, "Too Many Requests"},
    std::pair{451, "Unavailable For Legal Reasons"},
    std::pair{500, "Internal Server Error"},
    std::pair{502, "Bad Gateway"},
    std::pair{503, "Service Unavailable"},
    std::pair{504, "Gateway Timeout"},
};

std::string status_word(int status) {
  for (const auto& [code, word] : status_words) {
    if (code == status) return word;
  }
  return "";
}

Code code_of(int status) {
  if (status == 404) return Code::not_found;
  if (status == 410) return Code::gone;
  if (status == 401) return Code::unauthorized;
  if (status == 403) return Code::forbidden;
  if (status == 429) return Code::rate_limited;
  return status >= 500 ? Code::unavailable : Code::invalid;
}

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

}  // namespace

std::string expand_scp_address(const std::string& address) {
  if (address.find("://") != std::string::npos) return address;
  const std::size_t at = address.find('@');
  const std::size_t colon = address.find(':');
  if (at == std::string::npos || colon == std::string::npos || colon < at) return address;
  const std::string path = address.substr(colon + 1);
  return "ssh://" + address.substr(0, colon) + (path.starts_with('/') ? "" : "/") + path;
}

reconcile::GitCredentials home_ssh_credentials() {
  reconcile::GitCredentials found;
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return found;
  const std::string folder = std::string(home) + "/.ssh/";
  for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa"}) {
    found.ssh_identity = slurp(folder + name);
    if (!found.ssh_identity.empty()) break;
  }
  found.ssh_known_hosts = slurp(folder + "known_hosts");
  const std::string system = slurp("/etc/ssh/ssh_known_hosts");
  if (!system.empty()) found.ssh_known_hosts.append("\n").append(system);
  return found;
}

RemoteBases::RemoteBases(reconcile::GitPort& git, net::HttpClient& http, RemoteOptions options)
    : git_(git), http_(http), options_(std::move(options)) {}

Result<std::string> RemoteBases::fetch_file(const std::string& url) {
  net::HttpRequest request;
  request.url = url;
  WEIR_TRY(net::HttpResponse response, http_.send(request));
  if (response.status >= 200 && response.status <= 299) return std::move(response.body);
  return make_error(code_of(response.status),
                    "HTTP Error: status code " + std::to_string(response.status) + " (" +
                        status_word(response.status) + ")",
                    std::string(kustomize::http_status_reason));
}

Result<kustomize::RemoteTree> RemoteBases::fetch_repository(const kustomize::RepoSpec& spec) {
  reconcile::GitRequest request;
  request.url = expand_scp_address(spec.clone_url);
  request.reference.any = spec.ref.empty() ? "HEAD" : spec.ref;
  request.timeout = std::chrono::seconds(spec.timeout_s);
  request.recurse_submodules = spec.submodules;
  request.allow_local = options_.allow_local && spec.clone_url.starts_with("file://");
  if (request.url.starts_with("ssh://") && options_.ssh_credentials)
    request.credentials = options_.ssh_credentials();
  auto fetched = git_.checkout(request);
  if (!fetched) {
    std::string context = "failed to fetch '";
    context.append(net::redact_url(spec.clone_url)).append("' at '");
    return std::move(fetched).error().with_context(context.append(request.reference.any) + "'");
  }
  return kustomize::RemoteTree{std::move(fetched->tree), "", spec.clone_url, spec.ref};
}

}  // namespace weir::remote
