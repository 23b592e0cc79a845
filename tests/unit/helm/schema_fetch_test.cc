// Schemas that refer to other documents: what they find there, what is asked for and what is not,
// and where it ends. Words of errors as the real helm 4.1 and 4.2 have them.
#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "engine/base/limits.hh"
#include "engine/helm/load.hh"
#include "engine/helm/render.hh"
#include "engine/helm/schema.hh"
#include "engine/value/json.hh"

namespace weir::helm {

namespace {

namespace limits = base::limits;

class Web final : public SchemaLoader {
 public:
  using Files = std::map<std::string, std::string>;
  explicit Web(Files files) : files_(std::move(files)) {}
  Result<std::string> load(const std::string& url, std::chrono::milliseconds timeout) override {
    asked.push_back(url);
    timeouts.push_back(timeout);
    const auto found = files_.find(url);
    if (found != files_.end()) return found->second;
    return make_error(Code::not_found,
                      "HTTP request to " + url + " returned status 404 (Not Found)");
  }
  std::vector<std::string> asked;
  std::vector<std::chrono::milliseconds> timeouts;

 private:
  Files files_;
};

// Some time passes with every look at it.
class SlowClock final : public base::Clock {
 public:
  base::TimeUs now() const override { return 0; }
  std::chrono::microseconds monotonic() const override { return now_ += step; }
  std::chrono::seconds step{0};

 private:
  mutable std::chrono::microseconds now_{0};
};

// "" when the values are as the schema wants them.
std::string check(Web& web, std::string_view values, std::string_view schema) {
  const auto checked = check_schema(*value::parse_json(values), schema, {&web, nullptr});
  return checked.ok() ? "" : checked.error().message;
}

}  // namespace

TEST_CASE("a schema of another document holds, at its root, behind a pointer and at an anchor") {
  Web web(Web::Files{{"http://h/b.json", R"({"type":"object","properties":{"b":{"type":"string"}}})"},
           {"http://h/d.json", R"({"$defs":{"x":{"$anchor":"anc","type":"string"},
                                  "bad":{"$ref":"gone.json"}}})"},
           {"http://h/false.json", "false"}});
  const std::string b = R"({"properties":{"a":{"$ref":"http://h/b.json"}}})";
  CHECK(check(web, R"({"a":{"b":"x"}})", b) == "");
  CHECK(check(web, R"({"a":1})", b) == "- at '/a': got number, want object\n");
  CHECK(check(web, R"({"a":{"b":1}})", b) == "- at '/a/b': got number, want string\n");
  for (const char* fragment : {"#/$defs/x", "#anc"}) {
    const std::string schema =
        std::string(R"({"properties":{"a":{"$ref":"http://h/d.json)") + fragment + R"("}}})";
    CHECK(check(web, R"({"a":"x"})", schema) == "");
    CHECK(check(web, R"({"a":1})", schema) == "- at '/a': got number, want string\n");
  }
  CHECK(check(web, R"({"a":1})", R"({"properties":{"a":{"$ref":"http://h/false.json"}}})") ==
        "- at '/a': false schema\n");
}

TEST_CASE("references in a document start from its address, or from its $id") {
  Web web(Web::Files{{"http://h/nest.json", R"({"properties":{"a":{"$ref":"sub/n.json?v=1"}}})"},
           {"http://h/sub/n.json?v=1",
            R"({"$schema":"http://json-schema.org/draft-07/schema#",
                "definitions":{"s":{"type":"string"}},"$ref":"#/definitions/s"})"},
           {"http://h/moved.json",
            R"({"$id":"http://other/x/y.json","properties":{"a":{"$ref":"../b.json"}}})"},
           {"http://other/b.json", R"({"type":"boolean"})"}});
  CHECK(check(web, R"({"a":1})", R"({"$ref":"http://h/nest.json"})") ==
        "- at '/a': got number, want string\n");
  CHECK(check(web, R"({"a":1})", R"({"$ref":"http://h/moved.json"})") ==
        "- at '/a': got number, want boolean\n");
  CHECK(check(web, R"({"a":1})",
              R"({"$id":"http://other/x/y.json","properties":{"a":{"$ref":"../b.json"}}})") ==
        "- at '/a': got number, want boolean\n");
}

TEST_CASE("the $id of a document is no address for others") {
  Web web(Web::Files{{"http://h/a.json", R"({"$id":"http://h/own.json"})"}});
  CHECK(check(web, "{}", R"({"allOf":[{"$ref":"http://h/a.json"},{"$ref":"http://h/own.json"}]})") ==
        "failing loading \"http://h/own.json\": HTTP request to http://h/own.json returned status "
        "404 (Not Found)");
}

TEST_CASE("documents that refer to each other are fetched once each") {
  Web web(Web::Files{{"http://h/1.json", R"({"properties":{"a":{"$ref":"2.json"}}})"},
           {"http://h/2.json",
            R"({"type":["object","string"],"properties":{"a":{"$ref":"http://h/1.json"}}})"}});
  const std::string schema = R"({"allOf":[{"$ref":"http://h/1.json"},{"$ref":"http://h/1.json#"}]})";
  CHECK(check(web, R"({"a":{"a":{"a":"x"}}})", schema) == "");
  CHECK(web.asked == std::vector<std::string>{"http://h/1.json", "http://h/2.json"});
  CHECK(check(web, R"({"a":1})", R"({"$ref":"http://h/1.json"})") ==
        "- at '/a': got number, want string or object\n");
}

TEST_CASE("what no value can meet is not asked for") {
  Web web(Web::Files{});
  for (const char* schema : {
           R"({"$defs":{"x":{"$ref":"http://h/x.json"}}})",
           R"({"$defs":{"x":{"$ref":"#/nope"}}})",
           R"({"contentSchema":{"$ref":"http://h/x.json"}})",
           R"({"$schema":"http://json-schema.org/draft-07/schema#",
               "definitions":{"x":{"$ref":"http://h/x.json"}}})",
           R"({"$ref":"http://json-schema.org/draft-07/schema#"})",
           R"({"$ref":"https://json-schema.org/draft/2020-12/schema"})",
           R"({"properties":{"a":{"$ref":"urn:x:y"}}})",
       })
    CHECK(check(web, "{}", schema) == "");
  CHECK(web.asked.empty());
}

TEST_CASE("faults of other documents are told with their address") {
  Web web(Web::Files{{"http://h/type.json", R"({"properties":{"a":{"type":5}}})"},
           {"http://h/odd.json", R"({"x":{"y":{"minLength":"z"}}})"},
           {"http://h/array.json", "[1]"},
           {"http://h/text.json", "not json"},
           {"http://h/b.json", "{}"}});
  const auto starts = [&](const std::string& reference, const std::string& text) {
    CAPTURE(reference);
    const std::string found =
        check(web, R"({"a":1})", R"({"properties":{"a":{"$ref":")" + reference + R"("}}})");
    CHECK(found.substr(0, text.size()) == text);
  };
  const std::string breaks =
      " is not valid against metaschema: jsonschema validation failed with "
      "'https://json-schema.org/draft/2020-12/schema#'\n- at ";
  starts("http://h/type.json",
         "\"http://h/type.json#\"" + breaks +
             "'': 'allOf' failed\n  - at '/properties/a': 'allOf' failed\n"
             "    - at '/properties/a/type': 'anyOf' failed");
  starts("http://h/odd.json#/x/y", "\"http://h/odd.json#/x/y\"" + breaks +
                                       "'': 'allOf' failed\n  - at '/minLength': got string, want "
                                       "integer");
  starts("http://h/array.json",
         "\"http://h/array.json#\"" + breaks + "'': got array, want boolean or object");
  starts("http://h/text.json", "failing loading \"http://h/text.json\": invalid ");
  starts("http://h/none.json",
         "failing loading \"http://h/none.json\": HTTP request to http://h/none.json returned "
         "status 404 (Not Found)");
  starts("other.json", "failing loading \"file:///other.json\": ");
  starts("http://h/b.json#/nope", "json-pointer in \"http://h/b.json#/nope\" not found");
  starts("http://h/b.json#nope",
         "anchor in \"http://h/b.json#nope\" not found in schema \"http://h/b.json\"");
}

TEST_CASE("a metaschema of one's own says which draft it builds on") {
  Web web(Web::Files{{"http://h/meta.json", R"({"$schema":"http://json-schema.org/draft-07/schema#"})"},
           {"http://h/loop.json", R"({"$schema":"http://h/loop.json"})"}});
  // Before 2019-09 nothing beside a $ref counts.
  const std::string beside = R"(","properties":{"a":{"$ref":"#/d","type":"string"}},"d":{}})";
  CHECK(check(web, R"({"a":1})", R"({"$schema":"http://h/meta.json)" + beside) == "");
  CHECK(check(web, R"({"a":1})", R"({"$schema":"http://json-schema.org/schema)" + beside) ==
        "- at '/a': got number, want string\n");
  CHECK(check(web, "{}", R"({"$schema":"http://h/loop.json"})")
            .find("helm_schema_documents_max") != std::string::npos);
}

TEST_CASE("without a loader another document is refused") {
  const auto checked = check_schema(Value::object(), R"({"$ref":"http://h/b.json"})");
  REQUIRE_FALSE(checked.ok());
  CHECK(checked.error().message ==
        "failing loading \"http://h/b.json\": schemas of other documents are not fetched");
}

TEST_CASE("documents end at caps: their bytes, all bytes, their number, their time") {
  const auto ends = [](Web& web, const std::string& schema, std::string_view cap,
                       const base::Clock* clock = nullptr) {
    const auto checked = check_schema(Value::object(), schema, {&web, clock});
    REQUIRE_FALSE(checked.ok());
    CHECK(checked.error().code == Code::limit);
    CHECK(checked.error().message.find(cap) != std::string::npos);
  };
  const auto filled = [](std::size_t size) { return "{}" + std::string(size - 2, ' '); };
  std::string five = R"({"allOf":[)";
  Web::Files large;
  for (int i = 0; i < 5; ++i) {
    const std::string url = "http://h/" + std::to_string(i);
    large[url] = filled(limits::helm_schema_document_bytes_max);
    five += std::string(i > 0 ? "," : "") + R"({"$ref":")" + url + R"("})";
  }
  five += "]}";
  Web heavy(large);
  ends(heavy, five, "helm_schema_all_bytes_max");
  Web one(Web::Files{{"http://h/b", filled(limits::helm_schema_document_bytes_max + 1)}});
  ends(one, R"({"$ref":"http://h/b"})", "helm_schema_document_bytes_max");

  // Each leads to the next, for ever.
  class Endless final : public SchemaLoader {
   public:
    Result<std::string> load(const std::string& url, std::chrono::milliseconds) override {
      ++count;
      return R"({"properties":{"a":{"$ref":")" + url + R"(x"}}})";
    }
    std::size_t count = 0;
  } endless;
  const auto checked =
      check_schema(Value::object(), R"({"$ref":"http://h/"})", {&endless, nullptr});
  REQUIRE_FALSE(checked.ok());
  CHECK(checked.error().code == Code::limit);
  CHECK(checked.error().message.find("helm_schema_documents_max") != std::string::npos);
  CHECK(endless.count == limits::helm_schema_documents_max);

  SlowClock clock;
  clock.step = std::chrono::seconds(25);
  Web small(Web::Files{{"http://h/0", "{}"}, {"http://h/1", "{}"}, {"http://h/2", "{}"}});
  ends(small, five, "helm_schema_all_seconds_max", &clock);
  CHECK(small.timeouts == std::vector<std::chrono::milliseconds>{std::chrono::seconds(15),
                                                                 std::chrono::seconds(15),
                                                                 std::chrono::seconds(10)});
}

TEST_CASE("the charts of one render share the documents") {
  base::MemoryFileTree tree;
  const std::string schema = R"({"properties":{"a":{"$ref":"http://h/b.json"}}})";
  tree.add("Chart.yaml", "apiVersion: v2\nname: top\nversion: 1.0.0\n");
  tree.add("values.schema.json", schema);
  tree.add("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n");
  tree.add("charts/sub/values.schema.json", schema);
  tree.add("charts/sub/values.yaml", "a: 1\n");
  const auto loaded = load_chart_directory(tree, "");
  REQUIRE(loaded.ok());
  Web web(Web::Files{{"http://h/b.json", R"({"type":"string"})"}});
  RenderRequest request;
  request.release = {"rel", "default"};
  request.capabilities = Capabilities::defaults(request.compat);
  request.schemas = &web;
  const auto rendered = render_chart(loaded->charts, Table(), request);
  REQUIRE_FALSE(rendered.ok());
  CHECK(rendered.error().message ==
        "values don't meet the specifications of the schema(s) in the following chart(s):\n"
        "sub:\n- at '/a': got number, want string\n");
  CHECK(web.asked.size() == 1);
}

}  // namespace weir::helm
