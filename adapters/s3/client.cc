#include "adapters/s3/client.hh"

#include <algorithm>

#include "adapters/net/retry.hh"
#include "adapters/net/url.hh"
#include "adapters/s3/answers.hh"
#include "engine/template/functions/url.hh"

namespace weir::s3 {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view default_region = "us-east-1";

bool is_amazon(std::string_view host) {
  return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
}

// Where the bucket's name stands before the host's.
bool has_virtual_hosts(std::string_view host) {
  return (is_amazon(host) && host.starts_with("s3")) || host == "storage.googleapis.com" ||
         host.ends_with(".aliyuncs.com");
}

// "eu-west-1" of "s3.eu-west-1.amazonaws.com" and its older and longer forms.
std::string region_of_host(std::string_view host) {
  if (!is_amazon(host)) return {};
  host = host.substr(0, host.find(".amazonaws.com"));
  for (const std::string_view prefix :
       {"s3-fips.dualstack.", "s3.dualstack.", "s3-fips.", "s3.", "s3-"}) {
    if (!host.starts_with(prefix)) continue;
    const std::string_view region = host.substr(prefix.size());
    return region.find('.') == std::string_view::npos ? std::string(region) : std::string();
  }
  return {};
}

Error bad_endpoint(std::string text) { return make_error(Code::invalid, std::move(text)); }

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

Result<Target> target_of(const std::string& endpoint, const std::string& bucket,
                         const std::string& region, bool plain_http) {
  const std::string scheme = plain_http ? "http://" : "https://";
  if (endpoint.empty()) return bad_endpoint("Endpoint url cannot be empty.");
  const std::string standards = "Endpoint: " + endpoint.substr(0, 256) +
                                " does not follow ip address or domain name standards.";
  if (auto parsed = tmpl::Url::parse(scheme + endpoint); !parsed.ok())
    return bad_endpoint(parsed.error().message);
  auto url = net::parse_url(scheme + endpoint);
  if (!url.ok()) return bad_endpoint(standards);
  if (!url->userinfo.empty() || !url->query.empty() || url->host.ends_with('-'))
    return bad_endpoint(standards);
  if (url->path != "/") return bad_endpoint("Endpoint url cannot have fully qualified paths.");
  Target out;
  out.bucket = bucket;
  out.region = region.empty() ? region_of_host(url->host) : region;
  out.virtual_host =
      has_virtual_hosts(url->host) && (plain_http || bucket.find('.') == std::string::npos);
  out.url = url->scheme + "://" + url->authority();
  return out;
}

Result<void> check_bucket_name(const std::string& name) {
  const auto bad = [](const char* why) {
    return make_error(Code::invalid, std::string("Bucket name ") + why);
  };
  if (name.find_first_not_of(" \t\r\n") == std::string::npos) return bad("cannot be empty");
  if (name.size() < 3) return bad("cannot be shorter than 3 characters");
  if (name.size() > 63) return bad("cannot be longer than 63 characters");
  if (name.find_first_not_of("0123456789.") == std::string::npos &&
      std::count(name.begin(), name.end(), '.') == 3)
    return bad("cannot be an ip address");
  for (const std::string_view part : {"..", ".-", "-."})
    if (name.find(part) != std::string::npos) return bad("contains invalid characters");
  const auto inner = [](char c) {
    return is_label_character(c) || c == '.' || c == '-' || c == '_' || c == ':';
  };
  if (!is_label_character(name.front()) || !is_label_character(name.back()) ||
      !std::all_of(name.begin(), name.end(), inner))
    return bad("contains invalid characters");
  return {};
}

std::string Client::region() const {
  if (!target_.region.empty()) return target_.region;
  const std::lock_guard lock(mutex_);
  return found_region_.empty() ? std::string(default_region) : found_region_;
}

void Client::set_region(std::string region) {
  // It becomes part of a header and of a host's name, and a server has said it.
  const bool plain = region.size() <= 64 && std::all_of(region.begin(), region.end(), [](char c) {
                       return is_label_character(c) || c == '-' || c == '_';
                     });
  if (!plain) return;
  const std::lock_guard lock(mutex_);
  found_region_ = std::move(region);
}

std::string Client::url_of(const Call& call, const std::string& region) const {
  std::string url = target_.url;
  constexpr std::string_view global = "://s3.amazonaws.com";
  // The server of all regions knows only where the others are.
  if (const std::size_t at = url.find(global); at != std::string::npos && region != default_region)
    url.replace(at, global.size(), "://s3." + region + ".amazonaws.com");
  if (target_.virtual_host)
    url.insert(url.find("://") + 3, target_.bucket + ".");
  else
    url += "/" + net::escape_path_segment(target_.bucket);
  if (call.key.empty()) url += "/";
  for (std::string_view rest = call.key; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    url += "/" + net::escape_path_segment(rest.substr(0, end));
    if (end + 1 == rest.size()) url += "/";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (!call.query.empty()) url += "?" + call.query;
  return url;
}

Result<net::HttpResponse> Client::send_once(const Call& call) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(call.deadline - Clock::now());
  if (left.count() <= 0) return make_error(Code::timeout, "context deadline exceeded");
  const std::string where = region();
  net::HttpRequest request;
  request.method = call.method;
  request.url = url_of(call, where);
  request.body = call.body;
  request.body_bytes_max = call.body_bytes_max;
  request.timeout = left;
  request.idempotent = true;
  request.follow_redirects = false;
  request.accept_gzip = false;
  if (target_.credentials) WEIR_CHECK(sign(request, *target_.credentials, where, clock_.now()));
  return http_.send(request);
}

Result<net::HttpResponse> Client::send_there(const Call& call) {
  auto answer = send_once(call);
  if (!answer.ok() || answer->status < 300 || !target_.region.empty()) return answer;
  const std::string named = read_error(*answer, !call.key.empty()).region;
  const std::string before = region();
  if (!named.empty()) set_region(named);
  return region() == before ? answer : send_once(call);
}

Result<net::HttpResponse> Client::send(const Call& call) {
  return net::send_again(call.tries, call.deadline, [&] { return send_there(call); });
}

}  // namespace weir::s3
