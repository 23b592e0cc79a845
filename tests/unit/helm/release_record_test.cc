#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "engine/helm/release.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"

using namespace weir;

namespace {

Value golden() {
  std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/tests/golden/helm_release/records.json");
  std::stringstream text;
  text << file.rdbuf();
  auto parsed = value::parse_json(text.str());
  REQUIRE(parsed.ok());
  return *parsed;
}

Value json(std::string_view text) {
  auto parsed = value::parse_json(text);
  REQUIRE(parsed.ok());
  return *parsed;
}

}  // namespace

TEST_CASE("releases that helm-controller stored have the digests that it took of them") {
  const Value data = golden();
  REQUIRE(data["releases"].size() == 2);
  for (const Value& item : data["releases"].items()) {
    auto release = helm::read_release_secret(item["secret"]);
    REQUIRE(release.ok());
    const Value& snapshot = item["snapshot"];
    CHECK(release->version == snapshot["version"].get_int());
    CHECK(release->status == snapshot["status"].get_string());
    CHECK(helm::release_digest(*release, "").to_string() == snapshot["digest"].get_string());
    CHECK(helm::values_digest(release->config).to_string() ==
          snapshot["configDigest"].get_string());
  }
  const Value& newest = data["releases"].at(0)["snapshot"];
  CHECK(helm::values_digest(data["values"]).to_string() == newest["configDigest"].get_string());
}

TEST_CASE("a record that was read and written again is the same release") {
  const Value all = golden();
  for (const Value& item : all["releases"].items()) {
    auto release = helm::read_release_secret(item["secret"]);
    REQUIRE(release.ok());
    auto secret = helm::release_secret(*release, "storage", "modifiedAt", 1795432939);
    REQUIRE(secret.ok());
    CHECK(secret->path("metadata", "name").get_string() ==
          item.path("secret", "metadata", "name").get_string());
    CHECK(secret->path("metadata", "namespace").get_string() == "storage");
    CHECK(secret->path("metadata", "labels", "owner").get_string() == "helm");
    CHECK(secret->path("metadata", "labels", "modifiedAt").get_string() == "1795432939");
    auto again = helm::read_release_secret(*secret);
    REQUIRE(again.ok());
    CHECK(helm::release_digest(*again, "") == helm::release_digest(*release, ""));
    CHECK(again->apply_method == "ssa");
    CHECK(again->hooks.size() == release->hooks.size());
  }
}

TEST_CASE("labels of the user's own are kept beside Helm's") {
  helm::Release release;
  release.name = "app";
  release.status = "deployed";
  release.labels = json(R"({"team":"a"})");
  auto secret = helm::release_secret(release, "ns", "createdAt", 1);
  REQUIRE(secret.ok());
  CHECK(secret->path("metadata", "labels", "team").get_string() == "a");
  auto again = helm::read_release_secret(*secret);
  REQUIRE(again.ok());
  CHECK(again->labels == release.labels);
}

TEST_CASE("the digest of a release is taken of Go's JSON") {
  helm::Release release;
  release.name = "app";
  release.ns = "ns";
  release.version = 1;
  release.status = "deployed";
  release.description = "Install complete";
  release.first_deployed = release.last_deployed = "2024-01-02T03:04:05Z";
  release.chart =
      json(R"({"metadata":{"name":"app","version":"1.0.0","apiVersion":"v2","appVersion":"1.2"}})");
  release.manifest =
      "---\n# Source: app/templates/cm.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n"
      "  name: <x>&\n";
  const std::string plain = helm::release_digest(release, "").to_string();
  CHECK(plain == "sha256:56a9504e15cf0f18668ae0c6b0136a4c0e10feef5b5799ff42d6248a3779bc7f");
  CHECK(helm::release_digest(release, "sha256:00").to_string() != plain);
  helm::ReleaseHook test;
  test.hook.name = "t";
  test.hook.events = {"test"};
  release.hooks.push_back(test);
  CHECK(helm::release_digest(release, "").to_string() == plain);
  release.hooks.back().hook.events = {"pre-install"};
  CHECK(helm::release_digest(release, "").to_string() != plain);
}

TEST_CASE("the digest of values is taken of sorted YAML, of nothing when there are none") {
  const auto digest = [](std::string_view text) {
    return helm::values_digest(json(text)).to_string();
  };
  CHECK(digest("{}") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(helm::values_digest(Value()).to_string() == digest("{}"));
  CHECK(digest(R"({"replicaCount":2})") ==
        "sha256:e15c415d62760896bd8bec192a44c5716dc224db9e0fc609b9ac14718f8f9e56");
  CHECK(digest(R"({"a":1.0,"big":123456789012,"t":"yes","e":"","l":[],"mm":{}})") ==
        "sha256:23d3355917e16517f54ac78d99a4a79484be73c80cd406b53b88e38f37c09f47");
  CHECK(digest(R"({"ports":[{"protocol":"TCP","port":8080},{"port":9090,"protocol":"UDP"}],
                   "replicas":3,"image":{"tag":"latest","repository":"nginx"}})") ==
        "sha256:fcdc2b0de1581a3633ada4afee3f918f6eaa5b5ab38c3fef03d5b48d3f85d9f6");
  CHECK(digest(R"({"test":{"632bd80235a05f4192aefade":"value1",
                           "632bd80ddf416cf32fd50679":"value2",
                           "632bd817c559818a52307da2":"value3",
                           "632bd82398e71231a98004b6":"value4"},"replicas":3})") ==
        "sha256:8a980fcbeadd6f05818f07e8aec14070c22250ca3d96af1fcd5f93b3e85b4d70");
}

TEST_CASE("post renderers and common metadata are told apart by their digests") {
  const std::string renderers = R"([{"kustomize":{"images":[{"newTag":"b","name":"a"}],
      "patches":[{"target":{"kind":"Deployment"},"patch":"x: <y>"}]}}])";
  CHECK(helm::post_renderers_digest(json(renderers)) ==
        "sha256:2f999c72cb6d02a716b645e9af72bc6fabf9e44b58cf14adceacce1dc834d325");
  CHECK(helm::common_metadata_digest(json(R"({"labels":{"a":"b"}})")) ==
        "sha256:c7743adac9e28d2fb8f3013c0daf58ec5b66d7fd9015933d55334ba4f5e4dce5");
  CHECK(helm::post_renderers_digest(Value()).empty());
  CHECK(helm::common_metadata_digest(Value()).empty());
}

TEST_CASE("a record that is no record is an error, never a crash") {
  CHECK(!helm::decode_release("%%%").ok());
  CHECK(!helm::decode_release(base::base64_encode("no json")).ok());
  CHECK(!helm::decode_release(base::base64_encode("[]")).ok());
  CHECK(!helm::decode_release(base::base64_encode(std::string("\x1f\x8b\x08garbage"))).ok());
  auto plain = helm::decode_release(base::base64_encode(R"({"name":"old","version":3})"));
  REQUIRE(plain.ok());
  CHECK(plain->name == "old");
  CHECK(plain->version == 3);
}

TEST_CASE("times that Go calls zero are no times") {
  auto release = helm::decode_release(base::base64_encode(
      R"({"name":"a","info":{"first_deployed":"0001-01-01T00:00:00Z","last_deployed":""}})"));
  REQUIRE(release.ok());
  CHECK(release->first_deployed.empty());
  CHECK(release->last_deployed.empty());
  CHECK(helm::format_go_time(1795432939'120'000) == "2026-11-23T11:22:19.12Z");
  CHECK(helm::format_go_time(1795432939'000'000) == "2026-11-23T11:22:19Z");
}
