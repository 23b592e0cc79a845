// Keys that are not in a Secret: those that a token service gives for a name and a password, and
// those that a process finds where it runs (environment, web identity, container, machine).
//
// Thread-safe. Keys are kept in memory until shortly before they end. Errors: those of the
// request, unauthorized, invalid; texts hold no password and no key.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "adapters/download/http_clients.hh"
#include "adapters/s3/answers.hh"
#include "engine/base/clock.hh"
#include "engine/reconcile/bucket_port.hh"

namespace weir::s3 {

class TokenServices {
 public:
  TokenServices(download::HttpClients& clients, const base::Clock& clock)
      : clients_(clients), clock_(clock) {}

  // AssumeRoleWithLDAPIdentity.
  Result<Credentials> ask(const reconcile::BucketTokenService& service);
  // As Amazon's own clients find them: AWS_ACCESS_KEY_ID; a token in a file
  // (AWS_WEB_IDENTITY_TOKEN_FILE), changed at `token_url` (one of Amazon's), AWS_ENDPOINT_URL_STS
  // or Amazon's token service; the service of a container (AWS_CONTAINER_CREDENTIALS_FULL_URI), and
  // that of the machine.
  Result<Credentials> ambient(const std::string& region, const std::string& token_url,
                              const reconcile::RemoteAccess& access);

 private:
  Result<TemporaryCredentials> post(const std::string& url, const std::string& form,
                                    const reconcile::RemoteAccess& access);
  Result<TemporaryCredentials> find_ambient(const std::string& region, const std::string& token_url,
                                            const reconcile::RemoteAccess& access);
  Result<std::string> get(const std::string& method, const std::string& url,
                          const net::Headers& headers, const reconcile::RemoteAccess& access);
  Result<TemporaryCredentials> of_machine(const reconcile::RemoteAccess& access);
  std::optional<Credentials> kept(const std::string& key);
  Credentials keep(const std::string& key, TemporaryCredentials found);

  struct Kept {
    Credentials keys;
    base::TimeUs until = 0;
  };
  static constexpr std::size_t kept_max = 1'000;
  download::HttpClients& clients_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Kept> kept_;
};

}  // namespace weir::s3
