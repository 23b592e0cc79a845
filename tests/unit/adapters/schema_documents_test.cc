#include "adapters/remote/schema_documents.hh"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <latch>
#include <map>

#include "engine/base/limits.hh"
#include "tests/unit/adapters/net_server.hh"

using namespace weir;
using remote::SchemaDocuments;

namespace {

class HandClock final : public base::Clock {
 public:
  base::TimeUs now() const override { return 0; }
  std::chrono::microseconds monotonic() const override { return at; }
  std::chrono::microseconds at{0};
};

class CountingHttp final : public net::HttpClient {
 public:
  Result<net::HttpResponse> send(const net::HttpRequest& request) override {
    ++asked[request.url];
    timeout = request.timeout;
    net::HttpResponse response;
    response.status = status;
    response.body = body;
    return response;
  }
  Result<std::unique_ptr<net::HttpStream>> open(const net::HttpRequest&) override {
    return make_error(Code::unsupported, "no streams");
  }
  void cancel() override {}
  void close_idle() override {}
  std::map<std::string, int> asked;
  int status = 200;
  std::string body = "{}";
  std::chrono::milliseconds timeout{0};
};

// Answers nobody before it is let.
class HeldHttp final : public net::HttpClient {
 public:
  Result<net::HttpResponse> send(const net::HttpRequest&) override {
    ++asked;
    asking.count_down();
    let.wait();
    net::HttpResponse response;
    response.status = status;
    response.body = "{}";
    return response;
  }
  Result<std::unique_ptr<net::HttpStream>> open(const net::HttpRequest&) override {
    return make_error(Code::unsupported, "no streams");
  }
  void cancel() override {}
  void close_idle() override {}
  std::atomic<int> asked{0};
  std::latch asking{1}, let{1};
  int status = 200;
};

constexpr std::chrono::milliseconds second{1000};

std::string error_of(SchemaDocuments& documents, const std::string& url) {
  const auto loaded = documents.load(url, second);
  return loaded.ok() ? "" : loaded.error().message;
}

}  // namespace

TEST_CASE("a document is asked for once while it is kept; failures are asked for again") {
  CountingHttp http;
  HandClock clock;
  SchemaDocuments documents(http, clock);
  http.status = 503;
  CHECK(error_of(documents, "http://h/a") ==
        "HTTP request to http://h/a returned status 503 (Service Unavailable)");
  http.status = 200;
  for (int i = 0; i < 3; ++i) CHECK(*documents.load("http://h/a", second) == "{}");
  CHECK(http.asked["http://h/a"] == 2);
  CHECK(http.timeout == second);
  clock.at += SchemaDocuments::kept_for + std::chrono::seconds(1);
  CHECK(documents.load("http://h/a", second).ok());
  CHECK(http.asked["http://h/a"] == 3);
}

TEST_CASE("what is kept is bounded: the oldest goes first") {
  CountingHttp http;
  http.body = std::string(SchemaDocuments::kept_bytes_max / 4, ' ');
  HandClock clock;
  SchemaDocuments documents(http, clock);
  for (const char* url : {"http://h/0", "http://h/1", "http://h/2", "http://h/3", "http://h/4",
                          "http://h/4", "http://h/1", "http://h/0"}) {
    CHECK(documents.load(url, second).ok());
    clock.at += std::chrono::seconds(1);
  }
  CHECK(http.asked == std::map<std::string, int>{{"http://h/0", 2},
                                                 {"http://h/1", 1},
                                                 {"http://h/2", 1},
                                                 {"http://h/3", 1},
                                                 {"http://h/4", 1}});
}

TEST_CASE("those who ask for a document while it is fetched get the same answer") {
  for (const int status : {200, 503}) {
    CAPTURE(status);
    HeldHttp http;
    http.status = status;
    HandClock clock;
    SchemaDocuments documents(http, clock);
    const auto load = [&] { return documents.load("http://h/a", 30 * second).ok(); };
    auto first = std::async(std::launch::async, load);
    http.asking.wait();
    const auto hurried = documents.load("http://h/a", std::chrono::milliseconds(1));
    REQUIRE_FALSE(hurried.ok());
    CHECK(hurried.error().code == Code::timeout);
    auto second_one = std::async(std::launch::async, load);
    auto third = std::async(std::launch::async, load);
    http.let.count_down();
    CHECK(first.get() == (status == 200));
    const bool second_loaded = second_one.get(), third_loaded = third.get();
    // Whoever came after the answer of a failure asked again.
    if (status == 200) {
      CHECK(second_loaded);
      CHECK(third_loaded);
      CHECK(http.asked == 1);
    }
  }
}

TEST_CASE("blanks in URLs are escaped, as Go does") {
  CountingHttp http;
  HandClock clock;
  SchemaDocuments documents(http, clock);
  CHECK(documents.load("http://h/a b/c d.json", second).ok());
  CHECK(http.asked == std::map<std::string, int>{{"http://h/a%20b/c%20d.json", 1}});
}

TEST_CASE("redirects are followed, a document too long and a dead server are told") {
  test::Server server([](test::Peer& peer, int) {
    test::SeenRequest request;
    while (peer.read(request)) {
      if (request.line().find("/long") != std::string::npos) {
        peer.answer("200 OK", "",
                    std::string(base::limits::helm_schema_document_bytes_max + 1, ' '));
      } else if (request.line().find("/old") != std::string::npos) {
        peer.answer("302 Found", "Location: /new\r\n", "");
      } else {
        peer.answer("200 OK", "", "{\"a\":1}");
      }
    }
  });
  const auto http = net::HttpClient::create({});
  REQUIRE(http.ok());
  HandClock clock;
  SchemaDocuments documents(**http, clock);
  CHECK(*documents.load(server.url() + "/old", std::chrono::seconds(10)) == "{\"a\":1}");
  const auto large = documents.load(server.url() + "/long", std::chrono::seconds(10));
  REQUIRE_FALSE(large.ok());
  CHECK(large.error().code == Code::limit);
  CHECK(large.error().message.find("helm_schema_document_bytes_max") != std::string::npos);
  CHECK(error_of(documents, "http://127.0.0.1:1/x.json").find(
            "HTTP request failed for http://127.0.0.1:1/x.json: Get "
            "\"http://127.0.0.1:1/x.json\": dial tcp 127.0.0.1:1: connect: connection refused") ==
        0);
}

TEST_CASE("other schemes are refused, files too unless they are let") {
  CountingHttp http;
  HandClock clock;
  SchemaDocuments closed(http, clock);
  CHECK(error_of(closed, "ftp://h/b.json") == "no URLLoader registered for \"ftp://h/b.json\"");
  CHECK(error_of(closed, "file:///etc/passwd") ==
        "files are not read for the schemas of charts");
  SchemaDocuments open(http, clock, SchemaDocuments::Files::read);
  CHECK(error_of(open, "file:///no%20such.json") ==
        "open /no such.json: no such file or directory");
  CHECK(error_of(open, "file:///tmp") == "read /tmp: is a directory");
  CHECK(open.load("file:///proc/self/cmdline", second).ok());
  CHECK(http.asked.empty());
}
