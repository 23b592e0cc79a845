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

// "'ns/name'", as errors name a Secret.
std::string secret_id(std::string_view ns, std::string_view name);
// The decoded data of a Secret. Errors: invalid, and those of the API with context.
// `type`: set to the Secret's, when given.
Result<SecretData> read_secret(KubeApi& kube, const std::string& ns, const std::string& name,
                               std::string* type = nullptr);
// The same, with other words for one that is not there.
Result<SecretData> find_secret(KubeApi& kube, const std::string& ns, const std::string& name,
                               std::string* type = nullptr);
// "" when there is no such key.
std::string secret_text(const SecretData& data, std::string_view key);

// Basic needs both halves; ssh needs identity and known_hosts. Error: invalid.
Result<GitCredentials> git_credentials(const SecretData& data, std::string_view url);

// `id` is the Secret's, for errors.
// username and password, both or neither. Error: invalid.
Result<void> add_basic(const SecretData& data, std::string_view id, RemoteAccess& access);
// tls.crt with tls.key, ca.crt, or their old names; one of them must be there. Error: invalid.
Result<void> add_tls(const SecretData& data, std::string_view id, RemoteAccess& access);
// Entries of .dockerconfigjson or .dockercfg; other Secrets add nothing. Error: invalid.
Result<void> add_logins(const SecretData& data, RemoteAccess& access);
// address, username, password. Error: invalid.
Result<void> add_proxy(const SecretData& data, std::string_view id, RemoteAccess& access);

// Reads the Secrets that are named ("" = none) into `access`.
struct AccessSecrets {
  std::string ns, url;           // the URL is for errors
  std::string registry;         // docker config
  std::string service_account;  // whose imagePullSecrets are taken too
  std::string certificate;
  std::string proxy;
};
Result<void> read_access(KubeApi& kube, const AccessSecrets& names, RemoteAccess& access);

}  // namespace weir::reconcile
