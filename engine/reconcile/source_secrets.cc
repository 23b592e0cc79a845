#include "engine/reconcile/source_secrets.hh"

#include "engine/base/digest.hh"

namespace weir::reconcile {

Result<SecretData> read_secret(KubeApi& kube, const std::string& ns, const std::string& name) {
  const std::string id = "'" + ns + "/" + name + "'";
  auto secret = kube.get({Gvk{"", "v1", "Secret"}, ns, name});
  if (!secret.ok()) return std::move(secret).error().with_context("failed to get secret " + id);
  SecretData data;
  for (const auto& member : (*secret)["data"].members()) {
    auto bytes = base::base64_decode(member.value.get_string());
    if (!bytes.ok())
      return make_error(Code::invalid, "secret " + id + ": key '" + std::string(member.name()) +
                                           "' is not base64");
    data.emplace(member.name(), *std::move(bytes));
  }
  return data;
}

std::string secret_text(const SecretData& data, std::string_view key) {
  const auto found = data.find(key);
  return found == data.end() ? std::string() : found->second;
}

Result<GitCredentials> git_credentials(const SecretData& data, std::string_view url) {
  GitCredentials out;
  out.username = secret_text(data, "username");
  out.password = secret_text(data, "password");
  out.bearer_token = secret_text(data, "bearerToken");
  out.ssh_identity = secret_text(data, "identity");
  out.ssh_known_hosts = secret_text(data, "known_hosts");
  out.ca_file = secret_text(data, "ca.crt");
  if (out.ca_file.empty()) out.ca_file = secret_text(data, "caFile");
  out.client_cert = secret_text(data, "tls.crt");
  out.client_key = secret_text(data, "tls.key");
  if (out.client_cert.empty() != out.client_key.empty())
    return make_error(Code::invalid,
                      "invalid secret: 'tls.crt' and 'tls.key' must be set together");
  if (url.starts_with("ssh://")) {
    out.ssh_passphrase = std::move(out.password);
    out.password.clear();
    if (out.ssh_identity.empty() || out.ssh_known_hosts.empty())
      return make_error(Code::invalid, "invalid secret: 'identity' and 'known_hosts' are required");
    return out;
  }
  if (out.bearer_token.empty() && out.username.empty() != out.password.empty())
    return make_error(Code::invalid,
                      "invalid secret: 'username' and 'password' must be set together");
  return out;
}

}  // namespace weir::reconcile
