#include "adapters/download/http_clients.hh"

#include <algorithm>
#include <string_view>

namespace weir::download {
namespace {

base::Digest key_of(const reconcile::RemoteAccess& access) {
  base::Sha256 hash;
  for (const std::string_view part :
       {std::string_view(access.ca_pem), std::string_view(access.cert_pem),
        std::string_view(access.key_pem), std::string_view(access.proxy_url)}) {
    hash.update(std::to_string(part.size()));
    hash.update(":");
    hash.update(part);
  }
  hash.update(access.skip_verification ? "1" : "0");
  return hash.finish();
}

}  // namespace

Result<std::shared_ptr<net::HttpClient>> HttpClients::get(const reconcile::RemoteAccess& access) {
  const base::Digest key = key_of(access);
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(recent_.begin(), recent_.end(),
                                  [&](const auto& entry) { return entry.first == key; });
  if (found != recent_.end()) {
    recent_.splice(recent_.begin(), recent_, found);
    return found->second;
  }
  net::HttpClientOptions options;
  options.tls.ca_pem = access.ca_pem;
  options.tls.system_too = true;
  options.tls.cert_pem = access.cert_pem;
  options.tls.key_pem = access.key_pem;
  options.tls.insecure = access.skip_verification;
  options.proxy_url = access.proxy_url;
  WEIR_TRY(std::shared_ptr<net::HttpClient> client, net::HttpClient::create(std::move(options)));
  recent_.emplace_front(key, client);
  if (recent_.size() > clients_max) recent_.pop_back();
  return client;
}

}  // namespace weir::download
