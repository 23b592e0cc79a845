#include <catch2/catch.hpp>

#include "tests/support/source_bench.hh"

namespace weir::test {

TEST_CASE("a Kustomization is built from an artifact that another controller serves") {
  SourceBench bench;
  const std::string archive = packed(
      {{"cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: default}\n"}});
  bench.create(
      "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: "
      "app, namespace: flux-system}\nspec: {interval: 10m, prune: true, sourceRef: {kind: "
      "ExternalArtifact, name: made}}\n");
  bench.create(
      "apiVersion: source.toolkit.fluxcd.io/v1\nkind: ExternalArtifact\nmetadata: {name: "
      "made, namespace: flux-system}\nspec: {}\n");
  const Value artifact = Value::object({{"path", "externalartifact/a/b/c.tar.gz"},
                                        {"revision", "latest@sha256:1"},
                                        {"url", "http://watcher/c.tar.gz"},
                                        {"lastUpdateTime", "2026-01-01T00:00:00Z"},
                                        {"digest", base::sha256(archive).to_string()}});
  bench.merge_status(SourceBench::id("ExternalArtifact", "made"),
                     Value::object({{"artifact", artifact}}));
  bench.run(10);
  CHECK(bench.condition("app", "Ready") ==
        "False ArtifactFailed Source is not ready, artifact not found, retrying in 30s");
  bench.downloads.files["http://watcher/c.tar.gz"] = "other bytes";
  bench.run(40);
  CHECK(bench.condition("app", "Ready").find("does not match") != std::string::npos);
  bench.downloads.files["http://watcher/c.tar.gz"] = archive;
  bench.run(700);
  CHECK(bench.condition("app", "Ready") ==
        "True ReconciliationSucceeded Applied revision: latest@sha256:1");
}

TEST_CASE("a kind that another controller still serves is never written") {
  reconcile::EngineOptions options;
  options.external_sources = {"OCIRepository"};
  EngineBench bench(options);
  bench.create(
      std::string("apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: "
                  "{name: app, namespace: flux-system}\nspec: {interval: 1m, url: \"") +
      oci_url + "\"}\n");
  bench.run(10);
  const Value object = bench.get(SourceBench::id("OCIRepository", "app"));
  CHECK(object.path("metadata", "finalizers").empty());
  CHECK(object.path("status", "conditions").empty());
  CHECK(bench.registry.calls.empty());
}

}  // namespace weir::test
