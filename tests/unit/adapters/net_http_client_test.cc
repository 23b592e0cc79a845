#include <zlib.h>

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>

#include "adapters/net/http_client.hh"
#include "tests/unit/adapters/net_server.hh"

using namespace weir;
using namespace weir::net;
using test::Peer;
using test::SeenRequest;
using test::Server;

namespace {

std::unique_ptr<HttpClient> make_client(HttpClientOptions options = {}) {
  options.environment_proxy = false;
  auto client = HttpClient::create(std::move(options));
  REQUIRE(client.ok());
  return std::move(client).value();
}

HttpRequest request_for(const std::string& url,
                        std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
  HttpRequest request;
  request.url = url;
  request.timeout = timeout;
  return request;
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

// Answers every request of every connection alike.
Server::Script always(std::string bytes) {
  return [bytes](Peer& peer, int) {
    SeenRequest request;
    while (peer.read(request)) peer.write(bytes);
  };
}

}  // namespace

TEST_CASE("a kept-alive connection carries the next request") {
  Server server(always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
  auto client = make_client();
  for (int i = 0; i < 3; ++i) {
    auto response = client->send(request_for(server.url()));
    REQUIRE(response.ok());
    CHECK(response->status == 200);
    CHECK(response->body == "hi");
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("Connection: close is honoured") {
  Server server(always("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"));
  auto client = make_client();
  REQUIRE(client->send(request_for(server.url())).ok());
  REQUIRE(client->send(request_for(server.url())).ok());
  CHECK(server.connections() == 2);
}

TEST_CASE("chunks, their extensions and trailers are decoded, whatever the packets") {
  std::string whole =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n"
      "5;a=b\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nX-T: v\r\n\r\n";
  Server server([&](Peer& peer, int) {
    SeenRequest request;
    while (peer.read(request)) {
      for (char c : whole) peer.write(std::string(1, c));
    }
  });
  auto client = make_client();
  for (int i = 0; i < 2; ++i) {
    auto response = client->send(request_for(server.url()));
    REQUIRE(response.ok());
    CHECK(response->body == "hello world");
    CHECK(find_header(response->headers, "x-t") == nullptr);
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("a body without a length lasts until the close") {
  Server server([](Peer& peer, int) {
    SeenRequest request;
    if (peer.read(request)) peer.write("HTTP/1.1 200 OK\r\n\r\nuntil the end");
  });
  auto response = make_client()->send(request_for(server.url()));
  REQUIRE(response.ok());
  CHECK(response->body == "until the end");
}

TEST_CASE("interim answers are skipped") {
  Server server(
      always("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"));
  auto response = make_client()->send(request_for(server.url()));
  REQUIRE(response.ok());
  CHECK(response->status == 204);
  CHECK(response->body.empty());
}

TEST_CASE("gzip is asked for and decoded, within the cap") {
  std::string big(200'000, 'a');
  std::string body = gzip(big);
  SeenRequest seen;
  Server server([&](Peer& peer, int) {
    while (peer.read(seen)) peer.answer("200 OK", "Content-Encoding: gzip\r\n", body);
  });
  auto client = make_client();
  auto response = client->send(request_for(server.url()));
  REQUIRE(response.ok());
  CHECK(seen.header("Accept-Encoding") == "gzip");
  CHECK(response->body == big);

  auto capped = request_for(server.url());
  capped.body_bytes_max = 100'000;  // a bomb: its compressed bytes are far below
  auto bomb = client->send(capped);
  REQUIRE_FALSE(bomb.ok());
  CHECK(bomb.error().code == Code::limit);

  auto plain = request_for(server.url());
  plain.accept_gzip = false;
  auto raw = client->send(plain);
  REQUIRE(raw.ok());
  CHECK(seen.header("Accept-Encoding").empty());
  CHECK(raw->body == body);
}

TEST_CASE("a body cut short is an error, compressed or not") {
  std::string packed = gzip(std::string(5000, 'x'));
  std::string cut = packed.substr(0, packed.size() - 9);
  const std::string answers[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(cut.size()) +
          "\r\n\r\n" + cut,
  };
  for (const std::string& answer : answers) {
    Server server([&](Peer& peer, int) {
      SeenRequest request;
      if (peer.read(request)) peer.write(answer);
    });
    auto response = make_client()->send(request_for(server.url()));
    REQUIRE_FALSE(response.ok());
    CHECK(response.error().code == Code::unavailable);
  }
}

TEST_CASE("malformed and contradictory answers are errors") {
  const std::string answers[] = {
      "nonsense\r\n\r\n",
      "HTTP/1.1 2x0 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
  };
  for (const std::string& answer : answers) {
    Server server(always(answer));
    auto response = make_client()->send(request_for(server.url()));
    INFO(answer);
    REQUIRE_FALSE(response.ok());
    CHECK(response.error().code == Code::unavailable);
  }
}

TEST_CASE("a header above the cap is refused") {
  Server server([](Peer& peer, int) {
    SeenRequest request;
    if (!peer.read(request)) return;
    peer.write("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 3000; ++i)
      peer.write("X-H" + std::to_string(i) + ": " + std::string(40, 'v') + "\r\n");
    peer.write("\r\n");
  });
  auto response = make_client()->send(request_for(server.url()));
  REQUIRE_FALSE(response.ok());
  CHECK(response.error().code == Code::limit);
}

TEST_CASE("a body above the cap is refused, with and without a sink") {
  Server server(always("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x')));
  auto client = make_client();
  auto request = request_for(server.url());
  request.body_bytes_max = 99;
  CHECK(client->send(request).error().code == Code::limit);
  std::string taken;
  request.sink = [&](std::string_view bytes) {
    taken += bytes;
    return Result<void>();
  };
  CHECK(client->send(request).error().code == Code::limit);
  request.body_bytes_max = 100;
  taken.clear();
  REQUIRE(client->send(request).ok());
  CHECK(taken.size() == 100);
}

TEST_CASE("a sink gets only the body of a 2xx answer, and its error ends the request") {
  Server server([](Peer& peer, int) {
    SeenRequest request;
    while (peer.read(request)) {
      bool good = request.line().find("/good") != std::string::npos;
      peer.answer(good ? "200 OK" : "404 Not Found", "", good ? "data" : "why");
    }
  });
  auto client = make_client();
  auto request = request_for(server.url() + "/bad");
  std::string taken;
  request.sink = [&](std::string_view bytes) {
    taken += bytes;
    return Result<void>();
  };
  auto refused = client->send(request);
  REQUIRE(refused.ok());
  CHECK(refused->body == "why");
  CHECK(taken.empty());
  request.url = server.url() + "/good";
  REQUIRE(client->send(request).ok());
  CHECK(taken == "data");
  request.sink = [](std::string_view) -> Result<void> { return make_error(Code::io, "disk full"); };
  CHECK(client->send(request).error().code == Code::io);
}

TEST_CASE("a server that drips its answer hits the deadline") {
  std::mutex mutex;
  std::condition_variable over;
  bool done = false;
  Server server([&](Peer& peer, int) {
    SeenRequest request;
    if (!peer.read(request)) return;
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    std::unique_lock lock(mutex);
    while (!over.wait_for(lock, std::chrono::milliseconds(5), [&] { return done; }))
      peer.write("x");
  });
  auto response = make_client()->send(request_for(server.url(), std::chrono::milliseconds(60)));
  {
    std::lock_guard lock(mutex);
    done = true;
  }
  over.notify_all();
  REQUIRE_FALSE(response.ok());
  CHECK(response.error().code == Code::timeout);
}

TEST_CASE("a pooled connection that died is replaced, for requests that may be repeated") {
  for (const char* method : {"GET", "POST"}) {
    SECTION(method) {
      std::atomic<int> requests{0};
      Server server([&](Peer& peer, int connection) {
        SeenRequest request;
        while (peer.read(request)) {
          ++requests;
          // The first connection takes its second request and closes without a word.
          if (connection == 0 && requests == 2) return;
          peer.answer("200 OK", "", "ok");
        }
      });
      auto client = make_client();
      REQUIRE(client->send(request_for(server.url())).ok());
      auto second = request_for(server.url());
      second.method = method;
      second.body = std::string(method) == "POST" ? "x" : "";
      auto response = client->send(second);
      CHECK(response.ok() == (std::string(method) == "GET"));
      second.idempotent = true;
      CHECK(client->send(second).ok());
    }
  }
}

TEST_CASE("a pooled connection that was closed meanwhile is noticed before a POST goes out") {
  std::mutex mutex;
  std::condition_variable changed;
  bool closed = false;
  Server server([&](Peer& peer, int connection) {
    SeenRequest request;
    if (!peer.read(request)) return;
    peer.answer("200 OK", "", "ok");
    if (connection == 0) {
      peer.close();
      std::lock_guard lock(mutex);
      closed = true;
      changed.notify_all();
      return;
    }
    while (peer.read(request)) peer.answer("200 OK", "", "ok");
  });
  auto client = make_client();
  auto request = request_for(server.url());
  request.method = "POST";
  request.body = "x";
  REQUIRE(client->send(request).ok());
  std::unique_lock lock(mutex);
  REQUIRE(changed.wait_for(lock, std::chrono::seconds(5), [&] { return closed; }));
  lock.unlock();
  CHECK(client->send(request).ok());
}

TEST_CASE("a redirect to another host loses every credential, one on the same host keeps them") {
  SeenRequest elsewhere;
  Server other([&](Peer& peer, int) {
    while (peer.read(elsewhere)) peer.answer("200 OK", "", "other");
  });
  SeenRequest home;
  Server server([&](Peer& peer, int) {
    while (peer.read(home)) {
      if (home.line().find("/away") != std::string::npos) {
        peer.answer("302 Found", "Location: " + other.url() + "/there\r\n", "");
      } else if (home.line().find("/near") != std::string::npos) {
        peer.answer("307 Temporary Redirect", "Location: ../here\r\n", "");
      } else {
        peer.answer("200 OK", "", "home");
      }
    }
  });
  auto client = make_client();
  auto request = request_for(server.url() + "/x/near");
  request.headers = {
      {"Authorization", "Bearer t"}, {"Private-Token", "p"}, {"Accept", "text/plain"}};
  auto near = client->send(request);
  REQUIRE(near.ok());
  CHECK(near->body == "home");
  CHECK(near->url == server.url() + "/here");
  CHECK(home.header("Authorization") == "Bearer t");
  CHECK(home.header("Private-Token") == "p");

  request.url = server.url() + "/away";
  auto away = client->send(request);
  REQUIRE(away.ok());
  CHECK(away->body == "other");
  CHECK(elsewhere.line() == "GET /there HTTP/1.1");
  CHECK(elsewhere.header("Authorization").empty());
  CHECK(elsewhere.header("Private-Token").empty());
  CHECK(elsewhere.header("Accept") == "text/plain");
}

TEST_CASE("a redirected POST becomes a GET, and no body is carried to another host") {
  SeenRequest seen;
  Server other(always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  std::string status = "302 Found";
  Server server([&](Peer& peer, int) {
    while (peer.read(seen)) {
      if (seen.line().find("/start") != std::string::npos) {
        peer.answer(status, "Location: /end\r\n", "");
      } else if (seen.line().find("/leave") != std::string::npos) {
        peer.answer(status, "Location: " + other.url() + "/\r\n", "");
      } else {
        peer.answer("200 OK", "", "");
      }
    }
  });
  auto client = make_client();
  auto request = request_for(server.url() + "/start");
  request.method = "POST";
  request.body = "secret";
  REQUIRE(client->send(request).ok());
  CHECK(seen.line() == "GET /end HTTP/1.1");
  CHECK(seen.body.empty());
  status = "307 Temporary Redirect";
  REQUIRE(client->send(request).ok());
  CHECK(seen.line() == "POST /end HTTP/1.1");
  CHECK(seen.body == "secret");
  request.url = server.url() + "/leave";
  auto refused = client->send(request);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::unsupported);
  CHECK(other.connections() == 0);
}

TEST_CASE("a redirect loop ends") {
  Server server(always("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"));
  auto response = make_client()->send(request_for(server.url()));
  REQUIRE_FALSE(response.ok());
  CHECK(response.error().code == Code::limit);
}

TEST_CASE("a refused connection reads as Go words it, without userinfo or query") {
  int port = Server([](Peer&, int) {}).port();
  std::string at = "127.0.0.1:" + std::to_string(port);
  auto response = make_client()->send(request_for("http://user:secret@" + at + "/x?token=secret"));
  REQUIRE_FALSE(response.ok());
  CHECK(response.error().code == Code::unavailable);
  CHECK(response.error().message ==
        "Get \"http://" + at + "/x\": dial tcp " + at + ": connect: connection refused");
}

TEST_CASE("headers cannot smuggle lines") {
  auto client = make_client();
  auto request = request_for("http://127.0.0.1:1/");
  request.headers = {{"X-A", "a\r\nX-B: b"}};
  CHECK(client->send(request).error().code == Code::invalid);
  request.headers = {{"X A", "a"}};
  CHECK(client->send(request).error().code == Code::invalid);
  CHECK(client->send(request_for("http://127.0.0.1:1/a b")).error().code == Code::invalid);
  CHECK(client->send(request_for("http://127.0.0.1:1/a\r\nX: y")).error().code == Code::invalid);
}

TEST_CASE("plain http goes through a proxy with the whole URL, https asks it for a tunnel") {
  SeenRequest seen;
  Server proxy([&](Peer& peer, int) {
    while (peer.read(seen)) {
      bool tunnel = seen.line().find("CONNECT") == 0;
      peer.answer(tunnel ? "403 Forbidden" : "200 OK", "", "proxied");
    }
  });
  HttpClientOptions options;
  options.proxy_url = "http://me:p%40ss@127.0.0.1:" + std::to_string(proxy.port());
  auto client = make_client(options);
  auto response = client->send(request_for("http://example.invalid/a?b"));
  REQUIRE(response.ok());
  CHECK(response->body == "proxied");
  CHECK(seen.line() == "GET http://example.invalid/a?b HTTP/1.1");
  CHECK(seen.header("Host") == "example.invalid");
  CHECK(seen.header("Proxy-Authorization") == basic_authorization("me", "p@ss"));
  auto refused = client->send(request_for("https://example.invalid/"));
  REQUIRE_FALSE(refused.ok());
  CHECK(seen.line() == "CONNECT example.invalid:443 HTTP/1.1");
  CHECK(refused.error().message.find("403 Forbidden") != std::string::npos);
}

TEST_CASE("no more connections to a host than allowed, and waiting for one ends") {
  std::mutex mutex;
  std::condition_variable changed;
  bool arrived = false;
  bool release = false;
  Server server([&](Peer& peer, int) {
    SeenRequest request;
    while (peer.read(request)) {
      std::unique_lock lock(mutex);
      arrived = true;
      changed.notify_all();
      changed.wait(lock, [&] { return release; });
      peer.answer("200 OK", "", "");
    }
  });
  HttpClientOptions options;
  options.connections_per_host_max = 1;
  auto client = make_client(options);
  std::thread first([&] { CHECK(client->send(request_for(server.url())).ok()); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return arrived; });
  }
  auto second = client->send(request_for(server.url(), std::chrono::milliseconds(20)));
  CHECK(second.error().code == Code::timeout);
  {
    std::lock_guard lock(mutex);
    release = true;
  }
  changed.notify_all();
  first.join();
  CHECK(server.connections() == 1);
}

TEST_CASE("cancel ends a call that waits, and refuses later ones") {
  std::mutex mutex;
  std::condition_variable changed;
  bool arrived = false;
  Server server([&](Peer& peer, int) {
    SeenRequest request;
    while (peer.read(request)) {
      std::lock_guard lock(mutex);
      arrived = true;
      changed.notify_all();
    }
  });
  auto client = make_client();
  Result<HttpResponse> response = HttpResponse{};
  std::thread waiting([&] { response = client->send(request_for(server.url())); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return arrived; });
  }
  client->cancel();
  waiting.join();
  REQUIRE_FALSE(response.ok());
  CHECK(response.error().code == Code::cancelled);
  CHECK(client->send(request_for(server.url())).error().code == Code::cancelled);
}

TEST_CASE("a stream gives what has come without waiting for the rest") {
  std::mutex mutex;
  std::condition_variable changed;
  bool more = false;
  Server server([&](Peer& peer, int) {
    SeenRequest request;
    if (!peer.read(request)) return;
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n");
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return more; });
    peer.write("4\r\ntwo\n\r\n0\r\n\r\n");
    peer.read(request);
  });
  auto client = make_client();
  auto stream = client->open(request_for(server.url()));
  REQUIRE(stream.ok());
  CHECK((*stream)->status() == 200);
  std::string text;
  while (text.empty()) {
    auto state = (*stream)->read(text);
    REQUIRE(state.ok());
    CHECK(*state != HttpStream::State::end);
  }
  CHECK(text == "one\n");
  auto idle = (*stream)->read(text);
  REQUIRE(idle.ok());
  CHECK(*idle == HttpStream::State::would_block);
  {
    std::lock_guard lock(mutex);
    more = true;
  }
  changed.notify_all();
  REQUIRE((*stream)->read_all(text, 100, std::chrono::seconds(5)).ok());
  CHECK(text == "one\ntwo\n");
  auto end = (*stream)->read(text);
  REQUIRE(end.ok());
  CHECK(*end == HttpStream::State::end);
}
