// Charts of registries, post render strategies and what feature gates change: contract H2.4, H7.6,
// H8.7, H8.8 and H10.2.
#include <catch2/catch.hpp>

#include "engine/base/targz.hh"
#include "tests/support/release_bench.hh"

namespace weir::test {
namespace {

constexpr const char* registry_url = "oci://registry.example.com/charts/shop";

// An OCIRepository "shop" whose tag `tag` holds the chart shop 6.6.1, and a HelmRelease of it.
std::string publish(ReleaseBench& bench, const std::string& tag) {
  base::MemoryFileTree tree;
  tree.add("shop/Chart.yaml", chart_yaml("6.6.1"));
  tree.add("shop/templates/config.yaml",
           "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}-settings'}\n"
           "data: {message: '{{ .Chart.Version }}'}\n");
  auto& image = bench.registry.repositories[registry_url][tag];
  image.layer = *base::pack_targz(tree);
  image.media_type = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
  bench.create(
      "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\n"
      "metadata: {name: shop, namespace: flux-system}\n"
      "spec: {interval: 1m, url: '" +
      std::string(registry_url) + "', ref: {tag: '" + tag + "'}}\n");
  bench.create(
      "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
      "metadata: {name: web, namespace: flux-system}\n"
      "spec: {interval: 10m, targetNamespace: default, releaseName: web,\n"
      "  chartRef: {kind: OCIRepository, name: shop}}\n");
  bench.run(10);
  return image.digest();
}

// A hook and a template with one name, and a template of its own.
void twins(ReleaseBench& bench, const std::string& spec) {
  bench.chart({{"chart/templates/hook.yaml",
                "apiVersion: v1\nkind: ConfigMap\n"
                "metadata: {name: twin, annotations: {helm.sh/hook: post-install}}\n"},
               {"chart/templates/twin.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twin}\n"}});
  bench.release("{message: one}", spec);
  bench.run(10);
}

// A pre-install hook beside the template.
void hooked(ReleaseBench& bench, const std::string& spec) {
  bench.chart({{"chart/templates/hook.yaml",
                "apiVersion: v1\nkind: ConfigMap\n"
                "metadata: {name: hook, annotations: {helm.sh/hook: pre-install}}\n"}});
  bench.release("{message: one}", spec);
  bench.run(10);
}

std::string origin_of(ReleaseBench& bench, const std::string& name) {
  const Value object = bench.get(object_id("ConfigMap", "default", name));
  if (object.is_null()) return "absent";
  return std::string(object.path("metadata", "labels", "helm.toolkit.fluxcd.io/name").get_string());
}

class OneHost final : public helm::HostNames {
 public:
  std::vector<std::string> addresses(const std::string& name) override {
    if (name != "db.example.com") return {};
    return {"192.0.2.7"};
  }
};

class OneDocument final : public helm::SchemaLoader {
 public:
  Result<std::string> load(const std::string& url, std::chrono::milliseconds) override {
    if (url == "https://schemas.example.com/text.json") return std::string(R"({"type":"string"})");
    return make_error(Code::not_found,
                      "HTTP request to " + url + " returned status 404 (Not Found)");
  }
};

}  // namespace

TEST_CASE("H2.4: the digest of a registry's chart is in its version") {
  ReleaseBench bench;
  const std::string digest = publish(bench, "6.6.1");
  const std::string version = "6.6.1+" + digest.substr(7, 12);
  CHECK(bench.setting() == version);
  const Value status = bench.get(release_id)["status"];
  CHECK(status["lastAttemptedRevision"].get_string() == version);
  CHECK(status["lastAttemptedRevisionDigest"].get_string() == digest);
  CHECK(status["history"].at(0)["ociDigest"].get_string() == digest);
  CHECK(status["history"].at(0)["chartVersion"].get_string() == version);
}

TEST_CASE("H2.4: a tag that is no version names any chart") {
  ReleaseBench bench;
  const std::string digest = publish(bench, "latest");
  CHECK(bench.setting() == "6.6.1+" + digest.substr(7, 12));
}

TEST_CASE("H2.4: a tag that is another version than the chart's is refused") {
  ReleaseBench bench;
  publish(bench, "6.6.2");
  CHECK(bench.state("Ready").starts_with("False ChartMutateError"));
  CHECK(bench.stored().empty());
}

TEST_CASE("H2.4: DisableChartDigestTracking leaves the version as the chart says it") {
  ReleaseBench bench;
  bench.options.chart_digest_in_version = false;
  bench.restart();
  const std::string digest = publish(bench, "6.6.1");
  CHECK(bench.setting() == "6.6.1");
  const Value status = bench.get(release_id)["status"];
  CHECK(status["lastAttemptedRevisionDigest"].get_string() == digest);
  CHECK(status["history"].at(0)["ociDigest"].get_string() == digest);
}

TEST_CASE("H7.6: DefaultToRetryOnFailure counts where no strategy is named") {
  const bool named = GENERATE(false, true);
  ReleaseBench bench;
  bench.options.helm_defaults.retry_on_failure = true;
  bench.restart();
  bench.release("{message: one, extra: '{bad: map}'}",
                named ? "  install: {strategy: {name: RemediateOnFailure}}\n" : "");
  bench.run(20);
  if (named) {
    CHECK(bench.state("Stalled").starts_with("True RetriesExceeded"));
  } else {
    CHECK(bench.state("Stalled").empty());
    CHECK(bench.state("Reconciling").starts_with("True ProgressingWithRetry"));
  }
}

TEST_CASE("H8.7: UseHelm3Defaults installs client-side and leaves hooks as they are") {
  const bool helm3 = GENERATE(false, true);
  ReleaseBench bench;
  bench.options.helm_defaults.helm3 = helm3;
  bench.restart();
  hooked(bench, "");
  auto record = helm::read_release_secret(
      bench.get(object_id("Secret", "flux-system", helm::release_key("web", 1))));
  REQUIRE(record.ok());
  CHECK(record->apply_method == (helm3 ? "csa" : "ssa"));
  CHECK(origin_of(bench, "hook") == (helm3 ? "" : "web"));
  CHECK(origin_of(bench, "web-settings") == "web");
}

TEST_CASE("H8.7: UseHelm3Defaults yields to what the spec says") {
  const model::HelmDefaults helm3{true, false};
  const auto decoded = [&](const std::string& more) {
    auto object = value::parse_yaml(
        "metadata: {name: a, namespace: b}\n"
        "spec: {interval: 1m, chartRef: {kind: HelmChart, name: c}" + more + "}\n");
    REQUIRE(object.ok());
    auto spec = model::decode_helm_release(*object, helm3);
    REQUIRE(spec.ok());
    return *std::move(spec);
  };
  CHECK(decoded("").legacy_wait);
  CHECK(decoded("").install.apply == model::ApplyMode::client);
  CHECK(decoded("").upgrade.apply == model::ApplyMode::same);
  const auto spec = decoded(
      ", waitStrategy: {name: poller}, postRenderStrategy: combined,"
      " install: {serverSideApply: true}");
  CHECK_FALSE(spec.legacy_wait);
  CHECK(spec.post_render_strategy == model::PostRenderStrategy::combined);
  CHECK(spec.install.apply == model::ApplyMode::server);
}

TEST_CASE("H8.8: names of hosts are looked up where the operator lets them be") {
  const bool allowed = GENERATE(false, true);
  OneHost host;
  ReleaseBench bench;
  if (allowed) bench.hosts = &host;
  bench.restart();
  bench.chart({{"chart/templates/host.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: host}\n"
                "data: {address: '{{ getHostByName \"db.example.com\" }}'}\n"}});
  bench.release("{message: one}");
  bench.run(10);
  CHECK(bench.get(object_id("ConfigMap", "default", "host")).path("data", "address").get_string() ==
        (allowed ? "192.0.2.7" : ""));
}

TEST_CASE("H8.8: a chart's schema may lead to another document") {
  struct Case {
    std::string document, message, state;
  };
  const Case cases[] = {
      {"text.json", "one", "True InstallSucceeded"},
      {"text.json", "1", "- at '/message': got number, want string"},
      {"gone.json", "one",
       "failing loading \"https://schemas.example.com/gone.json\": HTTP request to "
       "https://schemas.example.com/gone.json returned status 404 (Not Found)"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.document, one.message);
    OneDocument documents;
    ReleaseBench bench;
    bench.schemas = &documents;
    bench.restart();
    bench.chart({{"chart/values.schema.json",
                  R"({"properties":{"message":{"$ref":"https://schemas.example.com/)" +
                      one.document + R"("}}})"}});
    bench.release("{message: " + one.message + "}");
    bench.run(10);
    CHECK(bench.state("Ready").find(one.state) != std::string::npos);
  }
}

TEST_CASE("H8.8: a kubeVersion that the server does not meet fails the release") {
  ReleaseBench bench;
  bench.commit({{"chart/Chart.yaml", chart_yaml() + "kubeVersion: '>=1.99.0'\n"},
                {"chart/templates/config.yaml", config_template}});
  bench.release("{message: one}");
  bench.run(10);
  CHECK(bench.state("Ready").find("chart requires kubeVersion: >=1.99.0 which is incompatible with "
                                  "Kubernetes v1.") != std::string::npos);
}

TEST_CASE("H10.2: a hook and a template of one name pass apart, not together") {
  ReleaseBench together;
  twins(together, "");
  CHECK(together.state("Ready").find("may not add resource with an already registered id: "
                                     "ConfigMap.v1.[noGrp]/twin.[noNs]") != std::string::npos);
  ReleaseBench apart;
  twins(apart, "  postRenderStrategy: separate\n");
  CHECK(apart.state("Ready").starts_with("True InstallSucceeded"));
  CHECK(origin_of(apart, "twin") == "web");
}

TEST_CASE("H10.2: a list among the templates is taken apart, so that its items have the labels") {
  ReleaseBench bench;
  bench.commit({{"chart/Chart.yaml", chart_yaml()},
                {"chart/templates/list.yaml",
                 "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n"
                 "  metadata: {name: listed}\n"}});
  bench.release("{}");
  bench.run(10);
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
  CHECK(origin_of(bench, "listed") == "web");
}

TEST_CASE("H10.2: an object without a name is refused before anything is applied") {
  ReleaseBench bench;
  bench.commit({{"chart/Chart.yaml", chart_yaml()},
                {"chart/templates/config.yaml", config_template},
                {"chart/templates/nameless.yaml", "apiVersion: v1\nkind: ConfigMap\n"}});
  bench.release("{message: one}");
  bench.run(10);
  CHECK(bench.state("Ready").find(
            "error while running post render on files: missing metadata.name in object {{v1 "
            "ConfigMap} {{ } map[] map[postrenderer.helm.sh/postrender-filename:") !=
        std::string::npos);
  CHECK(bench.get(object_id("ConfigMap", "default", "web-settings")).is_null());
}

TEST_CASE("H10.2: hooks are post-rendered unless the spec says otherwise") {
  const std::string strategy = GENERATE("combined", "separate", "nohooks");
  ReleaseBench bench;
  hooked(bench, "  postRenderStrategy: " + strategy +
                    "\n  commonMetadata: {annotations: {team: a}}\n");
  CHECK(origin_of(bench, "hook") == (strategy == "nohooks" ? "" : "web"));
  CHECK(origin_of(bench, "web-settings") == "web");
  const Value hook = bench.get(object_id("ConfigMap", "default", "hook"));
  const Value& annotations = hook.path("metadata", "annotations");
  CHECK(annotations["team"].get_string() == (strategy == "nohooks" ? "" : "a"));
  CHECK(annotations["postrenderer.helm.sh/postrender-filename"].is_null());
}

}  // namespace weir::test
