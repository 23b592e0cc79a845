#include "adapters/kube/remote_clusters.hh"

#include <algorithm>

#include "adapters/clock/system_clock.hh"
#include "adapters/net/url.hh"
#include "engine/base/digest.hh"
#include "engine/base/log.hh"
#include "engine/value/json.hh"

namespace weir::kube {
namespace {

constexpr std::string_view account_prefix = "system:serviceaccount:";
constexpr std::int64_t token_seconds = 3600;
constexpr std::int64_t renew_early_us = 300'000'000;

std::string key_of(const reconcile::ClusterDescription& cluster) {
  base::Sha256 hash;
  const auto add = [&](const std::string& part) {
    hash.update(std::to_string(part.size()));
    hash.update(":");
    hash.update(part);
  };
  for (const std::string* part : {&cluster.kubeconfig, &cluster.server, &cluster.ca_pem,
                                  &cluster.account.ns, &cluster.account.name})
    add(*part);
  for (const std::string& audience : cluster.account.audiences) add(audience);
  return hash.finish().hex();
}

// The subject that a JWT names; "" when the token is none.
std::string token_subject(const std::string& token) {
  const std::size_t begin = token.find('.');
  const std::size_t end = begin == std::string::npos ? begin : token.find('.', begin + 1);
  if (end == std::string::npos) return {};
  std::string payload = token.substr(begin + 1, end - begin - 1);
  std::replace(payload.begin(), payload.end(), '-', '+');
  std::replace(payload.begin(), payload.end(), '_', '/');
  payload.append((4 - payload.size() % 4) % 4, '=');
  const auto text = base::base64_decode(payload);
  if (!text.ok()) return {};
  const auto claims = value::parse_json(*text);
  return claims.ok() ? std::string((*claims)["sub"].get_string()) : std::string();
}

}  // namespace

Result<IssuedToken> request_token(KubeClient& client, reconcile::ClusterAccount account) {
  if (account.name.empty()) {
    const std::string own = token_subject(client.access().token);
    const std::size_t colon = own.rfind(':');
    if (!own.starts_with(account_prefix) || colon < account_prefix.size())
      return make_error(Code::unsupported,
                        "serviceAccountName: it is required where weir does not run as a service "
                        "account");
    account.ns = own.substr(account_prefix.size(), colon - account_prefix.size());
    account.name = own.substr(colon + 1);
  }
  Value audiences = Value::array();
  for (const std::string& audience : account.audiences) audiences.push_back(audience);
  const Value spec = Value::object(
      {{"audiences", std::move(audiences)}, {"expirationSeconds", token_seconds}});
  const Value body = Value::object(
      {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenRequest"}, {"spec", spec}});
  RawRequest request;
  request.method = "POST";
  request.target = "/api/v1/namespaces/" + net::escape_path_segment(account.ns) +
                   "/serviceaccounts/" + net::escape_path_segment(account.name) + "/token";
  request.body = value::write_json(body);
  const auto answer = client.raw(request);
  const std::string who = "token of ServiceAccount '" + account.ns + "/" + account.name + "'";
  if (!answer.ok()) return Error(answer.error()).with_context(who);
  WEIR_TRY(const Value made, value::parse_json(answer->body).with_context(who));
  IssuedToken out;
  out.token = made.path("status", "token").get_string();
  if (out.token.empty()) return make_error(Code::invalid, who + ": the API answered without one");
  const auto expires = base::parse_rfc3339(made.path("status", "expirationTimestamp").get_string());
  if (expires.ok()) out.renew_at = base::format_rfc3339(*expires - renew_early_us);
  return out;
}

Result<ClusterAccess> RemoteClusters::access_to(
    const reconcile::ClusterDescription& cluster) const {
  if (!cluster.kubeconfig.empty()) {
    KubeconfigOptions options;
    options.allow_files = false;
    options.allow_insecure = allow_insecure_tls_;
    options.drop_refused = true;
    return parse_kubeconfig(cluster.kubeconfig, cluster.where, options);
  }
  if (local_ == nullptr)
    return make_error(Code::unsupported,
                      cluster.where + ": this cluster hands out no tokens: use a Secret with a "
                                      "kubeconfig");
  ClusterAccess access;
  access.server = cluster.server;
  access.tls.ca_pem = cluster.ca_pem;
  access.issue = [local = local_, account = cluster.account] {
    return request_token(*local, account);
  };
  return access;
}

Result<reconcile::KubeApiPtr> RemoteClusters::connect(
    const reconcile::ClusterDescription& cluster) {
  const std::string key = key_of(cluster);
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(recent_.begin(), recent_.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  if (found != recent_.end()) {
    recent_.splice(recent_.begin(), recent_, found);
    return found->client;
  }
  WEIR_TRY(ClusterAccess access, access_to(cluster));
  for (const std::string& note : access.notes)
    log::info("a kubeconfig is not used as it stands", {{"note", note}});
  ClientOptions options;
  options.timeout = timeout;
  auto client = KubeClient::create(std::move(access), options);
  if (!client.ok()) return std::move(client).error().with_context(cluster.where);
  recent_.push_front({key, reconcile::KubeApiPtr(*std::move(client))});
  if (recent_.size() > clients_max) recent_.pop_back();
  return recent_.front().client;
}

}  // namespace weir::kube
