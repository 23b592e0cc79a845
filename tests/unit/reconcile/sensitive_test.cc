#include <catch2/catch.hpp>

#include "engine/reconcile/sensitive.hh"
#include "tests/support/engine_bench.hh"

namespace weir::test {
namespace {

using reconcile::has_url_credentials;
using reconcile::without_url_credentials;

TEST_CASE("credentials in URLs are seen wherever they stand, and names alone are none") {
  for (const char* text : {"https://u:p@host/x", "https://token@host/x", "see http://t@h and more",
                           "postgres://user:pass@db:5432/x", "a://b c https://u:p@h"}) {
    INFO(text);
    CHECK(has_url_credentials(text));
  }
  for (const char* text : {"https://host/x@y", "ssh://git@github.com/x", "https://host/?m=a@b",
                           "git@github.com:x/y", "mail a@b.c", "https://", "://@",
                           "oci://r/x@sha256:1"}) {
    INFO(text);
    CHECK_FALSE(has_url_credentials(text));
  }
}

TEST_CASE("a text without its credentials is the same text otherwise") {
  CHECK(without_url_credentials("get https://u:p@h/x, then http://t@g/y.") ==
        "get https://h/x, then http://g/y.");
  CHECK(without_url_credentials("ssh://git@h/x") == "ssh://git@h/x");
  Value value = Value::object({{"a", Value::array({"https://u:p@h", 1})}, {"b", "plain"}});
  reconcile::drop_url_credentials(value);
  CHECK(value["a"].at(0).get_string() == "https://h");
  CHECK(value["b"].get_string() == "plain");
}

TEST_CASE("what looks encrypted is refused before anything is applied") {
  EngineBench bench;
  bench.commit({{"app/a.yaml",
                 "apiVersion: v1\nkind: Secret\nmetadata: {namespace: default, name: s}\n"
                 "stringData: {password: 'ENC[AES256_GCM,data:xx]'}\n"
                 "sops: {mac: 'ENC[AES256_GCM,data:yy]'}\n"}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  CHECK(bench.condition("app", "Ready") ==
        "False ReconciliationFailed Secret/default/s is SOPS encrypted, configuring decryption is "
        "required for this secret to be reconciled");
  CHECK(bench.get(object_id("Secret", "default", "s")).is_null());
}

TEST_CASE("the live object is kept as the API answered it, and again when its health turns") {
  EngineBench bench;
  bench.commit({{"app/a.yaml",
                 "apiVersion: apps/v1\nkind: Deployment\nmetadata: {namespace: default, name: w}\n"
                 "spec:\n  selector: {matchLabels: {app: w}}\n  template:\n"
                 "    metadata: {labels: {app: w}}\n"
                 "    spec: {containers: [{name: a, image: b}]}\n"}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run(30);
  const auto applied = bench.logged(event::Type::object_applied);
  REQUIRE(applied.size() == 1);
  REQUIRE(applied[0].blobs.size() == 2);
  const Value made = bench.blob(applied[0].blobs[1]);
  CHECK_FALSE(made.path("metadata", "uid").get_string().empty());
  CHECK(made.path("metadata", "managedFields").is_null());
  const auto turns = bench.logged(event::Type::health_observed);
  REQUIRE(turns.size() == 1);
  CHECK(turns[0].data["status"].get_string() == "Current");
  CHECK(turns[0].owner.name == "app");
  CHECK(bench.blob(turns[0].blobs.at(0)).path("status", "readyReplicas").get_int() == 1);
}

}  // namespace
}  // namespace weir::test
