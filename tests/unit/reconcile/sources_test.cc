#include <catch2/catch.hpp>

#include <set>

#include "engine/base/targz.hh"
#include "engine/helm/package.hh"
#include "engine/model/kinds/source_spec.hh"
#include "engine/reconcile/status.hh"
#include "tests/support/engine_bench.hh"

namespace weir::test {
namespace {

constexpr const char* oci_url = "oci://registry.example.com/team/app";
constexpr const char* chart_layer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

std::string packed(const std::map<std::string, std::string>& files) {
  base::MemoryFileTree tree;
  for (const auto& [path, text] : files) tree.add(path, text);
  return *base::pack_targz(tree);
}

std::string chart_package(const std::string& version, const std::string& values = "a: 1\n") {
  return packed({{"web/Chart.yaml", "apiVersion: v2\nname: web\nversion: " + version + "\n"},
                 {"web/values.yaml", values},
                 {"web/extra.yaml", "b: 2\n"}});
}

std::string index_of(const std::vector<std::string>& versions) {
  std::string text = "apiVersion: v1\nentries:\n  web:\n";
  for (const std::string& version : versions)
    text += "  - {apiVersion: v2, name: web, version: " + version + ", urls: [web-" + version +
            ".tgz]}\n";
  return text;
}

class SourceBench : public EngineBench {
 public:
  // `spec`: the fields of the spec, in flow style.
  void source(const std::string& kind, const std::string& name, const std::string& spec) {
    create("apiVersion: source.toolkit.fluxcd.io/v1\nkind: " + kind + "\nmetadata: {name: " + name +
           ", namespace: flux-system}\nspec: {interval: 1m, " + spec + "}\n");
  }
  Value status(const std::string& kind, const std::string& name) {
    return get(id(kind, name))["status"];
  }
  static ObjectId id(const std::string& kind, const std::string& name) {
    return {Gvk{"source.toolkit.fluxcd.io", "v1", kind}, "flux-system", name};
  }
  // "True Succeeded message" of a condition; "" when it is absent.
  std::string state(const std::string& kind, const std::string& name,
                    std::string_view type = "Ready") {
    const Value value = status(kind, name);
    std::string text(reconcile::condition_text(value, type, "status"));
    if (text.empty()) return text;
    text.append(" ").append(reconcile::condition_text(value, type, "reason"));
    return text.append(" ").append(reconcile::condition_text(value, type, "message"));
  }
  std::string revision(const std::string& kind, const std::string& name) {
    return std::string(status(kind, name).path("artifact", "revision").get_string());
  }
  BenchRegistry::Image& image(const std::string& tag, const std::string& text = "one") {
    auto& image = registry.repositories[oci_url][tag];
    image.layer = packed({{"app.yaml", text}});
    image.media_type = "application/vnd.cncf.flux.content.v1.tar+gzip";
    image.annotations = Value::object({{"org.opencontainers.image.revision", "main@sha1:1"},
                                       {"org.opencontainers.image.source", "https://git/x"}});
    return image;
  }
  void oci(const std::string& more) {
    source("OCIRepository", "app", std::string("url: \"") + oci_url + "\"" + more);
  }
  // The HelmRepository "charts" over HTTP with these versions of "web".
  void charts(const std::vector<std::string>& versions) {
    downloads.files["https://charts.example.com/stable/index.yaml"] = index_of(versions);
    for (const std::string& version : versions)
      downloads.files["https://charts.example.com/stable/web-" + version + ".tgz"] =
          chart_package(version);
  }
  void helm_repository() {
    source("HelmRepository", "charts", "url: \"https://charts.example.com/stable\"");
  }
  void chart(const std::string& more, const std::string& kind = "HelmRepository",
             const std::string& from = "charts") {
    source("HelmChart", "web", "sourceRef: {kind: " + kind + ", name: " + from + "}, " + more);
  }
};

}  // namespace

// ---- OCIRepository ----

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

// ---- HelmRepository ----

TEST_CASE("a HelmRepository's revision is the digest of the bytes that were downloaded") {
  SourceBench bench;
  bench.charts({"1.0.0", "1.1.0"});
  bench.helm_repository();
  bench.run();
  const std::string digest = base::sha256(index_of({"1.0.0", "1.1.0"})).to_string();
  CHECK(bench.state("HelmRepository", "charts") ==
        "True Succeeded stored artifact: revision '" + digest + "'");
  const Value artifact = bench.status("HelmRepository", "charts")["artifact"];
  CHECK(artifact["digest"].get_string() != digest);
  CHECK(artifact["path"].get_string() ==
        "helmrepository/flux-system/charts/index-" + digest.substr(7) + ".yaml");
}

TEST_CASE("what is no index is told apart from what is not there") {
  SourceBench bench;
  bench.helm_repository();
  bench.run();
  CHECK(bench.state("HelmRepository", "charts", "FetchFailed") ==
        "True Failed failed to fetch Helm repository index: failed to cache index to temporary "
        "file: failed to fetch https://charts.example.com/stable/index.yaml : 404 Not Found");
  CHECK(bench.state("HelmRepository", "charts", "Reconciling") ==
        "True ProgressingWithRetry building artifact");
  bench.downloads.files["https://charts.example.com/stable/index.yaml"] = "entries: {}\n";
  bench.run(20);
  CHECK(bench.state("HelmRepository", "charts", "FetchFailed") ==
        "True IndexationFailed failed to load Helm repository from index YAML: failed to load "
        "index: no API version specified");
  bench.charts({"1.0.0"});
  bench.run(60);
  CHECK(bench.state("HelmRepository", "charts").starts_with("True Succeeded"));
}

TEST_CASE("an OCI HelmRepository has neither status nor finalizer, whatever it was before") {
  SourceBench bench;
  bench.charts({"1.0.0"});
  bench.helm_repository();
  bench.run();
  bench.merge(SourceBench::id("HelmRepository", "charts"),
              R"({"spec":{"type":"oci","url":"oci://registry.example.com/team"}})");
  bench.run();
  const Value object = bench.get(SourceBench::id("HelmRepository", "charts"));
  CHECK(object["status"].empty());
  CHECK(object.path("metadata", "finalizers").empty());
}

TEST_CASE("an oci URL without the type stalls") {
  SourceBench bench;
  bench.source("HelmRepository", "charts", "url: \"oci://registry.example.com/team\"");
  bench.run();
  CHECK(bench.state("HelmRepository", "charts", "Stalled") ==
        "True URLInvalid invalid Helm repository URL: 'oci' URL scheme cannot be used with "
        "'default' HelmRepository type");
}

TEST_CASE("a repository's credentials are sent with the index and its charts") {
  SourceBench bench;
  bench.charts({"1.0.0"});
  bench.create(
      "apiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: flux-system}\n"
      "stringData: {username: you, password: secret}\n");
  bench.source("HelmRepository", "charts",
               "url: \"https://charts.example.com/stable\", secretRef: {name: login}");
  bench.chart("chart: web");
  bench.run(10);
  CHECK(bench.revision("HelmChart", "web") == "1.0.0");
  for (const std::string& call : bench.downloads.calls) CHECK(call.starts_with("you https://"));
}

TEST_CASE("an index that cannot be read is told in Go's words") {
  const std::string url = "https://charts.example.com/stable/index.yaml";
  const std::string place =
      "True IndexationFailed failed to load Helm repository from index YAML: failed to load "
      "index: ";
  const std::pair<const char*, const char*> cases[] = {
      {"apiVersion: v1\nentries: text\n",
       "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go struct "
       "field IndexFile.entries of type map[string]repo.ChartVersions"},
      {"apiVersion: v1\nentries: {}\nentries: {}\n",
       "error converting YAML to JSON: yaml: unmarshal errors:\n  line 3: key \"entries\" already "
       "set in map"},
      {"apiVersion: v1\nentries: [\n",
       "error converting YAML to JSON: yaml: line 2: did not find expected node content"},
      {"<html><body>Hello</body></html>\n",
       "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value "
       "of type repo.IndexFile"},
      {"", "empty index.yaml file"}};
  for (const auto& [index, words] : cases) {
    SourceBench bench;
    bench.downloads.files[url] = index;
    bench.helm_repository();
    bench.run();
    CHECK(bench.state("HelmRepository", "charts", "FetchFailed") == place + words);
  }
}

TEST_CASE("a repository's URL is read as Go reads it, and no login in it is told") {
  const std::pair<const char*, const char*> cases[] = {
      {"http://127.0.0.1/%zz", "parse \"http://127.0.0.1/%zz\": invalid URL escape \"%zz\""},
      {"http://x:port/a", "parse \"http://x:port/a\": invalid port \":port\" after host"},
      {"http://bad host/", "parse \"http://bad host/\": invalid character \" \" in host name"}};
  for (const auto& [url, words] : cases) {
    SourceBench bench;
    bench.source("HelmRepository", "charts", std::string("url: \"") + url + "\"");
    bench.run();
    CHECK(bench.state("HelmRepository", "charts", "Stalled") ==
          std::string("True URLInvalid invalid Helm repository URL: ") + words);
  }
  SourceBench bench;
  bench.source("HelmRepository", "charts", "url: \"http://me:hidden@bad host/\"");
  bench.run();
  CHECK(bench.state("HelmRepository", "charts", "Stalled").find("hidden") == std::string::npos);
}

TEST_CASE("a Secret that is of no use is told by its name, the key and what is missing") {
  const std::string failed = "True AuthenticationFailed ";
  const auto state = [](const std::string& keys, const std::string& field) {
    SourceBench bench;
    bench.charts({"1.0.0"});
    if (!keys.empty())
      bench.create(
          "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: flux-system}\n"
          "stringData: {" +
          keys + "}\n");
    bench.source("HelmRepository", "charts",
                 "url: \"https://charts.example.com/stable\", " + field + ": {name: s}");
    bench.run();
    return bench.state("HelmRepository", "charts", "FetchFailed");
  };
  CHECK(state("", "secretRef")
            .starts_with(failed + "failed to get authentication secret 'flux-system/s': "));
  CHECK(state("username: me", "secretRef") ==
        failed + "failed to detect authentication methods: secret 'flux-system/s': malformed basic "
                 "auth - has 'username' but missing 'password'");
  CHECK(state("password: me", "secretRef") ==
        failed + "failed to detect authentication methods: secret 'flux-system/s': malformed basic "
                 "auth - has 'password' but missing 'username'");
  CHECK(state("", "certSecretRef")
            .starts_with(failed + "failed to get TLS authentication secret 'flux-system/s': "));
  const std::string client = failed + "failed to construct Helm client's TLS config: ";
  CHECK(state("other: x", "certSecretRef") ==
        client + "secret 'flux-system/s' must contain either 'ca.crt' or both 'tls.crt' and "
                 "'tls.key'");
  CHECK(state("tls.crt: x", "certSecretRef") ==
        client + "secret 'flux-system/s' contains 'tls.crt' but missing 'tls.key'");
  // Beside a login, half a certificate is none.
  CHECK(state("username: me, password: pass, tls.crt: x", "secretRef").empty());
}

TEST_CASE("a source that fails says what it is about, and has observed no generation yet") {
  SourceBench bench;
  bench.helm_repository();
  bench.run();
  CHECK(bench.status("HelmRepository", "charts")["observedGeneration"].get_int() == -1);
  bench.charts({"1.0.0"});
  bench.run(20);
  REQUIRE(bench.state("HelmRepository", "charts").starts_with("True "));
  bench.merge(SourceBench::id("HelmRepository", "charts"),
              R"({"spec":{"url":"https://charts.example.com/none"}})");
  bench.run();
  CHECK(bench.state("HelmRepository", "charts", "Reconciling") ==
        "True ProgressingWithRetry processing object: new generation 1 -> 2");
  CHECK(bench.status("HelmRepository", "charts")["observedGeneration"].get_int() == 1);
}

TEST_CASE("a source that is suspended is of its generation as far as anything is known of it") {
  SourceBench bench;
  bench.charts({"1.0.0"});
  bench.source("HelmRepository", "never",
               "url: \"https://charts.example.com/stable\", suspend: true");
  bench.helm_repository();
  bench.run();
  CHECK(bench.status("HelmRepository", "never")["conditions"].empty());
  CHECK(bench.status("HelmRepository", "never")["observedGeneration"].get_int(-1) == -1);
  bench.merge(SourceBench::id("HelmRepository", "charts"), R"({"spec":{"suspend":true}})");
  bench.run();
  const Value status = bench.status("HelmRepository", "charts");
  CHECK(status["observedGeneration"].get_int() == 2);
  for (const Value& condition : status["conditions"].items())
    if (condition["type"].get_string() == "Ready")
      CHECK(condition["observedGeneration"].get_int() == 2);
}

TEST_CASE("who asks for a source is told that it is up to date, and nobody else is") {
  SourceBench bench;
  bench.charts({"1.0.0"});
  bench.helm_repository();
  bench.run();
  const std::size_t posted = bench.notifications.posted.size();
  bench.run(130);  // two intervals
  const std::string told = "Normal ArtifactUpToDate artifact up-to-date with remote revision: '" +
                           bench.revision("HelmRepository", "charts") + "'";
  CHECK(bench.events("charts").back() != told);
  bench.merge(SourceBench::id("HelmRepository", "charts"),
              R"({"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":"1"}}})");
  bench.run();
  CHECK(bench.events("charts").back() == told);
  CHECK(bench.notifications.posted.size() == posted);
}

TEST_CASE("sources are written by the name of Flux's source-controller") {
  SourceBench bench;
  bench.charts({"1.0.0"});
  bench.helm_repository();
  bench.run();
  const Value object = bench.get(SourceBench::id("HelmRepository", "charts"));
  std::set<std::string> managers;
  for (const Value& entry : object.path("metadata", "managedFields").items())
    managers.insert(std::string(entry["manager"].get_string()));
  CHECK(managers.count("source-controller") == 1);
  CHECK(managers.count("gotk-source-controller") == 0);
}

// ---- HelmChart ----

TEST_CASE("a repository that lets nobody in is told as such, and is no failure of the build") {
  SourceBench bench;
  bench.charts({"1.0.0"});
  bench.helm_repository();
  bench.run();
  bench.downloads.fail =
      make_error(Code::unauthorized, "failed to fetch https://x/web-1.0.0.tgz : 401 Unauthorized");
  bench.chart("chart: web");
  bench.run();
  const std::string words =
      "failed to authenticate with the Helm repository: chart pull error: failed to download chart "
      "for remote reference: failed to fetch https://x/web-1.0.0.tgz : 401 Unauthorized";
  CHECK(bench.state("HelmChart", "web") == "False Unknown unknown build error: " + words);
  CHECK(bench.state("HelmChart", "web", "FetchFailed") ==
        "True Unknown unknown build error: " + words);
  CHECK(bench.events("web").back() == "Warning AuthenticationFailed " + words);
}

TEST_CASE("no path leads out of the source that a chart is made from") {
  SourceBench bench;
  bench.commit({{"charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"},
                {"charts/web/.helmignore", "!nothing\n"},
                {"charts/db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 1.0.0\n"},
                {"prod.yaml", "a: 1\n"},
                {"plain/a.txt", "x"}});
  bench.create_repository();
  const auto state = [&](const std::string& spec) {
    const ObjectId id = SourceBench::id("HelmChart", "web");
    if (!bench.get(id).is_null()) bench.remove(id);
    bench.run();
    bench.chart(spec, "GitRepository", "repo");
    bench.run();
    return bench.state("HelmChart", "web");
  };
  CHECK(state("chart: ../../charts/db, valuesFiles: [../../prod.yaml]") ==
        "True ChartPackageSucceeded packaged 'db' chart with version '1.0.0+1' and merged values "
        "files [../../prod.yaml]");
  const std::string reference = "False InvalidChartReference invalid chart reference: ";
  CHECK(state("chart: charts/none") == reference + "stat charts/none: no such file or directory");
  CHECK(state("chart: plain") == reference + "open plain/Chart.yaml: no such file or directory");
  const std::string values = "False ValuesFilesError values files merge error: ";
  CHECK(state("chart: charts/db, valuesFiles: [none.yaml]") ==
        values + "no values file found at path '/none.yaml' (reference 'none.yaml')");
  CHECK(state("chart: charts/db, valuesFiles: [charts], ignoreMissingValuesFiles: true") ==
        values + "no values file found at path '/charts' (reference 'charts')");
  // Chart.yaml is read before .helmignore is heard.
  CHECK(state("chart: charts/web")
            .starts_with("False ChartPackageError chart package error: failed to load chart from "
                         "/charts/web/: "));
}

TEST_CASE("a dependency's range and URL are read before anything is fetched") {
  const auto state = [](const std::string& dependency) {
    SourceBench bench;
    const std::string chart = "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {";
    bench.commit({{"web/Chart.yaml", chart + dependency + "}\n"},
                  {"db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 0.1.0\n"}});
    bench.create_repository();
    bench.chart("chart: web", "GitRepository", "repo");
    bench.run(10);
    return bench.state("HelmChart", "web", "BuildFailed");
  };
  const std::string failed = "True DependencyBuildError dependency build error: failed to add ";
  CHECK(state("name: db, version: not a range, repository: 'file://../db'") ==
        failed + "local dependency 'db': invalid version/constraint format 'not a range': improper "
                 "constraint: \"not a range\"");
  CHECK(state("name: db, version: 1.x, repository: 'git://x/y'") ==
        failed + "remote dependency 'db': invalid dependency repository URL: git://x/y/");
  CHECK(state("name: db, version: 1.x, repository: '@mine'") ==
        failed + "remote dependency 'db': aliased repository dependency is not supported: @mine/");
  CHECK(state("name: db, version: 1.x, repository: 'https://charts.example.com/none'") ==
        failed + "remote dependency 'db': failed to get chart 'db' version '1.x' from "
                 "'https://charts.example.com/none': failed to cache index: failed to cache index to "
                 "temporary file: failed to fetch https://charts.example.com/none/index.yaml : 404 "
                 "Not Found");
}

TEST_CASE("what a registry answers about a chart is told in the words of Helm's client") {
  const std::string url = "GET http://registry.example.com/v2/team/web/";
  const std::string oci = "oci://registry.example.com/team/web";
  const auto state = [&](const std::string& version, Code code, const std::string& text) {
    SourceBench bench;
    bench.registry.fail = make_error(code, text);
    bench.source("HelmRepository", "charts", "type: oci, url: \"oci://registry.example.com/team\"");
    bench.chart("chart: web, version: \"" + version + "\"");
    bench.run(10);
    return bench.state("HelmChart", "web", "FetchFailed");
  };
  const std::string pull = "True ChartPullError chart pull error: failed to ";
  CHECK(state("1.0.0", Code::not_found, url + "manifests/1.0.0: MANIFEST_UNKNOWN: unknown") ==
        pull + "download chart for remote reference: failed to get '" + oci +
            ":1.0.0': failed to perform \"FetchReference\" on source: "
            "registry.example.com/team/web:1.0.0: not found");
  CHECK(state("1.x", Code::not_found,
              url + "tags/list?n=1000: NAME_UNKNOWN: not known to registry; map[name:team/web]") ==
        pull + "get chart version for remote reference: could not get tags for \"web\": could not "
               "fetch tags for \"" + oci +
            "\": GET \"http://registry.example.com/v2/team/web/tags/list\": response status code "
            "404: name unknown: not known to registry: map[name:team/web]");
  CHECK(state("1.x", Code::unauthorized, url + "tags/list: UNAUTHORIZED: authentication required")
            .ends_with("tags/list\": basic credential not found"));
  CHECK(state("1.x", Code::unavailable,
              "Get \"https://registry.example.com/v2/\": no route; Get "
              "\"http://registry.example.com/v2/\": refused")
            .ends_with("\": Get \"http://registry.example.com/v2/team/web/tags/list\": refused"));
}

TEST_CASE("a chart of a repository is kept byte for byte") {
  SourceBench bench;
  bench.charts({"1.0.0", "1.1.0"});
  bench.helm_repository();
  bench.chart("chart: web, version: 1.x");
  bench.run(10);
  CHECK(bench.state("HelmChart", "web") ==
        "True ChartPullSucceeded pulled 'web' chart with version '1.1.0'");
  const Value status = bench.status("HelmChart", "web");
  CHECK(status.path("artifact", "digest").get_string() ==
        base::sha256(chart_package("1.1.0")).to_string());
  CHECK(status.path("artifact", "path").get_string() == "helmchart/flux-system/web/web-1.1.0.tgz");
  CHECK(status["observedChartName"].get_string() == "web");
  CHECK(status["observedSourceArtifactRevision"].get_string() ==
        bench.revision("HelmRepository", "charts"));
  CHECK(bench.events("web").back() ==
        "Normal ChartPullSucceeded pulled 'web' chart with version '1.1.0'");
}

TEST_CASE("a new version in the index makes a new chart; the same one is not downloaded again") {
  SourceBench bench;
  bench.charts({"1.0.0"});
  bench.helm_repository();
  bench.chart("chart: web");
  bench.run(10);
  bench.downloads.calls.clear();
  bench.run(70);
  for (const std::string& call : bench.downloads.calls) CHECK(call.ends_with("/index.yaml"));
  bench.charts({"1.0.0", "2.0.0"});
  bench.run(70);
  CHECK(bench.revision("HelmChart", "web") == "2.0.0");
}

TEST_CASE("a version that the index lacks stalls until the index has it") {
  SourceBench bench;
  bench.charts({"1.0.0"});
  bench.helm_repository();
  bench.chart("chart: web, version: 9.x");
  bench.run(10);
  CHECK(
      bench.state("HelmChart", "web", "Stalled") ==
      "True InvalidChartReference invalid chart reference: failed to get chart version for remote "
      "reference: no 'web' chart with version matching '9.x' found");
  bench.charts({"9.0.0"});
  bench.run(70);
  CHECK(bench.revision("HelmChart", "web") == "9.0.0");
  CHECK(bench.state("HelmChart", "web", "Stalled").empty());
}

TEST_CASE("values files replace a chart's defaults and show in its version") {
  SourceBench bench;
  bench.charts({"1.0.0"});
  bench.helm_repository();
  bench.chart(
      "chart: web, valuesFiles: [values.yaml, extra.yaml, none.yaml], "
      "ignoreMissingValuesFiles: true");
  bench.run(10);
  CHECK(bench.state("HelmChart", "web") ==
        "True ChartPackageSucceeded packaged 'web' chart with version '1.0.0+1' and merged values "
        "files [values.yaml extra.yaml]");
  CHECK(bench.status("HelmChart", "web")["observedValuesFiles"].size() == 2);
  bench.merge(SourceBench::id("HelmChart", "web"),
              R"({"spec":{"ignoreMissingValuesFiles":false}})");
  bench.run(10);
  CHECK(bench.state("HelmChart", "web", "BuildFailed") ==
        "True ValuesFilesError values files merge error: failed to merge chart values: no values "
        "file found at path 'none.yaml'");
  CHECK(bench.state("HelmChart", "web", "Stalled").starts_with("True ValuesFilesError"));
}

TEST_CASE("a chart from Git carries the commit where it follows revisions") {
  SourceBench bench;
  const auto commit = [&](const std::string& text) {
    bench.commit({{"charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"},
                  {"charts/web/values.yaml", "a: 1\n"},
                  {"charts/web/templates/x.yaml", text},
                  {"prod.yaml", "a: 2\n"}});
  };
  commit("one");
  bench.create_repository();
  bench.chart("chart: ./charts/web, reconcileStrategy: Revision, valuesFiles: [prod.yaml]",
              "GitRepository", "repo");
  bench.run(10);
  const std::string before = bench.revision("HelmChart", "web");
  CHECK(before == "1.0.0+" + bench.git.revision().substr(10, 12) + ".1");
  CHECK(bench.state("HelmChart", "web").starts_with("True ChartPackageSucceeded packaged"));
  commit("two");
  bench.run(70);
  CHECK(bench.revision("HelmChart", "web") ==
        "1.0.0+" + bench.git.revision().substr(10, 12) + ".1");
  CHECK(bench.revision("HelmChart", "web") != before);
}

TEST_CASE("a chart from Git that follows versions ignores commits without a new one") {
  SourceBench bench;
  const auto commit = [&](const std::string& version, const std::string& text) {
    bench.commit({{"web/Chart.yaml", "apiVersion: v2\nname: web\nversion: " + version + "\n"},
                  {"web/templates/x.yaml", text}});
  };
  commit("1.0.0", "one");
  bench.create_repository();
  bench.chart("chart: web", "GitRepository", "repo");
  bench.run(10);
  const std::string digest(
      bench.status("HelmChart", "web").path("artifact", "digest").get_string());
  commit("1.0.0", "two");
  bench.run(70);
  CHECK(bench.status("HelmChart", "web").path("artifact", "digest").get_string() == digest);
  commit("1.0.1", "three");
  bench.run(70);
  CHECK(bench.revision("HelmChart", "web") == "1.0.1");
}

TEST_CASE("missing dependencies of a chart from Git are fetched from declared and local charts") {
  SourceBench bench;
  bench.charts({"1.0.0", "1.4.0"});
  bench.helm_repository();
  bench.commit({{"umbrella/Chart.yaml",
                 "apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n"
                 "- {name: web, version: 1.x, repository: 'https://charts.example.com/stable/'}\n"
                 "- {name: db, version: '*', repository: 'file://../db'}\n"},
                {"db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 0.1.0\n"}});
  bench.create_repository();
  bench.chart("chart: umbrella", "GitRepository", "repo");
  bench.run(10);
  CHECK(bench.state("HelmChart", "web") ==
        "True ChartPackageSucceeded packaged 'umbrella' chart with version '1.0.0'");
  CHECK(std::find(bench.downloads.calls.begin(), bench.downloads.calls.end(),
                  "https://charts.example.com/stable/web-1.4.0.tgz") !=
        bench.downloads.calls.end());
}

TEST_CASE("a dependency that nobody has is a build failure that is retried") {
  SourceBench bench;
  bench.commit({{"web/Chart.yaml",
                 "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n"
                 "- {name: db, version: '*', repository: 'file://../../../etc'}\n"}});
  bench.create_repository();
  bench.chart("chart: web", "GitRepository", "repo");
  bench.run(10);
  CHECK(bench.state("HelmChart", "web", "BuildFailed")
            .starts_with("True DependencyBuildError dependency build error: failed to add local "
                         "dependency 'db': no chart found at"));
  CHECK(bench.state("HelmChart", "web", "Stalled").empty());
}

TEST_CASE("a chart waits for its source, and says for which") {
  SourceBench bench;
  bench.chart("chart: web");
  bench.run(10);
  CHECK(bench.state("HelmChart", "web", "FetchFailed") ==
        "True SourceUnavailable failed to get source: HelmRepository.source.toolkit.fluxcd.io "
        "\"charts\" not found");
  bench.helm_repository();
  bench.run(20);
  CHECK(bench.state("HelmChart", "web", "FetchFailed") ==
        "True NoSourceArtifact no artifact available for HelmRepository source 'charts'");
  bench.charts({"1.0.0"});
  bench.run(120);
  CHECK(bench.revision("HelmChart", "web") == "1.0.0");
}

TEST_CASE("a chart in a registry is found by range with plus signs for underscores") {
  SourceBench bench;
  for (const char* version : {"1.0.0", "1.2.0+b", "2.0.0"}) {
    std::string tag = version;
    std::replace(tag.begin(), tag.end(), '+', '_');
    auto& image = bench.registry.repositories["oci://registry.example.com/team/web"][tag];
    image.layer = chart_package(version);
    image.media_type = chart_layer;
  }
  bench.source("HelmRepository", "charts", "type: oci, url: \"oci://registry.example.com/team\"");
  bench.chart("chart: web, version: 1.x");
  bench.run(10);
  CHECK(bench.revision("HelmChart", "web") == "1.2.0+b");
  bench.merge(SourceBench::id("HelmChart", "web"), R"({"spec":{"version":"9.x"}})");
  bench.run(10);
  CHECK(bench.state("HelmChart", "web", "FetchFailed") ==
        "True ChartPullError chart pull error: failed to get chart version for remote reference: "
        "could not locate a version matching provided version string 9.x");
  CHECK(bench.state("HelmChart", "web", "Stalled").empty());
}

// ---- other controllers' sources ----

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

TEST_CASE("a Bucket that nobody serves is refused, one that is served is left alone") {
  SourceBench bench;
  bench.source("Bucket", "mine", "bucketName: b, endpoint: s3.example.com");
  bench.run();
  CHECK(bench.state("Bucket", "mine", "Stalled") ==
        "True UnsupportedField sources of kind Bucket are not supported by this version of weir");
}

}  // namespace weir::test
