#include "engine/reconcile/source_secrets.hh"

#include "engine/base/digest.hh"
#include "engine/value/json.hh"

namespace weir::reconcile {
namespace {

Error half_pair(std::string_view one, std::string_view other) {
  std::string text = "invalid secret: '";
  text.append(one).append("' and '").append(other).append("' must be set together");
  return make_error(Code::invalid, std::move(text));
}

std::string either(const SecretData& data, std::string_view key, std::string_view old_key) {
  std::string text = secret_text(data, key);
  return text.empty() ? secret_text(data, old_key) : text;
}

Result<RegistryLogin> read_login(std::string_view registry, const Value& entry) {
  RegistryLogin login;
  login.registry = registry;
  login.username = entry["username"].get_string();
  login.password = entry["password"].get_string();
  login.identity_token = entry["identitytoken"].get_string();
  login.registry_token = entry["registrytoken"].get_string();
  const std::string_view packed = entry["auth"].get_string();
  if (packed.empty()) return login;
  auto pair = base::base64_decode(packed);
  const std::size_t colon = pair.ok() ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos)
    return make_error(Code::invalid, "invalid secret: the 'auth' of registry '" +
                                         std::string(registry) +
                                         "' is not base64 of user:password");
  login.username = pair->substr(0, colon);
  login.password = pair->substr(colon + 1);
  while (login.password.ends_with('\0')) login.password.pop_back();
  return login;
}

Result<void> add_entries(const Value& auths, RemoteAccess& access) {
  for (const auto& member : auths.members()) {
    WEIR_TRY(RegistryLogin login, read_login(member.name(), member.value));
    access.logins.push_back(std::move(login));
  }
  return {};
}

Result<void> add_pull_secrets(KubeApi& kube, const std::string& ns, const std::string& account,
                              RemoteAccess& access) {
  auto object = kube.get({Gvk{"", "v1", "ServiceAccount"}, ns, account});
  if (!object.ok())
    return std::move(object).error().with_context("failed to get service account '" + ns + "/" +
                                                  account + "'");
  for (const Value& reference : (*object)["imagePullSecrets"].items()) {
    const std::string name(reference["name"].get_string());
    WEIR_TRY(const SecretData data, read_secret(kube, ns, name));
    WEIR_CHECK(add_logins(data, access));
  }
  return {};
}

}  // namespace

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
  if (out.client_cert.empty() != out.client_key.empty()) return half_pair("tls.crt", "tls.key");
  if (url.starts_with("ssh://")) {
    out.ssh_passphrase = std::move(out.password);
    out.password.clear();
    if (out.ssh_identity.empty() || out.ssh_known_hosts.empty())
      return make_error(Code::invalid, "invalid secret: 'identity' and 'known_hosts' are required");
    return out;
  }
  if (out.bearer_token.empty() && out.username.empty() != out.password.empty())
    return half_pair("username", "password");
  return out;
}

Result<void> add_basic(const SecretData& data, RemoteAccess& access) {
  access.username = secret_text(data, "username");
  access.password = secret_text(data, "password");
  if (access.username.empty() != access.password.empty()) return half_pair("username", "password");
  return {};
}

Result<void> add_tls(const SecretData& data, bool required, RemoteAccess& access) {
  access.cert_pem = either(data, "tls.crt", "certFile");
  access.key_pem = either(data, "tls.key", "keyFile");
  access.ca_pem = either(data, "ca.crt", "caFile");
  if (access.cert_pem.empty() != access.key_pem.empty()) return half_pair("tls.crt", "tls.key");
  if (required && access.cert_pem.empty() && access.ca_pem.empty())
    return make_error(Code::invalid,
                      "invalid secret: it needs 'ca.crt', or 'tls.crt' with 'tls.key'");
  return {};
}

Result<void> add_logins(const SecretData& data, RemoteAccess& access) {
  for (const std::string_view key : {".dockerconfigjson", ".dockercfg"}) {
    const auto found = data.find(key);
    if (found == data.end()) continue;
    auto document = value::parse_json(found->second);
    // The parser's text could quote the Secret.
    if (!document.ok())
      return make_error(Code::invalid,
                        "invalid secret: '" + std::string(key) + "' is not valid JSON");
    return add_entries(key == ".dockercfg" ? *document : (*document)["auths"], access);
  }
  return {};
}

Result<void> add_proxy(const SecretData& data, RemoteAccess& access) {
  const std::string address = secret_text(data, "address");
  const std::string user = secret_text(data, "username");
  const std::string password = secret_text(data, "password");
  const std::size_t scheme = address.find("://");
  if (scheme == std::string::npos || address.size() > 2048)
    return make_error(Code::invalid, "invalid proxy secret: 'address' must be a URL");
  access.proxy_url = address;
  if (user.empty() && password.empty()) return {};
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string userinfo;
  const auto add = [&](const std::string& text) {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      userinfo.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
  };
  add(user);
  userinfo.push_back(':');
  add(password);
  access.proxy_url.insert(scheme + 3, userinfo + "@");
  return {};
}

Result<void> read_access(KubeApi& kube, const AccessSecrets& names, RemoteAccess& access) {
  if (!names.registry.empty()) {
    WEIR_TRY(const SecretData data, read_secret(kube, names.ns, names.registry));
    WEIR_CHECK(add_logins(data, access));
  }
  if (!names.service_account.empty())
    WEIR_CHECK(add_pull_secrets(kube, names.ns, names.service_account, access));
  if (!names.certificate.empty()) {
    WEIR_TRY(const SecretData data, read_secret(kube, names.ns, names.certificate));
    WEIR_CHECK(add_tls(data, true, access));
  }
  if (!names.proxy.empty()) {
    WEIR_TRY(const SecretData data, read_secret(kube, names.ns, names.proxy));
    WEIR_CHECK(add_proxy(data, access));
  }
  return {};
}

}  // namespace weir::reconcile
