#include "adapters/azure/containers.hh"

#include "adapters/azure/shared_key.hh"
#include "adapters/net/retry.hh"
#include "adapters/net/status.hh"
#include "adapters/net/url.hh"
#include "adapters/s3/answers.hh"
#include "adapters/s3/xml.hh"

namespace weir::azure {
namespace {

using reconcile::BucketContent;
using reconcile::BucketEntry;
using s3::XmlReader;

// Five thousand blobs a page, each of a kilobyte's name and as much of properties.
constexpr std::size_t page_bytes_max = 16u << 20;
constexpr std::string_view service_version = "2021-12-02";

std::string quoted(std::string_view etag) {
  if (etag.empty() || etag.starts_with('"')) return std::string(etag);
  return "\"" + std::string(etag) + "\"";
}

Result<void> take_text(const XmlReader& xml, BucketEntry& blob) {
  if (xml.at("EnumerationResults/Blobs/Blob/Name")) blob.key = xml.text();
  if (xml.at("EnumerationResults/Blobs/Blob/Properties/Etag")) blob.etag = quoted(xml.text());
  if (!xml.at("EnumerationResults/Blobs/Blob/Properties/Content-Length")) return {};
  WEIR_TRY(blob.size, s3::parse_size(xml.text()));
  return {};
}

// What Azure says of a blob or container that is not there, in the words of the port.
Error of_server(const net::HttpResponse& answer) {
  s3::ServerError error = s3::read_error(answer, false);
  if (const std::string* code = net::find_header(answer.headers, "x-ms-error-code"))
    error.code = *code;
  // A number of the request and its time follow.
  error.message = error.message.substr(0, error.message.find('\n'));
  if (error.code == "BlobNotFound") error.code = "NoSuchKey";
  const Code code = error.code == "NoSuchKey" || error.code == "ContainerNotFound"
                        ? Code::not_found
                        : net::code_of_status(answer.status);
  return make_error(code, error.message, error.code);
}

class Reader final : public reconcile::BucketReader {
 public:
  struct Target {
    std::string url;    // of the container
    std::string query;  // of every request: the shared access signature
    std::optional<Account> account;
  };
  Reader(std::shared_ptr<net::HttpClient> http, const base::Clock& clock, Target target)
      : http_(std::move(http)), clock_(clock), target_(std::move(target)) {}

  void begin(base::Duration timeout) override {
    deadline_ = std::chrono::steady_clock::now() + timeout;
  }

  Result<bool> exists() override {
    auto answer = send("", "comp=list&maxresults=1&restype=container", page_bytes_max, 1);
    if (answer.ok()) return true;
    if (answer.error().reason == "ContainerNotFound") return false;
    if (answer.error().reason == "AuthenticationFailed")
      return std::move(answer).error().with_context(
          "the specified bucket name may be incorrect, nonexistent, or the caller might lack "
          "sufficient permissions to access it");
    return std::move(answer).error();
  }

  Result<void> list(const std::string& prefix,
                    const std::function<Result<void>(BucketEntry)>& visitor) override {
    std::string query = "comp=list&restype=container";
    if (!prefix.empty()) query += "&prefix=" + net::escape_query(prefix);
    for (std::string marker;;) {
      const std::string next =
          marker.empty() ? query : query + "&marker=" + net::escape_query(marker);
      WEIR_TRY(const net::HttpResponse answer, send("", next, page_bytes_max, tries));
      WEIR_TRY(BlobPage page, parse_blobs(answer.body));
      for (BucketEntry& blob : page.blobs) WEIR_CHECK(visitor(std::move(blob)));
      if (page.marker.empty()) return {};
      if (page.marker == marker)
        return make_error(Code::invalid, "a page of the listing is followed by itself");
      marker = std::move(page.marker);
    }
  }

  Result<BucketContent> get(const std::string& key, std::size_t bytes_max) override {
    WEIR_TRY(net::HttpResponse answer, send(key, "", bytes_max, tries));
    BucketContent out;
    if (const std::string* etag = net::find_header(answer.headers, "ETag")) out.etag = *etag;
    out.etag = quoted(out.etag);
    out.bytes = std::make_shared<const std::string>(std::move(answer.body));
    return out;
  }

 private:
  static constexpr int tries = 4;

  std::string url_of(const std::string& key, const std::string& query) const {
    std::string url = target_.url;
    for (std::string_view rest = key; !rest.empty();) {
      const std::size_t end = std::min(rest.find('/'), rest.size());
      url += "/" + net::escape_path_segment(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    std::string all = query;
    if (!target_.query.empty()) all += (all.empty() ? "" : "&") + target_.query;
    return all.empty() ? url : url + "?" + all;
  }

  Result<net::HttpResponse> send_once(const std::string& url, std::size_t bytes_max) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline_ - std::chrono::steady_clock::now());
    if (left.count() <= 0) return make_error(Code::timeout, "context deadline exceeded");
    net::HttpRequest request;
    request.url = url;
    request.headers = {{"x-ms-version", std::string(service_version)}};
    request.body_bytes_max = bytes_max;
    request.timeout = left;
    request.follow_redirects = false;
    request.accept_gzip = false;
    if (target_.account) WEIR_CHECK(sign(request, *target_.account, clock_.now()));
    return http_->send(request);
  }

  Result<net::HttpResponse> send(const std::string& key, const std::string& query,
                                 std::size_t bytes_max, int tries_max) {
    const std::string url = url_of(key, query);
    auto answer = net::send_again(tries_max, deadline_, [&] { return send_once(url, bytes_max); });
    if (!answer.ok() || answer->status == 200) return answer;
    return of_server(*answer);
  }

  std::shared_ptr<net::HttpClient> http_;
  const base::Clock& clock_;
  const Target target_;
  std::chrono::steady_clock::time_point deadline_{};
};

// The signature without its '?', and nothing that would make a second request of it.
Result<std::string> query_of(std::string_view sas) {
  while (sas.starts_with('?')) sas.remove_prefix(1);
  while (sas.ends_with('\n') || sas.ends_with('\r')) sas.remove_suffix(1);
  for (const char c : sas)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '#')
      return make_error(Code::invalid, "unable to parse SAS token: it is no query of a URL");
  return std::string(sas);
}

}  // namespace

Result<BlobPage> parse_blobs(std::string_view document) {
  XmlReader xml(document);
  BlobPage page;
  BucketEntry blob;
  for (;;) {
    WEIR_TRY(const XmlReader::Token token, xml.next());
    if (token == XmlReader::Token::finished) return page;
    if (xml.path().front() != "EnumerationResults")
      return make_error(Code::invalid, "expected element type <EnumerationResults> but have <" +
                                           xml.path().front() + ">");
    if (token == XmlReader::Token::text && xml.at("EnumerationResults/NextMarker"))
      page.marker = xml.text();
    if (token == XmlReader::Token::text) WEIR_CHECK(take_text(xml, blob));
    if (token != XmlReader::Token::end || !xml.at("EnumerationResults/Blobs/Blob")) continue;
    if (blob.key.empty()) return make_error(Code::invalid, "a blob without a name");
    page.blobs.push_back(std::move(blob));
    blob = {};
  }
}

Result<std::unique_ptr<reconcile::BucketReader>> Containers::open(
    const reconcile::BucketRequest& request) {
  WEIR_TRY(net::Url url, net::parse_url(request.endpoint));
  Reader::Target target;
  WEIR_TRY(target.query, query_of(request.access_signature));
  if (!url.query.empty()) target.query += (target.query.empty() ? "" : "&") + url.query;
  url.query.clear();
  url.userinfo.clear();
  while (url.path.ends_with('/')) url.path.pop_back();
  target.url = url.to_string() + "/" + net::escape_path_segment(request.bucket);
  if (!request.account_key.empty()) {
    WEIR_TRY(target.account, account_of(request.endpoint, request.account_key));
  }
  WEIR_TRY(std::shared_ptr<net::HttpClient> http, clients_.get(request.access));
  return std::unique_ptr<reconcile::BucketReader>(
      std::make_unique<Reader>(std::move(http), clock_, std::move(target)));
}

}  // namespace weir::azure
