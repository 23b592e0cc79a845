#include "engine/template/parse_cache.hh"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "engine/template/ast.hh"
#include "engine/template/template.hh"

using namespace weir;
using namespace weir::tmpl;

namespace {

const FunctionMap builtins;

std::string rendered(ParseCache& cache, std::string_view text) {
  Set set;
  REQUIRE(set.parse("t", text, builtins, cache).ok());
  const auto out = set.execute("t", Datum::string("x"));
  REQUIRE(out.ok());
  return *out;
}

}  // namespace

TEST_CASE("a text is parsed once, and again when it or its name has changed") {
  ParseCache cache(1u << 20);
  CHECK(rendered(cache, "a{{ . }}") == "ax");
  CHECK(rendered(cache, "a{{ . }}") == "ax");
  CHECK(cache.figures().hits == 1);
  CHECK(rendered(cache, "b{{ . }}") == "bx");
  const auto other = cache.parse("u", "b{{ . }}", builtins);
  REQUIRE(other.ok());
  CHECK((*other)->front()->name == "u");
  CHECK(cache.figures().hits == 1);
  CHECK(cache.figures().misses == 3);
  CHECK(cache.figures().texts == 3);
}

TEST_CASE("other functions are another parse") {
  ParseCache cache(1u << 20);
  REQUIRE(cache.parse("t", "{{ len . }}", builtins).ok());
  FunctionMap without;
  without.remove("len");
  CHECK_FALSE(cache.parse("t", "{{ len . }}", without).ok());
}

TEST_CASE("a text that cannot be parsed fails each time with the same words") {
  ParseCache cache(1u << 20);
  const auto first = cache.parse("t", "{{ if }}", builtins);
  const auto second = cache.parse("t", "{{ if }}", builtins);
  REQUIRE_FALSE(first.ok());
  REQUIRE_FALSE(second.ok());
  CHECK(first.error().message == second.error().message);
  CHECK(cache.figures().texts == 0);
}

TEST_CASE("what was asked for longest ago goes first when the cache is full") {
  ParseCache measure(1u << 20);
  const std::string text(1000, 'x');
  CHECK(rendered(measure, text) == text);
  const std::size_t one = measure.figures().bytes;
  ParseCache cache(2 * one + 100);
  const std::string a = "a" + text.substr(1), b = "b" + text.substr(1), c = "c" + text.substr(1);
  CHECK(rendered(cache, a) == a);
  CHECK(rendered(cache, b) == b);
  CHECK(rendered(cache, a) == a);
  CHECK(rendered(cache, c) == c);  // b goes
  CHECK(cache.figures().texts == 2);
  CHECK(cache.figures().bytes <= 2 * one + 100);
  CHECK(rendered(cache, a) == a);
  CHECK(cache.figures().hits == 2);
  CHECK(rendered(cache, b) == b);
  CHECK(cache.figures().misses == 4);
}

TEST_CASE("a text larger than the cache is rendered and not kept") {
  ParseCache cache(100);
  CHECK(rendered(cache, std::string(1000, 'x')).size() == 1000);
  CHECK(cache.figures().bytes == 0);
}

TEST_CASE("threads share what one of them has parsed") {
  ParseCache cache(4u << 10);
  std::vector<std::thread> threads;
  std::vector<std::size_t> wrong(4);
  for (std::size_t i = 0; i < wrong.size(); ++i)
    threads.emplace_back([&cache, &bad = wrong[i]] {
      for (int round = 0; round < 200; ++round) {
        const std::string number = std::to_string(round % 7);
        Set set;
        if (!set.parse("t", number + "{{ . }}", builtins, cache).ok()) ++bad;
        const auto out = set.execute("t", Datum::string("x"));
        if (!out.ok() || *out != number + "x") ++bad;
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::size_t count : wrong) CHECK(count == 0);
}
