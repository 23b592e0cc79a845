// The engine beside HelmRepositories, HelmCharts and OCIRepositories, whose servers are in memory.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/targz.hh"
#include "engine/helm/package.hh"
#include "engine/model/kinds/source_spec.hh"
#include "engine/reconcile/status.hh"
#include "tests/support/engine_bench.hh"

namespace weir::test {

inline constexpr const char* oci_url = "oci://registry.example.com/team/app";
inline constexpr const char* chart_layer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

inline std::string packed(const std::map<std::string, std::string>& files) {
  base::MemoryFileTree tree;
  for (const auto& [path, text] : files) tree.add(path, text);
  return *base::pack_targz(tree);
}

inline std::string chart_package(const std::string& version, const std::string& values = "a: 1\n") {
  return packed({{"web/Chart.yaml", "apiVersion: v2\nname: web\nversion: " + version + "\n"},
                 {"web/values.yaml", values},
                 {"web/extra.yaml", "b: 2\n"}});
}

inline std::string index_of(const std::vector<std::string>& versions) {
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

}  // namespace weir::test
