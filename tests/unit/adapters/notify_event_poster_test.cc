#include <catch2/catch.hpp>

#include "adapters/notify/event_poster.hh"
#include "tests/unit/adapters/net_server.hh"

namespace weir::notify {
namespace {

using namespace std::chrono_literals;

reconcile::Value event(const char* reason) {
  return reconcile::Value::object({{"reason", reason}, {"message", "m"}});
}

std::unique_ptr<net::HttpClient> client() {
  auto made = net::HttpClient::create({});
  REQUIRE(made.ok());
  return *std::move(made);
}

struct Answers {
  std::mutex mutex;
  std::vector<std::string> bodies;
  std::vector<std::string> statuses;  // answered one after another; then 202

  test::Server::Script script() {
    return [this](test::Peer& peer, int) {
      test::SeenRequest request;
      while (peer.read(request)) {
        std::string status = "202 Accepted";
        {
          const std::lock_guard lock(mutex);
          if (bodies.size() < statuses.size()) status = statuses[bodies.size()];
          bodies.push_back(request.body);
        }
        peer.answer(status, "", "");
      }
    };
  }
};

TEST_CASE("events are posted as JSON in their order") {
  Answers answers;
  test::Server server(answers.script());
  const auto http = client();
  EventPoster poster(*http, server.url() + "/", 1ms);
  poster.post(event("one"));
  poster.post(event("two"));
  poster.flush();
  const std::lock_guard lock(answers.mutex);
  REQUIRE(answers.bodies.size() == 2);
  CHECK(answers.bodies[0] == R"({"message":"m","reason":"one"})");
  CHECK(answers.bodies[1] == R"({"message":"m","reason":"two"})");
}

TEST_CASE("a failing service is tried again, a refusal is not") {
  Answers answers;
  answers.statuses = {"503 Busy", "429 Slow down"};
  test::Server server(answers.script());
  const auto http = client();
  EventPoster poster(*http, server.url() + "/", 1ms);
  poster.post(event("one"));
  poster.flush();
  const std::lock_guard lock(answers.mutex);
  CHECK(answers.bodies.size() == 2);
}

TEST_CASE("an end while nobody answers does not wait for the retries") {
  const auto http = client();
  const auto begin = std::chrono::steady_clock::now();
  {
    EventPoster poster(*http, "http://127.0.0.1:1/", std::chrono::hours(1));
    poster.post(event("one"));
  }
  CHECK(std::chrono::steady_clock::now() - begin < 30s);
}

}  // namespace
}  // namespace weir::notify
