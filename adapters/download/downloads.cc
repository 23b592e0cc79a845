#include "adapters/download/downloads.hh"

#include <tuple>

#include "adapters/download/spool.hh"
#include "adapters/net/status.hh"
#include "adapters/net/url.hh"

namespace weir::download {
namespace {

Error bad_url(Error error) {
  error.reason = "URLInvalid";
  return error;
}

// Relative URLs stand below the base, as if it ended in '/', and keep its query.
Result<net::Url> target_of(const reconcile::DownloadRequest& request) {
  if (request.base_url.empty() || request.url.find("://") != std::string::npos)
    return net::parse_url(request.url);
  WEIR_TRY(net::Url base, net::parse_url(request.base_url));
  while (base.path.ends_with('/')) base.path.pop_back();
  base.path.push_back('/');
  WEIR_TRY(net::Url target, net::resolve_url(base, request.url));
  target.query = base.query;
  return target;
}

bool is_trusted(const reconcile::DownloadRequest& request, const net::Url& target) {
  if (request.pass_credentials || request.base_url.empty()) return true;
  const auto base = net::parse_url(request.base_url);
  return base.ok() && base->scheme == target.scheme && base->host == target.host &&
         base->port == target.port;
}

}  // namespace

Result<reconcile::PayloadPtr> Downloads::download(const reconcile::DownloadRequest& request) {
  auto target = target_of(request);
  if (!target.ok()) return bad_url(std::move(target).error());
  const reconcile::RemoteAccess& access = request.access;
  std::string user = access.username, password = access.password;
  if (user.empty() && !target->userinfo.empty()) std::tie(user, password) = target->login();
  WEIR_TRY(const auto client, clients_.get(access));
  Spool spool(spool_directory_, request.bytes_max);
  net::HttpRequest get;
  get.url = target->to_string();
  get.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(access.timeout);
  get.body_bytes_max = request.bytes_max;
  get.sink = [&](std::string_view bytes) { return spool.append(bytes); };
  if (!user.empty() && is_trusted(request, *target))
    get.headers.push_back({"Authorization", net::basic_authorization(user, password)});
  auto sent = client->send(get);
  if (!sent.ok() && sent.error().code == Code::timeout)
    return make_error(Code::timeout, "Get \"" + net::redact_url(target->to_string()) +
                                         "\": context deadline exceeded (Client.Timeout exceeded "
                                         "while awaiting headers)");
  WEIR_TRY(const net::HttpResponse response, std::move(sent));
  if (response.status != 200)
    return make_error(net::code_of_status(response.status),
                      "failed to fetch " + net::redact_url(target->to_string()) + " : " +
                          net::status_text(response.status));
  return spool.finish();
}

}  // namespace weir::download
