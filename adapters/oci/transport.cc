// How RegistryClient's requests get through: the scheme, the credentials, the texts of failures.
#include <algorithm>

#include "adapters/net/status.hh"
#include "adapters/net/url.hh"
#include "adapters/oci/registry_client.hh"
#include "engine/base/digest.hh"
#include "engine/value/json.hh"

namespace weir::oci {
namespace {

using Clock = std::chrono::steady_clock;
using reconcile::RegistryLogin;
using reconcile::RemoteAccess;

constexpr std::size_t tokens_max = 10'000;
constexpr std::size_t token_bytes_max = 1u << 20;
constexpr std::int64_t token_seconds_default = 60, token_seconds_max = 3600;

std::string credentials_key(const std::optional<RegistryLogin>& login) {
  if (!login) return "anonymous";
  base::Sha256 hash;
  for (const std::string* part :
       {&login->username, &login->password, &login->identity_token, &login->registry_token}) {
    hash.update(std::to_string(part->size()));
    hash.update(*part);
  }
  return hash.finish().hex();
}

std::string scope_of(const Repository& repository, bool push) {
  return "repository:" + repository.path + (push ? ":push,pull" : ":pull");
}

// The other scheme may be the one that is spoken there: no TLS, nobody listening, or a server of
// plain HTTP that waits for the end of what it takes for a request.
bool may_be_other_scheme(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::timeout;
}

// A registry that cannot be reached is told by its root, as clients that look there first do.
Error unreached(const Error& error, const std::string& scheme, const Repository& repository,
                const RemoteAccess& access) {
  const std::size_t end = error.message.find("\": ");
  if (end == std::string::npos || error.message.find(repository.host + "/v2/") > end) return error;
  Error out = error;
  const std::string why = error.message.substr(end + 3);
  const bool proxy = !access.proxy_url.empty() && why.starts_with("dial ");
  out.message = "Get \"" + scheme + "://" + repository.host +
                "/v2/\": " + (proxy ? "proxyconnect tcp: " : "") + why;
  return out;
}

}  // namespace

RegistryClient::RegistryClient(download::HttpClients& clients, std::string spool_directory)
    : clients_(clients), spool_directory_(std::move(spool_directory)) {}

std::string RegistryClient::kept_token(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find(key);
  if (found == tokens_.end() || found->second.expires <= Clock::now()) return {};
  return found->second.header;
}

Result<net::HttpResponse> RegistryClient::ask_token(const Challenge& challenge,
                                                    const std::string& scope,
                                                    const std::optional<RegistryLogin>& login,
                                                    const RemoteAccess& access) {
  net::HttpRequest request;
  request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(access.timeout);
  request.body_bytes_max = token_bytes_max;
  std::string query =
      "service=" + net::escape_query(challenge.service) + "&scope=" + net::escape_query(scope);
  if (login && !login->identity_token.empty()) {
    request.method = "POST";
    request.url = challenge.realm;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = query + "&client_id=weir&grant_type=refresh_token&refresh_token=" +
                   net::escape_query(login->identity_token);
  } else {
    request.url =
        challenge.realm + (challenge.realm.find('?') == std::string::npos ? "?" : "&") + query;
    if (login)
      request.headers = {
          {"Authorization", net::basic_authorization(login->username, login->password)}};
  }
  WEIR_TRY(const auto client, clients_.get(access));
  return client->send(request);
}

// The value of an Authorization header that answers the challenge; "" when there is nothing to
// answer with.
Result<std::string> RegistryClient::authorize(const std::string& scheme,
                                              const Repository& repository,
                                              const RemoteAccess& access,
                                              const Challenge& challenge, bool push,
                                              const std::string& key) {
  const auto login = find_login(access, repository);
  if (login && !login->registry_token.empty()) return "Bearer " + login->registry_token;
  if (!challenge.bearer) {
    if (!login) return std::string();
    return net::basic_authorization(login->username, login->password);
  }
  WEIR_TRY(const net::Url realm,
           net::parse_url(challenge.realm).with_context("token server of the registry"));
  if (login && scheme == "https" && !realm.tls())
    return make_error(Code::unauthorized, "refused to send credentials over plain HTTP to " +
                                              net::redact_url(challenge.realm));
  std::string scope = challenge.scope.empty() ? scope_of(repository, push) : challenge.scope;
  WEIR_TRY(const net::HttpResponse response, ask_token(challenge, scope, login, access));
  if (response.status != 200)
    return make_error(net::code_of_status(response.status),
                      "GET " + net::redact_url(challenge.realm) + ": unexpected status code " +
                          net::status_text(response.status));
  auto answer = value::parse_json(response.body);
  if (!answer.ok())
    return make_error(Code::invalid, "the registry's token server answered with no JSON");
  std::string token((*answer)["token"].get_string());
  if (token.empty()) token = (*answer)["access_token"].get_string();
  if (token.empty())
    return make_error(Code::invalid, "the registry's token server answered without a token");
  const std::int64_t seconds = std::clamp<std::int64_t>(
      (*answer)["expires_in"].get_int(token_seconds_default), 1, token_seconds_max);
  const std::lock_guard lock(mutex_);
  if (tokens_.size() >= tokens_max) tokens_.clear();
  // A token that ends within the request would be refused: it is renewed a little early.
  tokens_[key] = {"Bearer " + token, Clock::now() + std::chrono::seconds(seconds * 9 / 10)};
  return tokens_[key].header;
}

Result<net::HttpResponse> RegistryClient::send_to(const std::string& scheme,
                                                  const Repository& repository,
                                                  const RemoteAccess& access, const Call& call) {
  const auto login = find_login(access, repository);
  std::string key = scheme + "://" + repository.host;
  key.append(" ").append(scope_of(repository, call.push));
  key.append(" ").append(credentials_key(login));
  const std::string own = scheme + "://" + repository.host;
  net::HttpRequest request;
  request.method = call.method;
  request.url = call.target.starts_with('/') ? own + call.target : call.target;
  request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(access.timeout);
  request.body = call.body;
  request.body_bytes_max = call.body_bytes_max;
  request.accept_gzip = false;
  request.sink = call.sink;
  if (!call.accept.empty()) request.headers.push_back({"Accept", call.accept});
  if (!call.content_type.empty()) request.headers.push_back({"Content-Type", call.content_type});
  // Whatever the registry names elsewhere gets no credentials.
  const bool elsewhere = request.url != own && !request.url.starts_with(own + "/");
  const std::size_t plain = request.headers.size();
  if (const std::string kept = kept_token(key); !elsewhere && !kept.empty())
    request.headers.push_back({"Authorization", kept});
  WEIR_TRY(const auto client, clients_.get(access));
  auto response = client->send(request);
  if (!response.ok() || response->status != 401 || elsewhere) return response;
  const auto challenge = read_challenge(response->headers);
  if (!challenge) return response;
  WEIR_TRY(const std::string header,
           authorize(scheme, repository, access, *challenge, call.push, key));
  if (header.empty()) return response;
  request.headers.resize(plain);
  request.headers.push_back({"Authorization", header});
  return client->send(request);
}

Result<net::HttpResponse> RegistryClient::send(const Repository& repository,
                                               const RemoteAccess& access, const Call& call) {
  if (!access.plain_http && !is_local_host(repository.host)) {
    auto response = send_to("https", repository, access, call);
    if (response.ok() || !may_be_other_scheme(response.error())) return response;
    return unreached(response.error(), "https", repository, access);
  }
  std::string known;
  {
    const std::lock_guard lock(mutex_);
    const auto found = schemes_.find(repository.host);
    if (found != schemes_.end()) known = found->second;
  }
  auto response = send_to(known.empty() ? "https" : known, repository, access, call);
  if (!known.empty() && response.ok()) return response;
  const std::string other = known == "http" ? "https" : "http";
  std::string works = "https";
  if (!response.ok()) {
    if (!may_be_other_scheme(response.error())) return response;
    auto second = send_to(other, repository, access, call);
    if (!second.ok() && !may_be_other_scheme(second.error()))
      return known.empty() ? second : response;
    if (!second.ok()) {
      const bool plain_first = other == "https";
      const Error& secure = plain_first ? second.error() : response.error();
      const Error& plain = plain_first ? response.error() : second.error();
      Error error = unreached(secure, "https", repository, access);
      error.message.append("; ");
      error.message.append(unreached(plain, "http", repository, access).message);
      return error;
    }
    response = std::move(second);
    works = other;
  }
  const std::lock_guard lock(mutex_);
  if (schemes_.size() >= tokens_max) schemes_.clear();
  schemes_[repository.host] = works;
  return response;
}

}  // namespace weir::oci
