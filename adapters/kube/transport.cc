#include "adapters/kube/transport.hh"

#include <algorithm>
#include <numeric>

#include "adapters/kube/api_error.hh"

namespace weir::kube {

namespace {

constexpr int retries_max = 5;
constexpr std::chrono::seconds retry_after_max{10};

std::string describe(const Call& call) {
  if (call.what.empty()) return {};
  std::string out(call.method);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out + " " + call.what;
}

}  // namespace

std::string describe(const RequestCounts& counts) {
  std::string text;
  for (std::size_t i = 0; i < verb_count; ++i) {
    if (counts.by_verb[i] == 0) continue;
    if (!text.empty()) text.push_back(' ');
    text.append(verb_name(static_cast<Verb>(i)))
        .append("=")
        .append(std::to_string(counts.by_verb[i]));
  }
  return text;
}

std::string_view verb_name(Verb verb) {
  constexpr std::array<std::string_view, verb_count> names = {
      "get", "list", "watch", "create", "update", "apply", "patch", "delete", "discovery", "raw"};
  return names[static_cast<std::size_t>(verb)];
}

std::uint64_t RequestCounts::total() const {
  return std::accumulate(by_verb.begin(), by_verb.end(), std::uint64_t{0});
}

Transport::Transport(ClusterAccess access, std::unique_ptr<Credentials> credentials,
                     std::unique_ptr<net::HttpClient> http, std::chrono::milliseconds timeout)
    : access_(std::move(access)),
      credentials_(std::move(credentials)),
      http_(std::move(http)),
      timeout_(timeout) {}

Result<std::unique_ptr<Transport>> Transport::create(ClusterAccess access,
                                                     std::size_t connections_max,
                                                     std::chrono::milliseconds timeout) {
  WEIR_TRY(auto credentials, make_credentials(access));
  net::HttpClientOptions options;
  options.tls = access.tls;
  options.proxy_url = access.proxy_url;
  options.connections_per_host_max = connections_max;
  WEIR_TRY(auto http, net::HttpClient::create(std::move(options)));
  return std::unique_ptr<Transport>(
      new Transport(std::move(access), std::move(credentials), std::move(http), timeout));
}

Result<net::HttpRequest> Transport::prepare(const Call& call) {
  net::HttpRequest request;
  request.method = call.method;
  request.url = access_.server + call.target;
  request.body = call.body;
  request.timeout = call.timeout.count() > 0 ? call.timeout : timeout_;
  request.accept_gzip = !access_.disable_compression;
  request.idempotent = call.repeatable;
  request.sink = call.sink;
  // An API server never redirects; following would only carry requests elsewhere.
  request.follow_redirects = false;
  request.headers.reserve(6);
  request.headers.push_back({"Accept", call.accept.empty() ? "application/json" : call.accept});
  if (!call.body.empty()) {
    request.headers.push_back(
        {"Content-Type", call.content_type.empty() ? "application/json" : call.content_type});
  }
  if (!call.etag.empty()) request.headers.push_back({"If-None-Match", call.etag});
  WEIR_TRY(std::string authorization, credentials_->authorization());
  if (!authorization.empty())
    request.headers.push_back({"Authorization", std::move(authorization)});
  if (!call.as.empty()) {
    request.headers.push_back({"Impersonate-User", call.as});
  } else {
    for (const net::Header& header : access_.impersonate) request.headers.push_back(header);
  }
  return request;
}

bool Transport::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [&] { return cancelled_; });
}

Result<net::HttpResponse> Transport::call(const Call& call) {
  bool refreshed = false;
  for (int attempt = 0;; ++attempt) {
    WEIR_TRY(net::HttpRequest request, prepare(call));
    counts_[static_cast<std::size_t>(call.verb)].fetch_add(1, std::memory_order_relaxed);
    WEIR_TRY(net::HttpResponse response, http_->send(request));
    if (response.status >= 200 && response.status < 300) return response;
    if (response.status == 304 && !call.etag.empty()) return response;
    Error error = api_error(response.status, response.body, describe(call));
    if (attempt == retries_max) return error;
    std::chrono::milliseconds wait{0};
    if (response.status == 401) {
      if (refreshed || !credentials_->refresh()) return error;
      refreshed = true;
    } else if (is_leader_change(response.status, response.body)) {
      wait = std::chrono::milliseconds(50) * (1 << attempt);
    } else if (response.status == 429 || response.status >= 500) {
      auto seconds = retry_after_seconds(response.headers, response.body);
      if (!seconds) return error;
      wait = std::min<std::chrono::milliseconds>(std::chrono::seconds(*seconds), retry_after_max);
    } else {
      return error;
    }
    if (!pause(wait)) return error;
    retries_.fetch_add(1, std::memory_order_relaxed);
  }
}

Result<std::unique_ptr<net::HttpStream>> Transport::open(const Call& call) {
  for (bool refreshed = false;; refreshed = true) {
    WEIR_TRY(net::HttpRequest request, prepare(call));
    counts_[static_cast<std::size_t>(call.verb)].fetch_add(1, std::memory_order_relaxed);
    WEIR_TRY(auto stream, http_->open(request));
    if (stream->status() == 200) return stream;
    std::string body;
    WEIR_CHECK(stream->read_all(body, 1u << 20, std::chrono::seconds(10)));
    bool again = stream->status() == 401 && !refreshed && credentials_->refresh();
    if (!again) return api_error(stream->status(), body, describe(call));
  }
}

void Transport::cancel() {
  {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  wake_.notify_all();
  http_->cancel();
}

RequestCounts Transport::counts() const {
  RequestCounts out;
  for (std::size_t i = 0; i < verb_count; ++i) {
    out.by_verb[i] = counts_[i].load(std::memory_order_relaxed);
  }
  out.retries = retries_.load(std::memory_order_relaxed);
  return out;
}

}  // namespace weir::kube
