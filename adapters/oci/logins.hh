// Which of the logins of a docker config are for a repository, and what a registry's challenge asks
// for. Pure; any thread. What goes through here is secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "adapters/net/http_client.hh"
#include "adapters/oci/reference.hh"
#include "engine/reconcile/remote_port.hh"

namespace weir::oci {

// The login of the most specific entry: basic credentials of the access itself first, then the
// entry with the longest path, one without wildcards before one with. Nothing: anonymous.
std::optional<reconcile::RegistryLogin> find_login(const reconcile::RemoteAccess& access,
                                                   const Repository& repository);

// `WWW-Authenticate: Bearer realm="...",service="...",scope="..."`.
struct Challenge {
  bool bearer = false;  // else basic
  std::string realm, service, scope;
};
// The challenge to answer: Bearer before Basic. Nothing when there is none of them.
std::optional<Challenge> read_challenge(const net::Headers& headers);

}  // namespace weir::oci
