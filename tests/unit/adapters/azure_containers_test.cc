#include <catch2/catch.hpp>
#include <map>
#include <mutex>

#include "adapters/azure/containers.hh"
#include "adapters/azure/shared_key.hh"
#include "adapters/clock/system_clock.hh"
#include "tests/unit/adapters/net_server.hh"

namespace weir::azure {
namespace {

using test::Peer;
using test::SeenRequest;
using test::Server;

std::string page(const std::string& blobs, const std::string& marker = "") {
  return "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>" +
         blobs + "</Blobs><NextMarker>" + marker + "</NextMarker></EnumerationResults>";
}

std::string blob(const std::string& name, const std::string& etag) {
  return "<Blob><Name>" + name + "</Name><Properties><Etag>" + etag +
         "</Etag><Content-Length>3</Content-Length></Properties></Blob>";
}

struct Fixture {
  std::map<std::string, std::string> pages;  // by "METHOD target"
  std::map<std::string, std::string> heads;  // status and headers of those that are no plain 200
  std::mutex mutex;
  std::vector<SeenRequest> seen;
  Server server{[this](Peer& peer, int) {
    SeenRequest request;
    while (peer.read(request)) {
      const std::lock_guard lock(mutex);
      seen.push_back(request);
      const std::string line = request.line();
      const std::string target = line.substr(0, line.rfind(' '));
      const auto found = pages.find(target);
      if (found == pages.end()) {
        peer.answer("404 Not Found", "x-ms-error-code: BlobNotFound\r\n", "");
      } else {
        peer.answer(heads.contains(target) ? heads[target] : "200 OK", "ETag: \"0x1\"\r\n",
                    found->second);
      }
    }
  }};
  clock::SystemClock clock;
  download::HttpClients clients;
  Containers containers{clients, clock};

  std::unique_ptr<reconcile::BucketReader> open(const std::string& key,
                                                const std::string& signature = "") {
    reconcile::BucketRequest request;
    request.azure = true;
    request.endpoint = server.url();
    request.bucket = "files";
    request.account_key = key;
    request.access_signature = signature;
    auto reader = containers.open(request).value();
    reader->begin(std::chrono::seconds(10));
    return reader;
  }
};

}  // namespace

TEST_CASE("a page of blobs is read, its ETags as downloads have them") {
  const auto read =
      parse_blobs(page(blob("a/b &amp;", "0x8D") + blob("c", "\"0x9\""), "next")).value();
  REQUIRE(read.blobs.size() == 2);
  CHECK(read.blobs[0].key == "a/b &");
  CHECK(read.blobs[0].etag == "\"0x8D\"");
  CHECK(read.blobs[0].size == 3);
  CHECK(read.blobs[1].etag == "\"0x9\"");
  CHECK(read.marker == "next");
  CHECK(parse_blobs("<html/>").error().message ==
        "expected element type <EnumerationResults> but have <html>");
  CHECK(!parse_blobs(page("<Blob><Properties/></Blob>")).ok());
}

TEST_CASE("a request is signed by the account's key over headers, path and parameters") {
  const Account account = account_of("https://acct.blob.core.windows.net", "a2V5").value();
  CHECK(account.name == "acct");
  CHECK(account.key == "key");
  net::HttpRequest request;
  request.url = "https://acct.blob.core.windows.net/files/a%20b?restype=container&comp=list";
  request.headers = {{"x-ms-version", "2021-12-02"}};
  REQUIRE(sign(request, account, 1'764'452'700'000'000).ok());
  CHECK(*net::find_header(request.headers, "x-ms-date") == "Sat, 29 Nov 2025 21:45:00 GMT");
  CHECK(*net::find_header(request.headers, "Authorization") ==
        "SharedKey acct:eKsrBKSkkPIhnIP3btw1NB8D6reOb5846wsPVCgecMQ=");
  CHECK(account_of("https://localhost", "a2V5").error().code == Code::invalid);
  CHECK(account_of("https://acct.example.com", "???secret").error().message.find("secret") ==
        std::string::npos);
}

TEST_CASE("a container is listed page by page, with the signature on every request") {
  Fixture f;
  f.pages["GET /files?comp=list&maxresults=1&restype=container&sv=1&sig=hidden"] = page("");
  f.pages["GET /files?comp=list&restype=container&prefix=a%2F&sv=1&sig=hidden"] =
      page(blob("a/1", "0x1"), "m 1");
  f.pages["GET /files?comp=list&restype=container&prefix=a%2F&marker=m%201&sv=1&sig=hidden"] =
      page(blob("a/2", "0x2"));
  f.pages["GET /files/a/1?sv=1&sig=hidden"] = "one";
  const auto reader = f.open("", "?sv=1&sig=hidden");
  CHECK(reader->exists().value());
  std::vector<std::string> keys;
  REQUIRE(reader
              ->list("a/",
                     [&](const reconcile::BucketEntry& entry) -> Result<void> {
                       keys.push_back(entry.key + " " + entry.etag);
                       return {};
                     })
              .ok());
  CHECK(keys == std::vector<std::string>{"a/1 \"0x1\"", "a/2 \"0x2\""});
  const auto content = reader->get("a/1", 10).value();
  CHECK(*content.bytes == "one");
  CHECK(content.etag == "\"0x1\"");
  const auto missing = reader->get("none", 10).error();
  CHECK(missing.reason == "NoSuchKey");
  CHECK(missing.message.find("hidden") == std::string::npos);
}

TEST_CASE("what a container is refused for is told by Azure's words, its first line") {
  Fixture f;
  const std::string target = "GET /files?comp=list&maxresults=1&restype=container";
  f.pages[target] =
      "<Error><Code>ContainerNotFound</Code><Message>The specified container does not exist.\n"
      "RequestId:1</Message></Error>";
  f.heads[target] = "404 Not Found";
  CHECK(f.open("")->exists().value() == false);
  f.pages[target] =
      "<Error><Code>AuthenticationFailed</Code><Message>Server failed to authenticate.\n"
      "RequestId:1</Message></Error>";
  f.heads[target] = "403 Forbidden";
  CHECK(f.open("")->exists().error().message ==
        "the specified bucket name may be incorrect, nonexistent, or the caller might lack "
        "sufficient permissions to access it: Server failed to authenticate.");
}

}  // namespace weir::azure
