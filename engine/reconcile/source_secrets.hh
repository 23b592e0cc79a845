// Secrets that sources name, read and told apart as the contract says (part 1.7). What comes back
// is secret: never logged, never stored. Errors say which Secret and key, never a value. Pure but
// for the reads through KubeApi; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/reconcile/kube_port.hh"
#include "engine/reconcile/source_port.hh"

namespace weir::reconcile {

using SecretData = std::map<std::string, std::string, std::less<>>;

// The decoded data of a Secret. Errors: invalid, and those of the API with context.
Result<SecretData> read_secret(KubeApi& kube, const std::string& ns, const std::string& name);
// "" when there is no such key.
std::string secret_text(const SecretData& data, std::string_view key);

// Basic needs both halves; ssh needs identity and known_hosts. Error: invalid.
Result<GitCredentials> git_credentials(const SecretData& data, std::string_view url);

}  // namespace weir::reconcile
