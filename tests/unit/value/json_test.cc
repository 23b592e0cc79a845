#include "engine/value/json.hh"

#include <catch2/catch.hpp>

#include "engine/base/limits.hh"

using weir::Code;
using weir::Value;
using weir::value::JsonStyle;
using weir::value::Kind;
using weir::value::parse_json;
using weir::value::write_json;

namespace {

std::string again(std::string_view text) { return write_json(parse_json(text).value()); }

}  // namespace

TEST_CASE("64-bit integers survive, larger ones become doubles as in Go") {
  CHECK(parse_json("9223372036854775807").value().as_int() == INT64_MAX);
  CHECK(parse_json("-9223372036854775808").value().as_int() == INT64_MIN);
  CHECK(parse_json("18446744073709551615").value().as_uint() == UINT64_MAX);
  CHECK(parse_json("[18446744073709551616]").value().at(0).kind() == Kind::floating);
  CHECK(again("123456789012345678901234567890") == "1.2345678901234568e+29");
}

TEST_CASE("a zero below zero stays one, as a double") {
  CHECK(write_json(parse_json("[-0,0,-0.0]").value()) == "[-0,0,-0]");
}

TEST_CASE("doubles print as encoding/json prints them") {
  CHECK(again("1.0") == "1");
  CHECK(again("1e3") == "1000");
  CHECK(again("1e20") == "100000000000000000000");
  CHECK(again("1e21") == "1e+21");
  CHECK(again("0.000001") == "0.000001");
  CHECK(again("0.0000001") == "1e-7");
  CHECK(again("-1.5") == "-1.5");
}

TEST_CASE("the last of two equal keys wins") {
  CHECK(again(R"({"a":1,"b":2,"a":3})") == R"({"a":3,"b":2})");
}

TEST_CASE("escapes and lone surrogates read as Go reads them") {
  CHECK(parse_json(R"("\u00e9\ud83d\ude00\n\/")").value().as_string() == "\u00e9\U0001F600\n/");
  CHECK(parse_json(R"("a\ud800b")").value().as_string() == "a\uFFFD" "b");
  CHECK(parse_json(R"("\ud800\u0041")").value().as_string() == "\uFFFD" "A");
  CHECK(parse_json("\"a\xff\"").value().as_string() == "a\uFFFD");
}

TEST_CASE("strings are escaped as Go's default encoder does, HTML included") {
  CHECK(write_json(Value("<a&b>\u2028\x01\x7f\"\\")) ==
        "\"\\u003ca\\u0026b\\u003e\\u2028\\u0001\x7f\\\"\\\\\"");
  JsonStyle style;
  style.escape_html = false;
  CHECK(write_json(Value("<&>"), style) == "\"<&>\"");
  CHECK(write_json(Value("a\xff")) == "\"a\\ufffd\"");
}

TEST_CASE("keys are sorted unless asked otherwise, and indentation is Go's") {
  const Value value = Value::object({{"b", Value::array({1, Value::object()})}, {"a", Value()}});
  CHECK(write_json(value) == R"({"a":null,"b":[1,{}]})");
  JsonStyle style;
  style.sort_keys = false;
  style.indent = 2;
  CHECK(write_json(value, style) == "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": null\n}");
}

TEST_CASE("what is not JSON is refused with its place") {
  for (const char* text : {"", " ", "{", "[1 2]", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "tru",
                           "nul", "01", "1.", "-", "+1", "\"a", "\"a\nb\"", "\"\\x\"", "[1] 2",
                           "1 2",
                           "{} {}", "\"\\u12\"", "[\"a\" \"b\"]", "]",
                           "{\"a\":}", "[truex]", "{\"a\":1 \"b\":2}", "\x01"}) {
    INFO(text);
    const auto parsed = parse_json(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().code == Code::invalid);
    CHECK(parsed.error().message.find("byte") != std::string::npos);
  }
}

TEST_CASE("nesting beyond the cap is a limit, not a crash") {
  const std::size_t depth = weir::base::limits::value_depth_max;
  CHECK(parse_json(std::string(depth, '[') + std::string(depth, ']')).ok());
  CHECK(parse_json(std::string(depth + 1, '[') + std::string(depth + 1, ']')).error().code ==
        Code::limit);
  CHECK_FALSE(parse_json(std::string(1'000'000, '[')).ok());
}

TEST_CASE("a colon behind a value is refused") {
  for (const char* text : {R"({"a":"b":1})", R"(["a":1])", R"({"a":1:2})", R"([1:2])",
                           R"({"a":{"b":"c":{}}})"}) {
    INFO(text);
    CHECK_FALSE(parse_json(text).ok());
  }
}
