#include <catch2/catch.hpp>

#include "tests/support/source_bench.hh"

namespace weir::test {

TEST_CASE("an OCIRepository keeps the layer of its tag with the manifest's annotations") {
  SourceBench bench;
  const auto& image = bench.image("v1");
  bench.oci(", ref: {tag: v1}");
  bench.run();
  const std::string revision = "v1@" + image.digest();
  CHECK(bench.state("OCIRepository", "app") ==
        "True Succeeded stored artifact for digest '" + revision + "'");
  const Value artifact = bench.status("OCIRepository", "app")["artifact"];
  CHECK(artifact["revision"].get_string() == revision);
  CHECK(artifact["path"].get_string() ==
        "ocirepository/flux-system/app/" + image.digest() + ".tar.gz");
  CHECK(artifact.path("metadata", "org.opencontainers.image.revision").get_string() ==
        "main@sha1:1");
  CHECK(bench.events("app").back() ==
        "Normal NewArtifact stored artifact with revision '" + revision + "' from '" + oci_url +
            "', origin source 'https://git/x', origin revision 'main@sha1:1'");
}

TEST_CASE("an unchanged tag is resolved and not pulled") {
  SourceBench bench;
  bench.image("latest");
  bench.oci("");
  bench.run();
  bench.registry.calls.clear();
  bench.run(70);
  REQUIRE_FALSE(bench.registry.calls.empty());
  for (const std::string& call : bench.registry.calls) CHECK(call.starts_with("resolve "));
}

TEST_CASE("a digest wins over a range, a range over a tag; a filter narrows the range") {
  SourceBench bench;
  for (const char* tag : {"1.0.0", "1.1.0-rc.1", "1.2.0", "2.0.0-x", "1.3", "latest"})
    bench.image(tag, tag);
  const auto digest = bench.registry.repositories[oci_url]["1.0.0"].digest();
  bench.oci(", ref: {tag: latest, semver: 1.x}");
  bench.run();
  CHECK(bench.revision("OCIRepository", "app").starts_with("1.2.0@"));
  bench.merge(SourceBench::id("OCIRepository", "app"),
              R"({"spec":{"ref":{"semver":">=1.0.0-0","semverFilter":".*-rc.*"}}})");
  bench.run();
  CHECK(bench.revision("OCIRepository", "app").starts_with("1.1.0-rc.1@"));
  bench.merge(SourceBench::id("OCIRepository", "app"),
              R"({"spec":{"ref":{"digest":")" + digest + R"("}}})");
  bench.run();
  CHECK(bench.revision("OCIRepository", "app") == digest);
}

TEST_CASE("a range without a match and a bad filter are read failures that are retried") {
  SourceBench bench;
  bench.image("1.0.0");
  bench.oci(", ref: {semver: 9.x}");
  bench.run();
  CHECK(bench.state("OCIRepository", "app", "FetchFailed") ==
        std::string("True ReadOperationFailed failed to determine the artifact tag for '") +
            oci_url + "': no match found for semver: 9.x");
  CHECK(
      bench.state("OCIRepository", "app", "Reconciling").starts_with("True ProgressingWithRetry"));
  CHECK(bench.state("OCIRepository", "app", "Stalled").empty());
  bench.image("9.1.0");
  bench.run(20);
  CHECK(bench.revision("OCIRepository", "app").starts_with("9.1.0@"));
  CHECK(bench.state("OCIRepository", "app", "FetchFailed").empty());
}

TEST_CASE("a layer is chosen by its media type and copied as it is when asked") {
  SourceBench bench;
  auto& image = bench.image("v1");
  image.media_type = chart_layer;
  bench.oci(std::string(", ref: {tag: v1}, layerSelector: {mediaType: \"") + chart_layer +
            "\", operation: copy}");
  bench.run();
  CHECK(bench.status("OCIRepository", "app").path("artifact", "digest").get_string() ==
        base::sha256(image.layer).to_string());
  CHECK(bench.status("OCIRepository", "app")
            .path("observedLayerSelector", "operation")
            .get_string() == "copy");
  bench.merge(SourceBench::id("OCIRepository", "app"),
              R"({"spec":{"layerSelector":{"mediaType":"none/such"}}})");
  bench.run();
  CHECK(bench.state("OCIRepository", "app") ==
        "False OCIArtifactLayerOperationFailed failed to find layer with media type 'none/such' in "
        "artifact");
}

TEST_CASE("a URL with a tag stalls, verification is refused, a missing Secret is retried") {
  SourceBench bench;
  bench.image("latest");
  bench.registry.fail =
      make_error(Code::invalid, "URL must not contain a tag; remove ':v1'", "URLInvalid");
  bench.oci("");
  bench.run();
  CHECK(bench.state("OCIRepository", "app", "Stalled").starts_with("True URLInvalid"));
  bench.registry.fail.reset();
  bench.source("OCIRepository", "signed",
               std::string("url: \"") + oci_url + "\", verify: {provider: cosign}");
  bench.source("OCIRepository", "secret",
               std::string("url: \"") + oci_url + "\", secretRef: {name: absent}");
  bench.run();
  CHECK(bench.state("OCIRepository", "signed", "Stalled") ==
        "True UnsupportedField spec.verify is not supported by this version of weir");
  CHECK(bench.state("OCIRepository", "secret", "FetchFailed")
            .starts_with("True AuthenticationFailed failed to get credential: failed to get secret "
                         "'flux-system/absent': "));
}

TEST_CASE("a digest, a filter and a layer that are none are told in Go's words") {
  const auto state = [](const std::string& spec, const std::string& layer) {
    SourceBench bench;
    bench.image("latest").layer = layer;
    bench.oci(spec);
    bench.run();
    return bench.state("OCIRepository", "app", "FetchFailed");
  };
  const std::string good = packed({{"a.yaml", "x"}});
  const std::string pull = "True OCIArtifactPullFailed failed to determine artifact digest: ";
  CHECK(state(", ref: {digest: \"sha256:xyz\"}", good) ==
        pull + "found non-hex character in hash: x");
  CHECK(state(", ref: {digest: \"md5:00\"}", good) == pull + "unsupported hash: \"md5\"");
  CHECK(state(", ref: {digest: \"sha256:00\"}", good) ==
        pull + "wrong number of hex digits for sha256: 00");
  CHECK(state(", ref: {digest: none}", good) == pull + "cannot parse hash: \"none\"");
  CHECK(state(", ref: {semver: \"*\", semverFilter: \"(\"}", good)
            .ends_with("': error parsing regexp: missing closing ): `(`"));
  const std::string layer =
      "True OCIArtifactLayerOperationFailed failed to extract layer contents from artifact: ";
  CHECK(state("", "text") == layer + "requires gzip-compressed body: unexpected EOF");
  CHECK(state("", "a longer text") ==
        layer + "requires gzip-compressed body: gzip: invalid header");
  CHECK(state("", good.substr(0, good.size() / 2)) == layer + "tar error: unexpected EOF");
}

TEST_CASE("a Secret that is no docker config has no logins, one that is broken is told") {
  SourceBench bench;
  bench.image("latest");
  bench.create(
      "apiVersion: v1\nkind: Secret\nmetadata: {name: opaque, namespace: flux-system}\n"
      "stringData: {.dockerconfigjson: '{\"auths\":{\"x.io\":{\"auth\":\"bWU6cA==\"}}}'}\n");
  bench.create(
      "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/dockerconfigjson\n"
      "metadata: {name: broken, namespace: flux-system}\n"
      "stringData: {.dockerconfigjson: '{\"auths\":\"x\"}'}\n");
  bench.oci(", secretRef: {name: opaque}");
  bench.run();
  REQUIRE_FALSE(bench.registry.accesses.empty());
  CHECK(bench.registry.accesses.back().logins.empty());
  bench.merge(SourceBench::id("OCIRepository", "app"),
              R"({"spec":{"secretRef":{"name":"broken"}}})");
  bench.run();
  CHECK(bench.state("OCIRepository", "app", "FetchFailed") ==
        "True AuthenticationFailed failed to get credential: json: cannot unmarshal string into Go "
        "struct field dockerConfigJSON.Auths of type map[string]authn.AuthConfig");
}

TEST_CASE("a proxy that cannot be used is told without its login") {
  const auto state = [](const std::string& keys) {
    SourceBench bench;
    bench.image("latest");
    bench.create("apiVersion: v1\nkind: Secret\nmetadata: {name: proxy, namespace: flux-system}\n"
                 "stringData: {" + keys + "}\n");
    bench.oci(", proxySecretRef: {name: proxy}");
    bench.run();
    return bench.state("OCIRepository", "app", "FetchFailed");
  };
  const std::string failed =
      "True AuthenticationFailed failed to get proxy address: secret 'flux-system/proxy': ";
  CHECK(state("username: me") == failed + "key 'address' not found");
  CHECK(state("address: ''") == failed + "proxy address is empty");
  CHECK(state("address: 'ftp://x'") ==
        failed + "proxy URL must use one of the supported schemes (http, https, socks5), "
                 "got 'ftp'");
  CHECK(state("address: 'http://bad host'") ==
        failed + "failed to parse proxy address 'http://bad host': parse \"http://bad host\": invalid "
                 "character \" \" in host name");
  CHECK(state("address: 'http://me:hidden@bad host'").find("hidden") == std::string::npos);
}

TEST_CASE("logins come from the Secret and from the ServiceAccount's pull secrets") {
  SourceBench bench;
  bench.image("latest");
  const auto secret = [&](const std::string& name, const std::string& host) {
    bench.create(
        "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/dockerconfigjson\nmetadata: "
        "{name: " +
        name +
        ", namespace: flux-system}\nstringData: {.dockerconfigjson: "
        "'{\"auths\":{\"" +
        host + "\":{\"auth\":\"" + base::base64_encode("me:pass") + "\"}}}'}\n");
  };
  secret("one", "one.example.com");
  secret("two", "two.example.com");
  bench.create(
      "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: puller, namespace: "
      "flux-system}\nimagePullSecrets: [{name: two}]\n");
  bench.oci(", secretRef: {name: one}, serviceAccountName: puller");
  bench.run();
  REQUIRE_FALSE(bench.registry.accesses.empty());
  const auto& logins = bench.registry.accesses.back().logins;
  REQUIRE(logins.size() == 2);
  CHECK(logins[0].registry == "one.example.com");
  CHECK(logins[1].registry == "two.example.com");
  CHECK(logins[1].username == "me");
  CHECK(logins[1].password == "pass");
}

TEST_CASE("a Kustomization is built from an OCIRepository, and again when its tag moves") {
  SourceBench bench;
  const auto settings = [](const std::string& text) {
    return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\n"
           "data: {key: " +
           text + "}\n";
  };
  bench.image("latest", settings("one"));
  bench.oci("");
  bench.create(
      "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: "
      "app, namespace: flux-system}\nspec: {interval: 10m, prune: true, sourceRef: {kind: "
      "OCIRepository, name: app}}\n");
  bench.run(10);
  const ObjectId id = object_id("ConfigMap", "default", "settings");
  CHECK(bench.get(id).path("data", "key").get_string() == "one");
  bench.image("latest", settings("two"));
  bench.run(70);
  CHECK(bench.get(id).path("data", "key").get_string() == "two");
  CHECK(bench.kustomization("app").path("status", "lastAppliedOriginRevision").get_string() ==
        "main@sha1:1");
}

}  // namespace weir::test
