#include "engine/reconcile/source_secrets.hh"

#include "engine/base/digest.hh"
#include "engine/reconcile/chart_repository.hh"
#include "engine/template/functions/url.hh"
#include "engine/value/json.hh"

namespace weir::reconcile {
namespace {

constexpr std::size_t proxy_url_bytes_max = 2048;
constexpr std::string_view credential = "failed to get credential";

Error half_pair(std::string_view one, std::string_view other) {
  std::string text = "invalid secret: '";
  text.append(one).append("' and '").append(other).append("' must be set together");
  return make_error(Code::invalid, std::move(text));
}

// "secret 'ns/name' not found", and what the API says of anything else.
Error missing(Error error, const std::string& what) {
  if (error.code != Code::not_found) return std::move(error).with_context("failed to get " + what);
  error.message = what + " not found";
  return error;
}

Error of_secret(std::string_view id, const std::string& text) {
  return make_error(Code::invalid, "secret " + std::string(id) + text);
}

std::string json_kind(const Value& value) {
  if (value.is_string()) return "string";
  if (value.is_array()) return "array";
  return value.is_bool() ? "bool" : "number";
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

// A Secret of another type has no logins, whatever its keys are.
bool is_docker_config(std::string_view type) {
  return type == "kubernetes.io/dockerconfigjson" || type == "kubernetes.io/dockercfg";
}

Result<void> add_pull_secrets(KubeApi& kube, const std::string& ns, const std::string& account,
                              RemoteAccess& access) {
  const std::string id = "serviceaccount " + secret_id(ns, account);
  auto object = kube.get({Gvk{"", "v1", "ServiceAccount"}, ns, account});
  if (!object.ok()) return missing(std::move(object).error(), id);
  for (const Value& reference : (*object)["imagePullSecrets"].items()) {
    const std::string name(reference["name"].get_string());
    std::string type;
    auto data = find_secret(kube, ns, name, &type);
    if (!data.ok())
      return std::move(data).error().with_context("failed to get image pull secret for " + id);
    if (is_docker_config(type)) WEIR_CHECK(add_logins(*data, access));
  }
  return {};
}

}  // namespace

std::string secret_id(std::string_view ns, std::string_view name) {
  return "'" + std::string(ns) + "/" + std::string(name) + "'";
}

Result<SecretData> read_secret(KubeApi& kube, const std::string& ns, const std::string& name,
                               std::string* type) {
  auto secret = kube.get({Gvk{"", "v1", "Secret"}, ns, name});
  if (!secret.ok()) return std::move(secret).error();
  if (type != nullptr) *type = (*secret)["type"].get_string();
  SecretData data;
  for (const auto& member : (*secret)["data"].members()) {
    auto bytes = base::base64_decode(member.value.get_string());
    if (!bytes.ok())
      return of_secret(secret_id(ns, name),
                       ": key '" + std::string(member.name()) + "' is not base64");
    data.emplace(member.name(), *std::move(bytes));
  }
  return data;
}

Result<SecretData> find_secret(KubeApi& kube, const std::string& ns, const std::string& name,
                               std::string* type) {
  auto data = read_secret(kube, ns, name, type);
  if (data.ok()) return data;
  return missing(std::move(data).error(), "secret " + secret_id(ns, name));
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

Result<void> add_basic(const SecretData& data, std::string_view id, RemoteAccess& access) {
  const bool user = data.contains("username");
  if (user != data.contains("password"))
    return of_secret(id, user ? ": malformed basic auth - has 'username' but missing 'password'"
                              : ": malformed basic auth - has 'password' but missing 'username'");
  access.username = secret_text(data, "username");
  access.password = secret_text(data, "password");
  return {};
}

Result<void> add_tls(const SecretData& data, std::string_view id, RemoteAccess& access) {
  access.cert_pem = either(data, "tls.crt", "certFile");
  access.key_pem = either(data, "tls.key", "keyFile");
  access.ca_pem = either(data, "ca.crt", "caFile");
  if (access.cert_pem.empty() && access.key_pem.empty() && access.ca_pem.empty())
    return of_secret(id, " must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'");
  if (access.key_pem.empty() && !access.cert_pem.empty())
    return of_secret(id, " contains 'tls.crt' but missing 'tls.key'");
  if (access.cert_pem.empty() && !access.key_pem.empty())
    return of_secret(id, " contains 'tls.key' but missing 'tls.crt'");
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
    const Value& auths = key == ".dockercfg" ? *document : (*document)["auths"];
    if (!auths.is_object() && !auths.is_null())
      return make_error(Code::invalid,
                        "json: cannot unmarshal " + json_kind(auths) +
                            " into Go struct field dockerConfigJSON.Auths of type "
                            "map[string]authn.AuthConfig");
    return add_entries(auths, access);
  }
  return {};
}

Result<void> add_proxy(const SecretData& data, std::string_view id, RemoteAccess& access) {
  const std::string address = secret_text(data, "address");
  const std::string user = secret_text(data, "username");
  const std::string password = secret_text(data, "password");
  if (!data.contains("address")) return of_secret(id, ": key 'address' not found");
  if (address.empty()) return of_secret(id, ": proxy address is empty");
  if (address.size() > proxy_url_bytes_max)
    return of_secret(id, ": proxy URL exceeds maximum length of " +
                             std::to_string(proxy_url_bytes_max) + " characters");
  const auto url = tmpl::Url::parse(address);
  if (!url.ok())
    return of_secret(id, mask_text(": failed to parse proxy address '" + address +
                                       "': " + url.error().message,
                                   address));
  const std::string& name = url->scheme;
  const std::size_t scheme = name.size();
  if (name != "http" && name != "https" && name != "socks5")
    return of_secret(id, ": proxy URL must use one of the supported schemes (http, https, socks5), "
                         "got '" + name + "'");
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
    std::string type;
    auto data = read_secret(kube, names.ns, names.registry, &type);
    if (!data.ok())
      return std::move(data)
          .error()
          .with_context("failed to get secret " + secret_id(names.ns, names.registry))
          .with_context(credential);
    if (is_docker_config(type)) WEIR_CHECK(add_logins(*data, access).with_context(credential));
  }
  if (!names.service_account.empty())
    WEIR_CHECK(
        add_pull_secrets(kube, names.ns, names.service_account, access).with_context(credential));
  if (!names.proxy.empty()) {
    auto data = find_secret(kube, names.ns, names.proxy);
    const auto added = data.ok() ? add_proxy(*data, secret_id(names.ns, names.proxy), access)
                                 : Result<void>(std::move(data).error());
    if (!added.ok()) return Error(added.error()).with_context("failed to get proxy address");
  }
  if (!names.certificate.empty()) {
    auto data = find_secret(kube, names.ns, names.certificate);
    const auto added = data.ok() ? add_tls(*data, secret_id(names.ns, names.certificate), access)
                                 : Result<void>(std::move(data).error());
    if (!added.ok())
      return Error(added.error())
          .with_context("failed to generate transport for '" + names.url + "'");
  }
  return {};
}

}  // namespace weir::reconcile
