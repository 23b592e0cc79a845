#include <catch2/catch.hpp>

#include "engine/helm/index_reader.hh"
#include "engine/helm/stored_index.hh"

namespace weir::helm {
namespace {

struct ReadIndex {
  std::vector<std::string> entries;  // "chart version"
  std::string api_version;
  std::string error, reason;
};

ReadIndex read(const std::string& text, std::size_t piece) {
  ReadIndex out;
  IndexReader reader([&](std::string_view chart, const Value& entry) -> Result<void> {
    out.entries.push_back(std::string(chart) + " " + std::string(entry["version"].get_string()));
    return {};
  });
  const auto run = [&]() -> Result<IndexHead> {
    for (std::size_t at = 0; at < text.size(); at += piece)
      WEIR_CHECK(reader.feed(std::string_view(text).substr(at, piece)));
    return reader.finish();
  };
  auto head = run();
  if (head.ok()) out.api_version = head->api_version;
  if (!head.ok()) {
    out.error = head.error().message;
    out.reason = head.error().reason;
  }
  return out;
}

const std::string block = R"(# made by hand
apiVersion: v1
entries:
  alpine:
    - created: "2026-01-02T03:04:05Z"
      description: |
        text with a - dash
          and: more

        # no comment
      name: alpine
      urls:
        - https://example.com/alpine-0.2.0.tgz
      version: 0.2.0
    - name: alpine
      version: 0.1.0
  # a comment between charts
  "quoted-name":
  - name: quoted-name
    version: "1.0.0"
  empty: []
generated: "2026-01-02T03:04:05Z"
serverInfo:
  contextPath: /x
)";

const std::string json =
    R"({"serverInfo":{"entries":{"no":[{"version":"9"}]}},"apiVersion":"v1","entries":{)"
    R"("a":[{"version":"1.0.0","x":"}]\"{","urls":["u"]},{"version":"0.9.0","y":{"version":"8"}}],)"
    R"("b":[],"c":[{"version":"3.0.0"}]},"generated":"2026-01-02T03:04:05Z"})";

// How an entry ends up in the store, and back.
std::string stored(const std::string& text) {
  std::string out;
  IndexWriter writer([&](std::string_view piece) -> Result<void> {
    out.append(piece);
    return {};
  });
  auto head = read_whole_index(
      text, [&](std::string_view chart, const Value& entry) { return writer.add(chart, entry); });
  REQUIRE(head.ok());
  REQUIRE(writer.finish(*head).ok());
  return out;
}

std::string entry(const std::string& name, const std::string& version,
                  const std::string& created = "2026-01-01T00:00:00Z") {
  return "  - {apiVersion: v2, name: " + name + ", version: \"" + version + "\", created: \"" +
         created + "\", urls: [\"" + name + "-" + version + ".tgz\"]}\n";
}

std::vector<ChartVersion> versions_of(const std::string& text, std::string_view chart) {
  IndexTable table;
  table.feed(text);
  REQUIRE(table.finish().ok());
  const IndexTable::Range* range = table.find(chart);
  if (range == nullptr) return {};
  auto versions =
      IndexTable::read(*range, std::string_view(text).substr(range->offset, range->size));
  REQUIRE(versions.ok());
  return *versions;
}

std::string select(const std::vector<ChartVersion>& versions, const std::string& range) {
  auto found = select_version(versions, "web", range);
  return found.ok() ? found->urls.front() : found.error().message;
}

}  // namespace

TEST_CASE("an index in block style is read entry by entry, however it is cut") {
  const std::vector<std::string> expected = {"alpine 0.2.0", "alpine 0.1.0", "quoted-name 1.0.0"};
  for (const std::size_t piece : {1u, 3u, 50u, 10'000u}) {
    const ReadIndex index = read(block, piece);
    CHECK(index.error.empty());
    CHECK(index.entries == expected);
    CHECK(index.api_version == "v1");
  }
}

TEST_CASE("an index in JSON is read entry by entry, however it is cut") {
  const std::vector<std::string> expected = {"a 1.0.0", "a 0.9.0", "c 3.0.0"};
  for (const std::size_t piece : {1u, 2u, 17u, 10'000u}) {
    const ReadIndex index = read(json, piece);
    CHECK(index.error.empty());
    CHECK(index.entries == expected);
    CHECK(index.api_version == "v1");
  }
}

TEST_CASE("an index of another shape is told apart from a broken one") {
  CHECK(read("apiVersion: v1\nentries: {a: [{version: 1.0.0}]}\n", 9).reason == "IndexShape");
  CHECK(read("apiVersion: v1\nentries:\n  a: [{version: 1.0.0}]\n", 9).reason == "IndexShape");
  CHECK(read("apiVersion: v1\nentries:\n  a:\n  - &x {version: 1.0.0}\n  - *x\n", 9).reason ==
        "IndexShape");
  CHECK(read("{\"apiVersion\": \"v1\", \"entries\": {", 9).error ==
        "index, line 0: the document is cut short");
  CHECK(read("", 9).error == "empty index.yaml file");
  CHECK(read("{\"entries\": []}", 9).error == "index, line 0: entries must be an object");
}

TEST_CASE("a whole document of any shape gives the same entries") {
  std::vector<std::string> entries;
  const auto head = read_whole_index(
      "apiVersion: v1\nentries: {a: [&x {version: 1.0.0}, *x]}\n",
      [&](std::string_view chart, const Value& value) -> Result<void> {
        entries.push_back(std::string(chart) + " " + std::string(value["version"].get_string()));
        return {};
      });
  REQUIRE(head.ok());
  CHECK(entries == std::vector<std::string>{"a 1.0.0", "a 1.0.0"});
}

TEST_CASE("a huge entry ends in an error that names the cap") {
  const std::string text =
      "apiVersion: v1\nentries:\n  a:\n  - description: " + std::string(5u << 20, 'x') + "\n";
  CHECK(read(text, 65'536).error.find("helm_index_entry_bytes_max") != std::string::npos);
}

TEST_CASE("a stored index gives back the versions of one chart and leaves invalid entries out") {
  const std::string text = stored("apiVersion: v1\nentries:\n  web:\n" + entry("web", "1.0.0") +
                                  entry("web", "not a version") + entry("web", "1.2.0") +
                                  "  db:\n" + entry("db", "3.0.0"));
  const auto web = versions_of(text, "web");
  REQUIRE(web.size() == 2);
  CHECK(web[0].version == "1.0.0");
  CHECK(web[1].urls == std::vector<std::string>{"web-1.2.0.tgz"});
  CHECK(versions_of(text, "db").size() == 1);
  CHECK(versions_of(text, "none").empty());
  CHECK(read(text, 11).entries == std::vector<std::string>{"web 1.0.0", "web 1.2.0", "db 3.0.0"});
}

TEST_CASE("a stored index that was cut or edited is not believed") {
  std::string text = stored("apiVersion: v1\nentries:\n  web:\n" + entry("web", "1.0.0"));
  IndexTable whole;
  whole.feed(text);
  REQUIRE(whole.finish().ok());
  const IndexTable::Range range = *whole.find("web");
  text[range.offset + 20] ^= 1;
  CHECK(IndexTable::read(range, std::string_view(text).substr(range.offset, range.size))
            .error()
            .code == Code::corrupt);
  IndexTable cut;
  cut.feed(std::string_view(text).substr(0, text.size() / 2));
  CHECK(cut.finish().error().code == Code::corrupt);
}

TEST_CASE("an index without charts is stored as one") {
  const std::string text = stored("apiVersion: v1\nentries: {}\n");
  CHECK(text == "{\"entries\":{\n},\"apiVersion\":\"v1\"}\n");
  CHECK(versions_of(text, "web").empty());
}

TEST_CASE("a range stands for its highest version, an exact text for itself") {
  const auto web = versions_of(stored("apiVersion: v1\nentries:\n  web:\n" + entry("web", "1.0.0") +
                                      entry("web", "2.0.0-rc.1") + entry("web", "1.9.0") +
                                      entry("web", "1.9.0+a", "2026-03-01T00:00:00Z") +
                                      entry("web", "1.9.0+b", "2026-02-01T00:00:00Z")),
                               "web");
  CHECK(select(web, "*") == "web-1.9.0+a.tgz");
  CHECK(select(web, "") == "web-1.9.0+a.tgz");
  CHECK(select(web, "1.0.x") == "web-1.0.0.tgz");
  CHECK(select(web, "2.0.0-rc.1") == "web-2.0.0-rc.1.tgz");
  CHECK(select(web, ">=2.0.0-0") == "web-2.0.0-rc.1.tgz");
  CHECK(select(web, "9.*") == "no 'web' chart with version matching '9.*' found");
  CHECK(select(web, "x y") == "improper constraint: \"x y\"");
}

}  // namespace weir::helm
