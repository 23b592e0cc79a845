#include "engine/value/pointer.hh"

#include <catch2/catch.hpp>

#include "engine/value/json.hh"

using namespace weir::value;
using weir::Code;
using weir::Value;

namespace {

Value json(std::string_view text) { return parse_json(text).value(); }

// The patched document, or the error's message.
std::string patched(std::string_view document, std::string_view patch) {
  Value target = json(document);
  const Value before = target;
  const auto result = apply_json_patch(target, json(patch));
  if (result.ok()) return write_json(target);
  CHECK(target == before);
  return result.error().message;
}

std::string merged(std::string_view document, std::string_view patch) {
  Value target = json(document);
  apply_merge_patch(target, json(patch));
  return write_json(target);
}

}  // namespace

TEST_CASE("pointers are split and unescaped") {
  CHECK(parse_pointer("").value().empty());
  CHECK(parse_pointer("/a~1b/~0c/0/").value() == std::vector<std::string>{"a/b", "~c", "0", ""});
  CHECK(parse_pointer("/~01").value() == std::vector<std::string>{"~1"});
  CHECK_FALSE(parse_pointer("a").ok());
  CHECK(escape_pointer_token("a/b~") == "a~1b~0");
}

TEST_CASE("pointers find and remove what they name") {
  Value value = json(R"({"a":[1,{"b":2}],"":3})");
  CHECK(find_pointer(value, {"a", "1", "b"})->as_int() == 2);
  CHECK(find_pointer(value, {""})->as_int() == 3);
  CHECK(find_pointer(value, {"a", "-"}) == nullptr);
  CHECK(find_pointer(value, {"a", "01"}) == nullptr);
  CHECK(find_pointer(value, {"a", "2"}) == nullptr);
  CHECK(remove_pointer(value, {"a", "0"}));
  CHECK_FALSE(remove_pointer(value, {"x"}));
  CHECK(write_json(value) == R"({"":3,"a":[{"b":2}]})");
}

TEST_CASE("JSON patch operations do what RFC 6902 says") {
  CHECK(patched(R"({"a":[1,2]})",
                R"([{"op":"add","path":"/a/1","value":9}])") == R"({"a":[1,9,2]})");
  CHECK(patched(R"({"a":[1]})", R"([{"op":"add","path":"/a/-","value":9}])") == R"({"a":[1,9]})");
  CHECK(patched(R"({"a":1})", R"([{"op":"remove","path":"/a"}])") == "{}");
  CHECK(patched(R"({"a":1})",
                R"([{"op":"replace","path":"/a","value":{"b":2}}])") == R"({"a":{"b":2}})");
  CHECK(patched(R"({"a":{"x":1},"b":{}})", R"([{"op":"move","from":"/a/x","path":"/b/y"}])") ==
        R"({"a":{},"b":{"y":1}})");
  CHECK(patched(R"({"a":[1]})",
                R"([{"op":"copy","from":"/a","path":"/b"}])") == R"({"a":[1],"b":[1]})");
  CHECK(patched(R"({"a":"x"})", R"([{"op":"test","path":"/a","value":"x"}])") == R"({"a":"x"})");
  CHECK(patched(R"({"a/b":1})", R"([{"op":"remove","path":"/a~1b"}])") == "{}");
}

TEST_CASE("JSON patches are as lax as the patch library of the Kubernetes tools") {
  CHECK(patched(R"({"a":[1,2]})", R"([{"op":"remove","path":"/a/-1"}])") == R"({"a":[1]})");
  CHECK(patched("{}", R"([{"op":"replace","path":"/a","value":1}])") == R"({"a":1})");
  CHECK(patched("{}", R"([{"op":"add","path":"/a"}])") == R"({"a":null})");
  CHECK(patched("{}", R"([{"op":"test","path":"/a","value":null}])") == "{}");
}

TEST_CASE("JSON patch errors carry the library's words, and nothing is changed") {
  CHECK(patched("{}", R"([{"op":"add","path":"/a/b","value":1}])") ==
        "add operation does not apply: doc is missing path: \"/a/b\": missing value");
  CHECK(patched("{}", R"([{"op":"remove","path":"/a"}])") ==
        "error in remove for path: '/a': Unable to remove nonexistent key: a: missing value");
  CHECK(patched(R"({"a":[]})", R"([{"op":"replace","path":"/a/0","value":1}])") ==
        "replace operation does not apply: doc is missing key: /a/0: missing value");
  CHECK(patched(R"({"a":1})",
                R"([{"op":"add","path":"/b","value":1},{"op":"test","path":"/a","value":2}])") ==
        "testing value /a failed: test failed");
  CHECK(patched(R"({"a":[]})", R"([{"op":"add","path":"/a/5","value":1}])") ==
        "error in add for path: '/a/5': Unable to access invalid index: 5: "
        "invalid index referenced");
  CHECK(patched("{}", R"([{"op":"spam","path":"/a"}])") == "Unexpected kind: spam");
}

TEST_CASE("a patch that doubles its document again and again ends in a limit") {
  Value target = json(R"({"a":[1,2,3,4]})");
  Value patch = Value::array();
  for (int i = 0; i < 60; ++i)
    patch.push_back(json(R"({"op":"copy","from":"/a","path":"/a/-"})"));
  const auto result = apply_json_patch(target, patch);
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == Code::limit);
}

TEST_CASE("merge patches follow RFC 7386") {
  CHECK(merged(R"({"a":"b"})", R"({"a":"c"})") == R"({"a":"c"})");
  CHECK(merged(R"({"a":"b","b":"c"})", R"({"a":null})") == R"({"b":"c"})");
  CHECK(merged(R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})") == R"({"a":{"b":"d"}})");
  CHECK(merged(R"({"a":[1,2]})", R"({"a":[3]})") == R"({"a":[3]})");
  CHECK(merged("[1,2]", R"({"a":"b","c":null})") == R"({"a":"b"})");
  CHECK(merged("{}", R"({"a":{"bb":{"ccc":null}}})") == R"({"a":{"bb":{}}})");
}

TEST_CASE("a made merge patch turns one document into the other") {
  const Value from = json(R"({"a":1,"b":{"c":2,"d":[1]},"e":5})");
  const Value to = json(R"({"a":1,"b":{"c":3,"d":[2]},"f":{}})");
  const Value patch = make_merge_patch(from, to);
  CHECK(write_json(patch) == R"({"b":{"c":3,"d":[2]},"e":null,"f":{}})");
  Value result = from;
  apply_merge_patch(result, patch);
  CHECK(result == to);
  CHECK(make_merge_patch(to, to).empty());
}
