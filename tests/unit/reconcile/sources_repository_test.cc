#include <catch2/catch.hpp>

#include <set>

#include "tests/support/source_bench.hh"

namespace weir::test {

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

}  // namespace weir::test
