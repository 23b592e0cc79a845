#include "engine/template/datum.hh"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "engine/base/limits.hh"
#include "engine/value/json.hh"

using namespace weir;
using namespace weir::tmpl;

namespace {

Datum parsed(std::string_view json, Numbers numbers = Numbers::float64) {
  const auto document = value::parse_json(json);
  REQUIRE(document.ok());
  return from_value(document.value(), numbers);
}

std::string json_of(const Datum& datum) {
  const auto document = to_value(datum);
  return document.ok() ? value::write_json(document.value()) : document.error().message;
}

}  // namespace

TEST_CASE("a map set through one copy changes for every copy") {
  const Datum map = Datum::map();
  const Datum same = map;
  const Datum list = Datum::slice({map});
  map.set("b", Datum::integer(1));
  same.set("a", Datum::string("x"));
  REQUIRE(list.items()[0].size() == 2);
  CHECK(list.items()[0].find("a")->as_string() == "x");
  CHECK(same.find("b")->as_int() == 1);
  CHECK(map.erase("b"));
  CHECK_FALSE(same.erase("b"));
  CHECK(same.find("b") == nullptr);
}

TEST_CASE("members stand in bytewise order, whatever their prefixes") {
  const Datum map = Datum::map();
  const std::vector<std::string> keys = {
      "long_prefix_b",       "long_prefix_a", "long_prefix", "b",       "", "a",
      std::string("a\0", 2), "\xC3\xA9",      "aa",          "long_pre"};
  for (const std::string& key : keys) map.set(key, Datum::string(key));
  std::vector<std::string> sorted = keys;
  std::sort(sorted.begin(), sorted.end());
  REQUIRE(map.size() == keys.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    CHECK(map.entries()[i].name() == sorted[i]);
    REQUIRE(map.find(sorted[i]) != nullptr);
    CHECK(map.find(sorted[i])->as_string() == sorted[i]);
  }
  CHECK(map.find("long_prefix_c") == nullptr);
  map.set("aa", Datum::integer(5));
  CHECK(map.size() == keys.size());
  CHECK(map.find("aa")->as_int() == 5);
}

TEST_CASE("the three kinds of nothing are told apart") {
  CHECK_FALSE(Datum().valid());
  CHECK(Datum::nil().valid());
  CHECK(Datum::nil().is_nil());
  const Datum no_map = Datum::zero(types::any_map);
  CHECK(no_map.is_nil());
  CHECK(no_map.entries().empty());
  CHECK(no_map.find("a") == nullptr);
  CHECK(no_map.type_name() == "map[string]interface {}");
  CHECK_FALSE(Datum::map().is_nil());
  CHECK_FALSE(deep_equal(no_map, Datum::map()));
  CHECK_FALSE(deep_equal(Datum(), Datum::nil()));
  CHECK_FALSE(Datum::string("").is_nil());
}

TEST_CASE("truth is not being the zero value or empty") {
  CHECK_FALSE(truth(Datum()));
  CHECK_FALSE(truth(Datum::nil()));
  CHECK_FALSE(truth(Datum::string("")));
  CHECK_FALSE(truth(Datum::floating(0)));
  CHECK_FALSE(truth(Datum::map()));
  CHECK_FALSE(truth(Datum::bytes("")));
  CHECK(truth(Datum::bytes("x")));
  CHECK(truth(Datum::slice({Datum::nil()})));
  CHECK(truth(Datum::integer(-1, types::int8)));
  CHECK(truth(make_error_datum("")));
}

TEST_CASE("numbers of documents are float64 unless they are to be kept") {
  CHECK(parsed("1").type() == &types::float64);
  CHECK(parsed("1", Numbers::keep).type() == &types::int64);
  CHECK(parsed("18446744073709551615", Numbers::keep).type() == &types::uint64);
  CHECK(parsed("1.5", Numbers::keep).type() == &types::float64);
}

TEST_CASE("a document comes back from its Datum") {
  const std::string json = R"({"a":[1,"x",null,true,{"b":2.5}],"m":{},"s":""})";
  CHECK(json_of(parsed(json, Numbers::keep)) == json);
  CHECK(json_of(Datum::bytes("hi")) == "\"aGk=\"");
  CHECK(json_of(Datum::zero(types::any_map)) == "null");
  CHECK(json_of(Datum::floating(std::nan(""))) == "json: unsupported value: NaN");
  CHECK(json_of(Datum::complex(1, 2)) == "json: unsupported type: complex128");
  CHECK(json_of(make_error_datum("hidden")) == "{}");
}

TEST_CASE("a map that holds itself is refused, not followed for ever") {
  const DatumScope scope;
  const Datum map = Datum::map();
  map.set("self", map);
  const auto document = to_value(map);
  REQUIRE_FALSE(document.ok());
  CHECK(document.error().code == Code::limit);
  CHECK(deep_equal(map, map));
}

TEST_CASE("a scope empties the maps that took in containers, so cycles are released") {
  Datum outside;
  {
    const DatumScope scope;
    const Datum map = Datum::map();
    map.set("self", map);
    map.set("other", Datum::integer(1));
    outside = map;
  }
  CHECK(outside.size() == 0);
}

TEST_CASE("very deep lists are released without recursion") {
  Datum list = Datum::slice({});
  for (int i = 0; i < 1'000'000; ++i) list = Datum::slice({list});
  CHECK(list.size() == 1);
  list = Datum();
  CHECK_FALSE(list.valid());
}

TEST_CASE("types are assignable by Go's rules") {
  static constexpr Type values{Kind::map, "common.Values", &types::any, &types::any_map};
  static constexpr Type word{Kind::string, "main.word", nullptr, &types::string};
  CHECK(assignable(values, types::any_map));
  CHECK(assignable(types::any_map, values));
  CHECK_FALSE(assignable(word, types::string));
  CHECK_FALSE(assignable(types::int_, types::int64));
  CHECK_FALSE(assignable(types::any_slice, types::string_slice));
  CHECK(assignable(types::int_, types::any));
}
