#include "adapters/net/http_client.hh"

#include <strings.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "adapters/net/connection.hh"
#include "adapters/net/connection_pool.hh"
#include "adapters/net/gunzip.hh"
#include "adapters/net/proxy.hh"
#include "adapters/net/response_reader.hh"
#include "engine/base/digest.hh"

namespace weir::net {

namespace {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool any_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](auto other) { return same_name(name, other); });
}

// "PATCH" -> "Patch": how Go names the method in its errors.
std::string title(std::string_view method) {
  std::string out(method);
  for (std::size_t i = 1; i < out.size(); ++i) {
    out[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(out[i])));
  }
  return out;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

Result<void> check_headers(const HttpRequest& request) {
  if (!is_token(request.method)) return make_error(Code::invalid, "invalid HTTP method");
  for (const Header& header : request.headers) {
    if (!is_token(header.name)) return make_error(Code::invalid, "invalid HTTP header name");
    bool clean = std::all_of(header.value.begin(), header.value.end(), [](char c) {
      auto byte = static_cast<unsigned char>(c);
      return (byte >= 0x20 && byte != 0x7f) || c == '\t';
    });
    if (!clean) {
      return make_error(Code::invalid, "invalid value of HTTP header " + header.name);
    }
  }
  return {};
}

// One request as it goes out: redirects change the copy, never the caller's request.
struct Hop {
  const HttpRequest* request;
  std::string method;
  Url url;
  bool with_body = true;
  bool trusted = true;  // still the host that the caller named: credentials may go there

  std::string_view body() const { return with_body ? std::string_view(request->body) : ""; }
  bool idempotent() const {
    return request->idempotent || any_of(method, {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"});
  }
};

struct Route {
  DialPlan plan;
  std::string key;        // of the pool
  bool absolute = false;  // plain http through a proxy: the whole URL stands in the request line
};

std::string request_head(const Hop& hop, const Route& route, bool gzip) {
  std::string head;
  head.reserve(512 + hop.body().size());
  head += hop.method;
  head += ' ';
  if (route.absolute) head += "http://" + hop.url.authority();
  head += hop.url.target();
  head += " HTTP/1.1\r\nHost: ";
  head += hop.url.authority();
  head += "\r\n";
  bool agent = false;
  for (const Header& header : hop.request->headers) {
    if (any_of(header.name, {"Host", "Content-Length", "Transfer-Encoding", "Connection"}))
      continue;
    if (!hop.with_body && same_name(header.name, "Content-Type")) continue;
    // Whatever is not known to be harmless may be a credential.
    if (!hop.trusted && !any_of(header.name, {"Accept", "Accept-Encoding", "Accept-Language",
                                              "Content-Type", "If-Match", "If-Modified-Since",
                                              "If-None-Match", "Range", "User-Agent"})) {
      continue;
    }
    agent = agent || same_name(header.name, "User-Agent");
    head += header.name;
    head += ": ";
    head += header.value;
    head += "\r\n";
  }
  if (!agent) head += "User-Agent: weir/" WEIR_VERSION "\r\n";
  if (gzip) head += "Accept-Encoding: gzip\r\n";
  if (route.absolute && !route.plan.proxy_authorization.empty()) {
    head += "Proxy-Authorization: " + route.plan.proxy_authorization + "\r\n";
  }
  if (!hop.body().empty() || any_of(hop.method, {"POST", "PUT", "PATCH"})) {
    head += "Content-Length: " + std::to_string(hop.body().size()) + "\r\n";
  }
  head += "\r\n";
  return head;
}

// Where the body bytes of one answer go: decoded, capped, to the sink or to a string.
class BodyTarget {
 public:
  BodyTarget(const HttpRequest& request, bool gzip, HttpResponse& response)
      : max_(request.body_bytes_max), response_(response) {
    if (request.sink && response.status >= 200 && response.status < 300) sink_ = &request.sink;
    const std::string* encoding = find_header(response.headers, "Content-Encoding");
    if (gzip && encoding != nullptr && same_name(*encoding, "gzip")) gunzip_.emplace();
  }
  // Where the reader may put bytes: straight into the answer when nothing has to happen on the way.
  std::string& input() { return gunzip_ || sink_ != nullptr ? raw_ : response_.body; }

  Result<void> took() {
    if (gunzip_) {
      std::string& out = sink_ != nullptr ? decoded_ : response_.body;
      auto decoded = gunzip_->feed(raw_, out, sink_ != nullptr ? max_ - total_ : max_);
      raw_.clear();
      WEIR_CHECK(std::move(decoded));
      if (sink_ == nullptr) return {};
      return pass_on(decoded_);
    }
    if (sink_ != nullptr) return pass_on(raw_);
    if (response_.body.size() > max_) return too_long();
    return {};
  }
  Result<void> finish() {
    if (gunzip_) return gunzip_->finish();
    return {};
  }

 private:
  Error too_long() const {
    return make_error(Code::limit, "the body is longer than " + std::to_string(max_) +
                                       " bytes (http_body_bytes_max)");
  }
  Result<void> pass_on(std::string& bytes) {
    if (bytes.empty()) return {};
    total_ += bytes.size();
    if (total_ > max_) return too_long();
    auto taken = (*sink_)(bytes);
    bytes.clear();
    return taken;
  }

  std::size_t max_;
  std::size_t total_ = 0;
  HttpResponse& response_;
  const BodySink* sink_ = nullptr;
  std::optional<Gunzip> gunzip_;
  std::string raw_;
  std::string decoded_;
};

// One answer being read off one connection.
class Exchange {
 public:
  Exchange(Connection& connection, bool head_request)
      : connection_(connection), reader_(head_request) {}

  ResponseReader& reader() { return reader_; }
  bool received() const { return received_; }

  // Reads until the head is complete.
  Result<void> read_head(Deadline deadline) {
    std::string none;
    while (!reader_.head_done()) WEIR_CHECK(advance(none, deadline));
    return {};
  }
  // Reads and decodes more of the body.
  Result<void> advance(std::string& body, Deadline deadline) {
    if (carry_.empty() || starved_) {
      char buffer[16384];
      WEIR_TRY(IoResult got, connection_.read(buffer, sizeof buffer, deadline));
      if (got.state == IoState::end) return reader_.finish();
      received_ = true;
      return take(std::string_view(buffer, got.bytes), body);
    }
    return take({}, body);
  }
  // As advance(), without waiting.
  Result<HttpStream::State> advance_now(std::string& body) {
    if (reader_.done()) return HttpStream::State::end;
    std::size_t before = body.size();
    if (!carry_.empty() && !starved_) {
      WEIR_CHECK(take({}, body));
    } else {
      char buffer[16384];
      WEIR_TRY(IoResult got, connection_.read_now(buffer, sizeof buffer));
      if (got.state == IoState::want_read || got.state == IoState::want_write) {
        return HttpStream::State::would_block;
      }
      if (got.state == IoState::end) {
        WEIR_CHECK(reader_.finish());
        return HttpStream::State::end;
      }
      WEIR_CHECK(take(std::string_view(buffer, got.bytes), body));
    }
    if (body.size() == before && reader_.done()) return HttpStream::State::end;
    return HttpStream::State::data;
  }
  // True when nothing is left over that the next answer would begin with.
  bool clean() const { return carry_.empty(); }

 private:
  Result<void> take(std::string_view bytes, std::string& body) {
    std::string_view input = bytes;
    if (!carry_.empty()) {
      carry_ += bytes;
      input = carry_;
    }
    WEIR_TRY(std::size_t used, reader_.feed(input, body));
    starved_ = used == 0;
    if (carry_.empty()) {
      carry_.assign(input.substr(used));
    } else {
      carry_.erase(0, used);
    }
    return {};
  }

  Connection& connection_;
  ResponseReader reader_;
  std::string carry_;     // bytes the reader has not used yet
  bool starved_ = false;  // it needs more behind them first
  bool received_ = false;
};

class Stream final : public HttpStream {
 public:
  Stream(std::unique_ptr<Connection> connection, bool head_request)
      : connection_(std::move(connection)), exchange_(*connection_, head_request) {}
  Exchange& exchange() { return exchange_; }

  int status() const override { return exchange_.reader().status(); }
  const Headers& headers() const override { return exchange_.reader().headers(); }
  int fd() const override { return connection_->fd(); }
  Result<State> read(std::string& out) override {
    std::size_t before = out.size();
    while (true) {
      WEIR_TRY(State state, exchange_.advance_now(out));
      bool got = out.size() > before;
      if (state != State::data) return got && state == State::would_block ? State::data : state;
      if (out.size() - before >= (64u << 10)) return State::data;
    }
  }
  Result<void> read_all(std::string& out, std::size_t bytes_max,
                        std::chrono::milliseconds timeout) override {
    auto deadline = std::chrono::steady_clock::now() + timeout;
    while (!exchange_.reader().done()) {
      WEIR_CHECK(exchange_.advance(out, deadline));
      if (out.size() > bytes_max) return make_error(Code::limit, "the body is too long");
    }
    return {};
  }

 private:
  std::unique_ptr<Connection> connection_;
  mutable Exchange exchange_;
};

class Client final : public HttpClient {
 public:
  Client(HttpClientOptions options, ProxyRules proxies, std::shared_ptr<TlsContext> tls)
      : options_(std::move(options)),
        proxies_(std::move(proxies)),
        tls_(std::move(tls)),
        sockets_(make_socket_registry()),
        pool_(options_.connections_per_host_max, options_.idle_timeout) {}

  Result<HttpResponse> send(const HttpRequest& request) override;
  Result<std::unique_ptr<HttpStream>> open(const HttpRequest& request) override;
  void cancel() override {
    pool_.cancel();
    cancel_sockets(*sockets_);
  }
  void close_idle() override { pool_.close_idle(); }

 private:
  // What happened on one connection, for the decision to try once more.
  struct Attempt {
    bool reused = false;
    bool sent = false;
    bool received = false;
  };
  Result<Hop> first_hop(const HttpRequest& request) const;
  Result<bool> follow(Hop& hop, const HttpResponse& response) const;
  Result<Route> route(const Hop& hop) const;
  Result<std::unique_ptr<Connection>> dial(const Route& route, Deadline deadline) const;
  Result<HttpResponse> exchange(const Hop& hop, Deadline deadline);
  Result<HttpResponse> converse(Connection& connection, const Hop& hop, const Route& route,
                                Deadline deadline, Attempt& attempt, bool& reusable) const;

  HttpClientOptions options_;
  ProxyRules proxies_;
  std::shared_ptr<TlsContext> tls_;
  std::shared_ptr<SocketRegistry> sockets_;
  ConnectionPool pool_;
};

bool wants_gzip(const HttpRequest& request) {
  return request.accept_gzip && find_header(request.headers, "Accept-Encoding") == nullptr &&
         find_header(request.headers, "Range") == nullptr;
}

Result<void> write_request(Connection& connection, std::string head, std::string_view body,
                           Deadline deadline) {
  if (body.size() <= 64u << 10) {  // one record, one packet
    head += body;
    return connection.write(head, deadline);
  }
  WEIR_CHECK(connection.write(head, deadline));
  return connection.write(body, deadline);
}

Result<Hop> Client::first_hop(const HttpRequest& request) const {
  WEIR_CHECK(check_headers(request));
  WEIR_TRY(Url url, parse_url(request.url));
  return Hop{&request, request.method, std::move(url)};
}

Result<Route> Client::route(const Hop& hop) const {
  Route route;
  route.plan.url = hop.url;
  route.plan.present_certificate = hop.trusted;
  route.key = hop.url.scheme + "://" + hop.url.host_port() + (hop.trusted ? "" : " anonymous");
  WEIR_TRY(auto proxy, proxies_.pick(hop.url));
  if (!proxy) return route;
  route.plan.proxy_host = proxy->host;
  route.plan.proxy_port = proxy->port;
  route.absolute = !hop.url.tls();
  if (!proxy->userinfo.empty()) {
    const auto [user, password] = proxy->login();
    route.plan.proxy_authorization = basic_authorization(user, password);
  }
  return route;
}

Result<std::unique_ptr<Connection>> Client::dial(const Route& route, Deadline deadline) const {
  auto limit = std::min(deadline, std::chrono::steady_clock::now() + options_.connect_timeout);
  return Connection::dial(route.plan, tls_, sockets_, limit);
}

Result<HttpResponse> Client::converse(Connection& connection, const Hop& hop, const Route& route,
                                      Deadline deadline, Attempt& attempt, bool& reusable) const {
  bool gzip = wants_gzip(*hop.request);
  Exchange exchange(connection, hop.method == "HEAD");
  auto written = write_request(connection, request_head(hop, route, gzip), hop.body(), deadline);
  attempt.sent = written.ok();
  // A server may answer and close before it has read all of a large body; its answer says why.
  if (!written.ok() && (hop.body().empty() || attempt.reused)) return std::move(written).error();
  auto head = exchange.read_head(deadline);
  attempt.received = exchange.received();
  if (!head.ok()) return written.ok() ? std::move(head).error() : std::move(written).error();

  HttpResponse response;
  response.status = exchange.reader().status();
  response.headers = std::move(exchange.reader().headers());
  BodyTarget target(*hop.request, gzip, response);
  while (!exchange.reader().done()) {
    WEIR_CHECK(exchange.advance(target.input(), deadline));
    WEIR_CHECK(target.took());
  }
  WEIR_CHECK(target.finish());
  reusable = written.ok() && exchange.reader().keep_alive() && exchange.clean();
  return response;
}

Result<HttpResponse> Client::exchange(const Hop& hop, Deadline deadline) {
  WEIR_TRY(Route route, this->route(hop));
  for (bool again = false;; again = true) {
    Attempt attempt;
    WEIR_TRY(auto connection, pool_.take(route.key, deadline));
    if (again) connection.reset();  // its neighbours in the pool are likely as dead as the first
    attempt.reused = connection != nullptr;
    if (!connection) {
      auto dialled = dial(route, deadline);
      if (!dialled.ok()) {
        pool_.give(route.key, nullptr);
        return std::move(dialled).error();
      }
      connection = std::move(dialled).value();
    }
    bool reusable = false;
    auto response = converse(*connection, hop, route, deadline, attempt, reusable);
    if (!reusable) connection.reset();
    pool_.give(route.key, std::move(connection));
    if (response.ok()) return response;
    bool may_repeat = hop.idempotent() || !attempt.sent;
    bool dead = attempt.reused && !attempt.received && response.error().code == Code::unavailable;
    if (again || !dead || !may_repeat) return response;
  }
}

// Turns `hop` into the one that the answer redirects to; false when it is no redirect.
Result<bool> Client::follow(Hop& hop, const HttpResponse& response) const {
  int status = response.status;
  bool keeps_method = status == 307 || status == 308;
  if (status != 301 && status != 302 && status != 303 && !keeps_method) return false;
  const std::string* location = find_header(response.headers, "Location");
  if (location == nullptr || !hop.request->follow_redirects) return false;
  WEIR_TRY(Url next, resolve_url(hop.url, *location).with_context("redirect"));
  bool upgrade = !hop.url.tls() && next.tls() && hop.url.port == 80 && next.port == 443;
  bool same_origin = next.scheme == hop.url.scheme && next.port == hop.url.port;
  if (next.host != hop.url.host || !(same_origin || upgrade)) hop.trusted = false;
  if (!keeps_method && hop.method != "GET" && hop.method != "HEAD") {
    hop.method = "GET";
    hop.with_body = false;
  }
  if (!hop.trusted && !hop.body().empty()) {
    return make_error(Code::unsupported,
                      "refused to send the request's body on to another host, " + next.authority());
  }
  hop.url = std::move(next);
  return true;
}

Result<HttpResponse> Client::send(const HttpRequest& request) {
  auto deadline = std::chrono::steady_clock::now() + request.timeout;
  std::string context = title(request.method) + " \"" + redact_url(request.url) + "\"";
  auto first = first_hop(request);
  if (!first.ok()) return std::move(first).error().with_context(context);
  Hop hop = std::move(first).value();
  for (std::size_t redirects = 0;; ++redirects) {
    auto response = exchange(hop, deadline);
    if (!response.ok()) return std::move(response).error().with_context(context);
    response->url = hop.url.to_string();
    auto followed = follow(hop, *response);
    if (!followed.ok()) return std::move(followed).error().with_context(context);
    if (!*followed) return response;
    if (redirects == base::limits::http_redirects_max) {
      return make_error(Code::limit,
                        context + ": stopped after " + std::to_string(redirects) + " redirects");
    }
    context = title(hop.method) + " \"" + redact_url(hop.url.to_string()) + "\"";
  }
}

Result<std::unique_ptr<HttpStream>> Client::open(const HttpRequest& request) {
  auto deadline = std::chrono::steady_clock::now() + request.timeout;
  std::string context = title(request.method) + " \"" + redact_url(request.url) + "\"";
  auto begin = [&]() -> Result<std::unique_ptr<HttpStream>> {
    WEIR_TRY(Hop hop, first_hop(request));
    WEIR_TRY(Route route, this->route(hop));
    WEIR_TRY(auto connection, dial(route, deadline));
    WEIR_CHECK(write_request(*connection, request_head(hop, route, false), hop.body(), deadline));
    auto stream = std::make_unique<Stream>(std::move(connection), hop.method == "HEAD");
    WEIR_CHECK(stream->exchange().read_head(deadline));
    return std::unique_ptr<HttpStream>(std::move(stream));
  };
  return begin().with_context(context);
}

}  // namespace

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const Header& header : headers) {
    if (same_name(header.name, name)) return &header.value;
  }
  return nullptr;
}

std::string basic_authorization(std::string_view user, std::string_view password) {
  std::string pair(user);
  pair += ':';
  pair += password;
  return "Basic " + base::base64_encode(pair);
}

Result<std::unique_ptr<HttpClient>> HttpClient::create(HttpClientOptions options) {
  WEIR_TRY(auto tls, TlsContext::create(options.tls));
  ProxyRules proxies =
      options.environment_proxy ? ProxyRules::from_environment() : ProxyRules::none();
  if (!options.proxy_url.empty()) {
    WEIR_TRY(proxies, ProxyRules::fixed(options.proxy_url));
  }
  return std::unique_ptr<HttpClient>(
      std::make_unique<Client>(std::move(options), std::move(proxies), std::move(tls)));
}

}  // namespace weir::net
