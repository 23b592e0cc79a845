// Secrets that sources name, read and told apart as the contract says (part 1.7). What comes back
// is secret: never logged, never stored. Errors say which Secret and key, never a value. Pure but
// for the reads through KubeApi; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/reconcile/kube_port.hh"
#include "engine/reconcile/remote_port.hh"
#include "engine/reconcile/source_port.hh"

namespace weir::reconcile {

using SecretData = std::map<std::string, std::string, std::less<>>;

// The decoded data of a Secret. Errors: invalid, and those of the API with context.
Result<SecretData> read_secret(KubeApi& kube, const std::string& ns, const std::string& name);
// "" when there is no such key.
std::string secret_text(const SecretData& data, std::string_view key);

// Basic needs both halves; ssh needs identity and known_hosts. Error: invalid.
Result<GitCredentials> git_credentials(const SecretData& data, std::string_view url);

// username and password, both or neither. Error: invalid.
Result<void> add_basic(const SecretData& data, RemoteAccess& access);
// tls.crt with tls.key, ca.crt, or their old names. `required`: one of them must be there. Error:
// invalid.
Result<void> add_tls(const SecretData& data, bool required, RemoteAccess& access);
// Entries of .dockerconfigjson or .dockercfg; other Secrets add nothing. Error: invalid.
Result<void> add_logins(const SecretData& data, RemoteAccess& access);
// address, username, password. Error: invalid.
Result<void> add_proxy(const SecretData& data, RemoteAccess& access);

// Reads the Secrets that are named ("" = none) into `access`.
struct AccessSecrets {
  std::string ns;
  std::string registry;         // docker config
  std::string service_account;  // whose imagePullSecrets are taken too
  std::string certificate;
  std::string proxy;
};
Result<void> read_access(KubeApi& kube, const AccessSecrets& names, RemoteAccess& access);

}  // namespace weir::reconcile
