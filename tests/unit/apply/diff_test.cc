#include "engine/apply/diff.hh"

#include <catch2/catch.hpp>
#include <fstream>

#include "engine/value/json.hh"

using namespace weir;
using namespace weir::apply;

namespace {

Value json(std::string_view text) {
  Result<Value> value = value::parse_json(text);
  REQUIRE(value.ok());
  return *std::move(value);
}

Value pod(std::string_view containers) {
  return json(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":)" +
              std::string(containers) + "}}");
}

std::string paths(const Value& before, const Value& after) {
  return format_change_paths(diff_objects(before, after));
}

}  // namespace

TEST_CASE("B6 changes print as flux diff prints them") {
  std::ifstream file(WEIR_SOURCE_DIR "/tests/golden/apply/diff.jsonl");
  std::string line;
  int count = 0;
  while (std::getline(file, line)) {
    const Value sample = json(line);
    INFO(sample["subject"].get_string());
    std::string text = format_changes(diff_objects(sample["before"], sample["after"]));
    while (text.ends_with('\n')) text.pop_back();
    CHECK(text == sample["text"].get_string());
    ++count;
  }
  CHECK(count >= 5);
}

TEST_CASE("equal objects have no changes, whatever their status") {
  const Value a = json(R"({"apiVersion":"v1","kind":"Pod","metadata":{"uid":"1"},
      "status":{"a":1}})");
  const Value b = json(R"({"apiVersion":"v1","kind":"Pod","metadata":{"uid":"2"},
      "status":{"a":2}})");
  CHECK(diff_objects(a, b).empty());
}

TEST_CASE("list items are matched by key, not by position") {
  const Value a = pod(R"([{"name":"a","image":"1"},{"name":"b","image":"1"}])");
  const Value b = pod(R"([{"name":"b","image":"2"},{"name":"c","image":"1"}])");
  CHECK(paths(a, b) == ".spec.containers.a, .spec.containers.c, .spec.containers.b.image");
}

TEST_CASE("ports without names are matched by the keys of the schema") {
  const Value a = pod(R"([{"name":"a","ports":[{"containerPort":80,"protocol":"TCP"},
                                              {"containerPort":80,"protocol":"UDP"}]}])");
  const Value b = pod(R"([{"name":"a","ports":[{"containerPort":80,"protocol":"TCP","hostPort":1},
                                              {"containerPort":80,"protocol":"UDP"}]}])");
  CHECK(paths(a, b) == ".spec.containers.a.ports.80/TCP.hostPort");
}

TEST_CASE("values of Secrets never appear") {
  const Value a = json(R"({"apiVersion":"v1","kind":"Secret","data":{"same":"czE=","k":"czI=",
      "old":"czM="}})");
  const Value b = json(R"({"apiVersion":"v1","kind":"Secret","data":{"same":"czE=","k":"czQ=",
      "new":"czU="}})");
  const std::string text = format_changes(diff_objects(a, b));
  for (std::string_view value : {"czE=", "czI=", "czM=", "czQ=", "czU="}) {
    CHECK(text.find(value) == std::string::npos);
  }
  CHECK(text.find("data.k\n± value change\n- *** (before)\n+ *** (after)\n") != std::string::npos);
  CHECK(text.find("same") == std::string::npos);
  CHECK(format_changes(diff_objects(a, Value())).find("czI=") == std::string::npos);
}

TEST_CASE("long lists of paths are cut with a count") {
  Value a = json(R"({"apiVersion":"v1","kind":"ConfigMap","data":{}})");
  Value b = a;
  for (int i = 0; i < 12; ++i) b.entry("data").set("k" + std::to_string(i), "v");
  const std::string text = format_change_paths(diff_objects(a, b), 2);
  CHECK(text == ".data.k0, .data.k1 and 10 more");
}
