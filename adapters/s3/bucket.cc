#include "adapters/s3/bucket.hh"

#include <algorithm>

#include "adapters/s3/answers.hh"

namespace weir::s3 {
namespace {

constexpr std::chrono::minutes timeout{10};

Code code_of(int status) {
  if (status == 404) return Code::not_found;
  if (status == 401 || status == 403) return Code::forbidden;
  return status >= 500 || status == 429 ? Code::unavailable : Code::invalid;
}

Target backup_target(const BucketOptions& options) {
  const std::string amazon = "https://s3." + options.region + ".amazonaws.com";
  return {options.endpoint.empty() ? amazon : options.endpoint, options.bucket, options.region,
          false, options.credentials};
}

}  // namespace

Bucket::Bucket(net::HttpClient& http, const base::Clock& clock, BucketOptions options)
    : client_(http, clock, backup_target(options)) {}

Result<net::HttpResponse> Bucket::send(Client::Call call) {
  call.deadline = std::chrono::steady_clock::now() + timeout;
  const std::string what = call.method + " s3://" + client_.target().bucket + "/" + call.key;
  auto answer = client_.send(call);
  if (!answer.ok()) return std::move(answer).error().with_context(what);
  if (answer->status / 100 == 2) return answer;
  const ServerError error = read_error(*answer, true);
  return make_error(code_of(error.status), what + ": " + std::to_string(error.status) + " " +
                                               error.code + ": " + error.message);
}

Result<void> Bucket::put(const std::string& key, std::string body) {
  Client::Call call;
  call.method = "PUT";
  call.key = key;
  call.body = std::move(body);
  auto answer = send(std::move(call));
  return answer.ok() ? Result<void>() : Result<void>(std::move(answer).error());
}

Result<std::string> Bucket::get(const std::string& key, std::size_t bytes_max) {
  Client::Call call;
  call.key = key;
  call.body_bytes_max = bytes_max;
  WEIR_TRY(net::HttpResponse answer, send(std::move(call)));
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
