#include <catch2/catch.hpp>

#include "tests/support/source_bench.hh"

namespace weir::test {

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

}  // namespace weir::test
