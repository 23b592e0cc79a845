#include "engine/value/value.hh"

#include <catch2/catch.hpp>

#include <string>

using weir::Value;
using weir::value::Kind;

TEST_CASE("editing a copy leaves the original alone") {
  Value first = Value::object(
      {{"a", Value::array({1, 2})}, {"b", "text that is too long to be inline"}});
  Value second = first;
  CHECK(second.same_storage(first));
  second.entry("a").push_back(3);
  CHECK(first["a"].size() == 2);
  CHECK(second["a"].size() == 3);
  CHECK(second["b"].same_storage(first["b"]));
}

TEST_CASE("integers above INT64_MAX stay unsigned and exact") {
  CHECK(Value(UINT64_MAX).kind() == Kind::unsigned_integer);
  CHECK(Value(UINT64_MAX).as_uint() == UINT64_MAX);
  CHECK(Value(std::uint64_t{5}).kind() == Kind::integer);
  CHECK(Value(INT64_MIN).as_int() == INT64_MIN);
}

TEST_CASE("objects keep insertion order and find keys beyond the index threshold") {
  Value object = Value::object();
  for (int i = 99; i >= 0; --i) object.set("key" + std::to_string(i), i);
  CHECK(object.members().front().name() == "key99");
  for (int i = 0; i < 100; ++i) CHECK(object["key" + std::to_string(i)].as_int() == i);
  CHECK(object.erase("key50"));
  CHECK_FALSE(object.contains("key50"));
  CHECK(object["key49"].as_int() == 49);
  object.sort_members();
  CHECK(object.members().front().name() == "key0");
  CHECK(object["key99"].as_int() == 99);
}

TEST_CASE("strings of every length around the inline limit are themselves") {
  std::string text;
  for (int i = 0; i < 40; ++i) {
    const Value value(text);
    Value copy = value;
    CHECK(copy.as_string() == text);
    text += static_cast<char>('a' + i % 26);
  }
}

TEST_CASE("assigning a part of a value to itself is safe") {
  Value value =
      Value::object({{"inner", Value::object({{"x", "a string that lives on the heap"}})}});
  value = Value(value["inner"]);
  CHECK(value["x"].as_string() == "a string that lives on the heap");
  Value list = Value::array({Value::array({1})});
  list = std::move(list.item_mut(0));
  CHECK(list.at(0).as_int() == 1);
}

TEST_CASE("equality ignores the order of members but not the kind of numbers") {
  CHECK(Value::object({{"a", 1}, {"b", 2}}) == Value::object({{"b", 2}, {"a", 1}}));
  CHECK_FALSE(Value(1) == Value(1.0));
  CHECK_FALSE(Value::object({{"a", 1}}) == Value::object({{"b", 1}}));
  CHECK_FALSE(Value() == Value(false));
}

TEST_CASE("reading through what is missing gives null") {
  const Value value = Value::object({{"metadata", Value::object({{"name", "x"}})}});
  CHECK(value.path("metadata", "name").get_string() == "x");
  CHECK(value.path("metadata", "labels", "app").is_null());
  CHECK(value["spec"]["replicas"].get_int(3) == 3);
}
