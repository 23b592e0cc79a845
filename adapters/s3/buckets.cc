#include "adapters/s3/buckets.hh"

#include "adapters/net/status.hh"
#include "adapters/net/url.hh"
#include "adapters/s3/answers.hh"
#include "adapters/s3/client.hh"

namespace weir::s3 {
namespace {

using reconcile::BucketContent;
using reconcile::BucketEntry;

// A thousand objects a page, each of a kilobyte's key with all of it escaped.
constexpr std::size_t page_bytes_max = 16u << 20;
constexpr std::size_t page_objects = 1'000;

// Who cannot be dialled is the proxy.
Error of_proxy(Error error) {
  constexpr std::string_view dialling = "\": dial ";
  if (const std::size_t at = error.message.find(dialling); at != std::string::npos)
    error.message.insert(at + 3, "proxyconnect tcp: ");
  return error;
}

Error of_server(const ServerError& error) {
  Error out = make_error(net::code_of_status(error.status), error.message, error.code);
  if (error.code == "NoSuchKey" || error.code == "NoSuchBucket") out.code = Code::not_found;
  return out;
}

class Reader final : public reconcile::BucketReader {
 public:
  Reader(std::shared_ptr<net::HttpClient> http, const base::Clock& clock, Target target,
         RegionMemory& regions, bool proxied)
      : http_(std::move(http)),
        client_(*http_, clock, std::move(target)),
        regions_(regions),
        proxied_(proxied) {}

  void begin(base::Duration timeout) override {
    deadline_ = std::chrono::steady_clock::now() + timeout;
  }

  Result<bool> exists() override {
    WEIR_CHECK(check_bucket_name(client_.target().bucket));
    const Target& target = client_.target();
    std::string known = regions_.find(target.url, target.bucket);
    auto found = find_region(known);
    if (!found.ok()) return absent_or(std::move(found).error());
    // Who fails here is tried again by the engine, and told of meanwhile.
    Client::Call head = call("HEAD");
    head.tries = 1;
    auto answer = send(head);
    // Why it is refused stands in the body that a HEAD does not have.
    if (!answer.ok() && answer.error().code == Code::forbidden && !known.empty())
      if (auto told = find_region(""); !told.ok()) return absent_or(std::move(told).error());
    if (!answer.ok()) return absent_or(std::move(answer).error());
    if (target.region.empty()) regions_.put(target.url, target.bucket, client_.region());
    return true;
  }

  Result<void> list(const std::string& prefix,
                    const std::function<Result<void>(BucketEntry)>& visitor) override {
    // Google's server of this protocol lists in the way of its first version alone.
    const bool second = client_.target().url.find("://storage.googleapis.com") == std::string::npos;
    const std::string query = std::string(second ? "list-type=2&" : "") +
                              "encoding-type=url&prefix=" + net::escape_query(prefix) +
                              "&max-keys=" + std::to_string(page_objects);
    for (std::string from;;) {
      Client::Call page_call = call("GET");
      page_call.query = query;
      page_call.body_bytes_max = page_bytes_max;
      if (!from.empty())
        page_call.query += (second ? "&continuation-token=" : "&marker=") + net::escape_query(from);
      WEIR_TRY(const net::HttpResponse answer, send(page_call));
      WEIR_TRY(ListPage page, parse_list(answer.body));
      for (BucketEntry& object : page.objects) WEIR_CHECK(visitor(std::move(object)));
      if (!page.truncated) return {};
      std::string next = second ? std::move(page.token) : std::move(page.last);
      if (next.empty() || next == from)
        return make_error(Code::invalid,
                          "a page of the listing is followed by no other, though it is not whole");
      from = std::move(next);
    }
  }

  Result<BucketContent> get(const std::string& key, std::size_t bytes_max) override {
    Client::Call get = call("GET");
    get.key = key;
    get.body_bytes_max = bytes_max;
    WEIR_TRY(net::HttpResponse answer, send(get));
    BucketContent out;
    if (const std::string* etag = net::find_header(answer.headers, "ETag")) out.etag = *etag;
    if (out.etag.starts_with('"')) out.etag.erase(0, 1);
    if (out.etag.ends_with('"')) out.etag.pop_back();
    out.bytes = std::make_shared<const std::string>(std::move(answer.body));
    return out;
  }

 private:
  Client::Call call(const char* method) const {
    Client::Call out;
    out.method = method;
    out.deadline = deadline_;
    return out;
  }

  // Whatever is no success is an error.
  Result<net::HttpResponse> send(const Client::Call& call) {
    auto answer = client_.send(call);
    if (answer.ok() && answer->status == 200) return answer;
    if (!answer.ok()) return proxied_ ? of_proxy(std::move(answer).error()) : answer;
    return of_server(read_error(*answer, !call.key.empty()));
  }

  // A signature names the region, so it is asked for where nobody has told it.
  Result<void> find_region(const std::string& known) {
    const Target& target = client_.target();
    if (!target.region.empty() || !target.credentials) return {};
    if (!known.empty()) {
      client_.set_region(known);
      return {};
    }
    Client::Call location = call("GET");
    location.tries = 1;
    location.query = "location=";
    auto answer = send(location);
    // Who may not ask for it may still be allowed to read.
    if (!answer.ok() && answer.error().reason == "AccessDenied") return {};
    if (!answer.ok()) return std::move(answer).error();
    WEIR_TRY(std::string region, parse_location(answer->body));
    client_.set_region(std::move(region));
    return {};
  }

  static Result<bool> absent_or(Error error) {
    if (error.reason == "NoSuchBucket") return false;
    return error;
  }

  std::shared_ptr<net::HttpClient> http_;
  Client client_;
  RegionMemory& regions_;
  bool proxied_;
  Client::Deadline deadline_{};
};

std::string memory_key(const std::string& url, const std::string& bucket) {
  return url + "/" + bucket;
}

}  // namespace

std::string RegionMemory::find(const std::string& url, const std::string& bucket) const {
  const std::lock_guard lock(mutex_);
  const auto found = regions_.find(memory_key(url, bucket));
  return found == regions_.end() ? std::string() : found->second;
}

void RegionMemory::put(const std::string& url, const std::string& bucket, std::string region) {
  const std::lock_guard lock(mutex_);
  if (regions_.size() >= regions_max) regions_.clear();
  regions_[memory_key(url, bucket)] = std::move(region);
}

Result<std::unique_ptr<reconcile::BucketReader>> Buckets::open(
    const reconcile::BucketRequest& request) {
  WEIR_TRY(Target target,
           target_of(request.endpoint, request.bucket, request.region, request.access.plain_http));
  if (!request.access_key.empty()) {
    target.credentials = Credentials{request.access_key, request.secret_key, ""};
  } else if (request.token_service) {
    auto keys = tokens_.ask(*request.token_service);
    if (!keys.ok()) {
      Error error = std::move(keys).error();
      error.reason = "TokenService";
      return error;
    }
    target.credentials = *std::move(keys);
  } else if (request.ambient) {
    WEIR_TRY(target.credentials,
             tokens_.ambient(request.region, request.token_url, request.access));
  }
  WEIR_TRY(std::shared_ptr<net::HttpClient> http, clients_.get(request.access));
  return std::unique_ptr<reconcile::BucketReader>(std::make_unique<Reader>(
      std::move(http), clock_, std::move(target), regions_, !request.access.proxy_url.empty()));
}

}  // namespace weir::s3
