#include "adapters/s3/token_service.hh"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "adapters/net/status.hh"
#include "adapters/net/url.hh"
#include "engine/base/digest.hh"
#include "engine/value/json.hh"

namespace weir::s3 {
namespace {

constexpr std::size_t answer_bytes_max = 1u << 20;
constexpr std::size_t token_bytes_max = 64u << 10;
// Keys that end within a pass would be refused: they are renewed before.
constexpr base::TimeUs renew_before = 120'000'000;
constexpr base::TimeUs lifetime_max = 3'600'000'000;
// The machine's own service answers at once, or is not there.
constexpr std::chrono::seconds machine_timeout{2};
constexpr std::string_view machine = "http://169.254.169.254";
constexpr std::string_view container = "http://169.254.170.2";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

Result<std::string> read_token(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(token_bytes_max, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.eof() && !in.good()) return make_error(Code::io, "cannot read " + file);
  text.resize(static_cast<std::size_t>(in.gcount()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return make_error(Code::io, "no token in " + file);
  return text;
}

std::string form_of(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string form;
  for (const auto& [name, value] : fields) {
    if (!form.empty()) form.push_back('&');
    form.append(name).append("=").append(net::escape_query(value));
  }
  return form;
}

std::string key_of(std::initializer_list<std::string_view> parts) {
  base::Sha256 hash;
  for (const std::string_view part : parts) {
    hash.update(std::to_string(part.size()) + ":");
    hash.update(part);
  }
  return hash.finish().hex();
}

// "sts", "sts-fips.eu-west-1", "vpce-1.sts.eu-west-1.vpce": what stands before ".amazonaws.com" of
// a token service. Amazon has hosts there that are anybody's, too.
bool is_token_host(std::string_view name) {
  const bool endpoint_of_network = name.ends_with(".vpce");
  if (endpoint_of_network) name.remove_suffix(5);
  const std::size_t begin = endpoint_of_network ? std::min(name.find('.'), name.size() - 1) + 1 : 0;
  const std::string_view service = name.substr(begin, name.find('.', begin) - begin);
  const std::string_view region = name.substr(std::min(begin + service.size() + 1, name.size()));
  return (service == "sts" || service == "sts-fips") && region.find('.') == std::string_view::npos;
}

// Whoever may write a Bucket may not have the process' own token sent to a server of theirs.
Result<void> check_token_url(const std::string& text) {
  const auto url = net::parse_url(text);
  std::string_view host = url.ok() ? std::string_view(url->host) : std::string_view();
  if (host.ends_with(".cn")) host.remove_suffix(3);
  constexpr std::string_view amazon = ".amazonaws.com";
  if (url.ok() && url->tls() && url->userinfo.empty() && host.ends_with(amazon) &&
      is_token_host(host.substr(0, host.size() - amazon.size())))
    return {};
  return make_error(Code::invalid, "invalid STS endpoint '" + net::redact_url(text) +
                                       "': it must be one of Amazon's, over https");
}

Result<TemporaryCredentials> from_json(const std::string& text) {
  auto answer = value::parse_json(text);
  // The parser's text could quote the keys.
  if (!answer.ok()) return make_error(Code::invalid, "the service of keys answered with no JSON");
  TemporaryCredentials out;
  out.keys.access_key = (*answer)["AccessKeyId"].get_string();
  out.keys.secret_key = (*answer)["SecretAccessKey"].get_string();
  out.keys.session_token = (*answer)["Token"].get_string();
  out.expiration = (*answer)["Expiration"].get_string();
  if (out.keys.access_key.empty() || out.keys.secret_key.empty())
    return make_error(Code::invalid, "the service of keys answered without keys");
  return out;
}

}  // namespace

std::optional<Credentials> TokenServices::kept(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(key);
  if (found == kept_.end() || found->second.until <= clock_.now()) return std::nullopt;
  return found->second.keys;
}

Credentials TokenServices::keep(const std::string& key, TemporaryCredentials found) {
  const auto end = base::parse_rfc3339(found.expiration);
  const base::TimeUs now = clock_.now();
  const base::TimeUs until = end.ok() ? std::min(*end - renew_before, now + lifetime_max) : now;
  const std::lock_guard lock(mutex_);
  if (kept_.size() >= kept_max) kept_.clear();
  kept_[key] = {found.keys, until};
  return found.keys;
}

Result<TemporaryCredentials> TokenServices::post(const std::string& url, const std::string& form,
                                                 const reconcile::RemoteAccess& access) {
  net::HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = form;
  request.body_bytes_max = answer_bytes_max;
  request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(access.timeout);
  request.follow_redirects = false;
  WEIR_TRY(const auto client, clients_.get(access));
  WEIR_TRY(const net::HttpResponse answer, client->send(request));
  if (answer.status == 200) return parse_credentials(answer.body);
  return make_error(net::code_of_status(answer.status), read_error(answer, false).message);
}

Result<Credentials> TokenServices::ask(const reconcile::BucketTokenService& service) {
  const reconcile::RemoteAccess& access = service.access;
  const std::string key = key_of({service.url, access.username, access.password, access.ca_pem,
                                  access.cert_pem, access.proxy_url});
  if (auto keys = kept(key)) return *std::move(keys);
  WEIR_TRY(TemporaryCredentials found, post(service.url,
                                            form_of({{"Action", "AssumeRoleWithLDAPIdentity"},
                                                     {"LDAPPassword", access.password},
                                                     {"LDAPUsername", access.username},
                                                     {"Version", "2011-06-15"}}),
                                            access));
  return keep(key, std::move(found));
}

Result<std::string> TokenServices::get(const std::string& method, const std::string& url,
                                       const net::Headers& headers,
                                       const reconcile::RemoteAccess& access) {
  net::HttpRequest request;
  request.method = method;
  request.url = url;
  request.headers = headers;
  request.body_bytes_max = answer_bytes_max;
  request.timeout = machine_timeout;
  request.follow_redirects = false;
  WEIR_TRY(const auto client, clients_.get(access));
  WEIR_TRY(net::HttpResponse answer, client->send(request));
  if (answer.status == 200) return std::move(answer.body);
  return make_error(net::code_of_status(answer.status),
                    net::redact_url(url) + ": " + net::status_text(answer.status));
}

// IMDSv2: a token first, then the role's name, then its keys.
Result<TemporaryCredentials> TokenServices::of_machine(const reconcile::RemoteAccess& access) {
  const std::string base(machine);
  const std::string roles = base + "/latest/meta-data/iam/security-credentials/";
  WEIR_TRY(const std::string token, get("PUT", base + "/latest/api/token",
                                        {{"X-aws-ec2-metadata-token-ttl-seconds", "300"}}, access));
  const net::Headers headers = {{"X-aws-ec2-metadata-token", token}};
  WEIR_TRY(const std::string names, get("GET", roles, headers, access));
  std::istringstream lines(names);
  std::string role;
  std::getline(lines, role);
  WEIR_TRY(const std::string keys,
           get("GET", roles + net::escape_path_segment(role), headers, access));
  return from_json(keys);
}

Result<TemporaryCredentials> TokenServices::find_ambient(const std::string& region,
                                                         const std::string& token_url,
                                                         const reconcile::RemoteAccess& access) {
  if (const std::string token = environment("AWS_WEB_IDENTITY_TOKEN_FILE"); !token.empty()) {
    WEIR_TRY(const std::string text, read_token(token));
    const std::string where = region.empty() ? environment("AWS_REGION") : region;
    std::string url = token_url;
    if (!url.empty()) WEIR_CHECK(check_token_url(url));
    if (url.empty()) url = environment("AWS_ENDPOINT_URL_STS");
    if (url.empty())
      url = where.empty() ? "https://sts.amazonaws.com" : "https://sts." + where + ".amazonaws.com";
    const std::string session = environment("AWS_ROLE_SESSION_NAME");
    return post(url,
                form_of({{"Action", "AssumeRoleWithWebIdentity"},
                         {"RoleArn", environment("AWS_ROLE_ARN")},
                         {"RoleSessionName", session.empty() ? "weir" : session},
                         {"Version", "2011-06-15"},
                         {"WebIdentityToken", text}}),
                access);
  }
  // What follows is of this machine: no proxy is asked.
  reconcile::RemoteAccess local;
  std::string keys_url = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (const std::string path = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
      keys_url.empty() && path.starts_with('/'))
    keys_url = std::string(container) + path;
  if (keys_url.empty()) return of_machine(local);
  net::Headers headers;
  std::string token = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const std::string file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
      !file.empty()) {
    WEIR_TRY(token, read_token(file));
  }
  if (!token.empty()) headers.push_back({"Authorization", token});
  WEIR_TRY(const std::string keys, get("GET", keys_url, headers, local));
  return from_json(keys);
}

Result<Credentials> TokenServices::ambient(const std::string& region, const std::string& token_url,
                                           const reconcile::RemoteAccess& access) {
  Credentials own{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                  environment("AWS_SESSION_TOKEN")};
  if (!own.access_key.empty() && !own.secret_key.empty()) return own;
  const std::string key = key_of({"ambient", region, token_url, access.proxy_url});
  if (auto keys = kept(key)) return *std::move(keys);
  auto found = find_ambient(region, token_url, access);
  if (!found.ok()) return std::move(found).error().with_context("AWS authentication failed");
  return keep(key, *std::move(found));
}

}  // namespace weir::s3
