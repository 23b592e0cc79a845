#include "adapters/s3/bucket.hh"

#include <algorithm>
#include <thread>

#include "adapters/net/url.hh"

namespace weir::s3 {
namespace {

constexpr int tries_max = 4;
constexpr std::chrono::milliseconds retry_delay{200};
constexpr std::chrono::minutes timeout{10};

// What stands in <Code> of an error's body, and <Message>.
std::string element(std::string_view xml, std::string_view name) {
  const std::string open = "<" + std::string(name) + ">";
  const std::size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = xml.substr(begin + open.size());
  return std::string(rest.substr(0, std::min(rest.find('<'), rest.size())));
}

Code code_of(int status) {
  if (status == 404) return Code::not_found;
  if (status == 401 || status == 403) return Code::forbidden;
  return status >= 500 || status == 429 ? Code::unavailable : Code::invalid;
}

}  // namespace

Bucket::Bucket(net::HttpClient& http, const base::Clock& clock, BucketOptions options)
    : http_(http), clock_(clock), options_(std::move(options)) {}

Result<net::HttpResponse> Bucket::send(net::HttpRequest request, const std::string& key) {
  std::string path = "/" + net::escape_path_segment(options_.bucket);
  for (std::string_view rest = key; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    path += "/" + net::escape_path_segment(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const std::string endpoint = options_.endpoint.empty()
                                   ? "https://s3." + options_.region + ".amazonaws.com"
                                   : options_.endpoint;
  request.url = endpoint + path;
  request.timeout = timeout;
  request.idempotent = true;
  request.follow_redirects = false;
  request.accept_gzip = false;
  const std::string what = request.method + " s3://" + options_.bucket + "/" + key;
  for (int attempt = 1;; ++attempt) {
    net::HttpRequest attempted = request;
    WEIR_CHECK(sign(attempted, options_.credentials, options_.region, clock_.now()));
    auto answer = http_.send(attempted);
    const bool again = answer.ok() ? code_of(answer->status) == Code::unavailable
                                   : answer.error().code == Code::unavailable;
    if (again && attempt < tries_max) {
      std::this_thread::sleep_for(retry_delay * (1 << attempt));
      continue;
    }
    if (!answer.ok()) return std::move(answer).error().with_context(what);
    if (answer->status / 100 == 2) return answer;
    std::string why = element(answer->body, "Code");
    if (!why.empty()) why = " " + why + ": " + element(answer->body, "Message");
    return make_error(code_of(answer->status),
                      what + ": " + std::to_string(answer->status) + why);
  }
}

Result<void> Bucket::put(const std::string& key, std::string body) {
  net::HttpRequest request;
  request.method = "PUT";
  request.body = std::move(body);
  auto answer = send(std::move(request), key);
  return answer.ok() ? Result<void>() : Result<void>(std::move(answer).error());
}

Result<std::string> Bucket::get(const std::string& key, std::size_t bytes_max) {
  net::HttpRequest request;
  request.body_bytes_max = bytes_max;
  WEIR_TRY(net::HttpResponse answer, send(std::move(request), key));
  return std::move(answer.body);
}

Result<Place> parse_place(std::string_view url) {
  constexpr std::string_view scheme = "s3://";
  const auto bad = [&] {
    return make_error(Code::invalid, "\"" + std::string(url) + "\" is not s3://BUCKET[/PREFIX]");
  };
  if (!url.starts_with(scheme)) return bad();
  std::string_view rest = url.substr(scheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  Place place;
  place.bucket = rest.substr(0, slash);
  rest.remove_prefix(slash);
  while (rest.starts_with('/')) rest.remove_prefix(1);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  place.prefix = rest;
  if (place.bucket.empty() || rest.find("//") != std::string_view::npos ||
      ("/" + place.prefix + "/").find("/../") != std::string::npos)
    return bad();
  return place;
}

}  // namespace weir::s3
