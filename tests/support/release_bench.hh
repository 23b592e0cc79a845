// A HelmRelease "web" on the engine's bench: a chart from Git, and words for what became of it.
#pragma once

#include <map>
#include <string>

#include "engine/helm/release.hh"
#include "engine/model/kinds/helm_chart.hh"
#include "engine/reconcile/status.hh"
#include "tests/support/engine_bench.hh"

namespace weir::test {

inline const ObjectId release_id{model::helm_release_gvk, "flux-system", "web"};

inline std::string chart_yaml(const std::string& version = "1.0.0") {
  return "apiVersion: v2\nname: shop\nversion: " + version + "\nappVersion: '3.1'\n";
}

inline const std::string config_template =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}-settings'}\n"
    "data:\n  message: {{ .Values.message | quote }}\n"
    "  {{- if .Values.extra }}\n  extra: {{ .Values.extra }}\n  {{- end }}\n";

class ReleaseBench : public EngineBench {
 public:
  ReleaseBench() {
    chart({});
    create_repository();
  }
  ~ReleaseBench() { require_same_decisions(); }
  void chart(std::map<std::string, std::string> more, const std::string& version = "1.0.0") {
    more["chart/Chart.yaml"] = chart_yaml(version);
    more["chart/values.yaml"] = "message: hello\n";
    more.emplace("chart/templates/config.yaml", config_template);
    commit(more);
  }
  // `spec`: YAML of further fields, two blanks deep.
  void release(const std::string& values, const std::string& spec = "") {
    std::string yaml =
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
        "metadata: {name: web, namespace: flux-system}\n"
        "spec:\n  interval: 10m\n  targetNamespace: default\n  releaseName: web\n"
        "  chart: {spec: {chart: ./chart, reconcileStrategy: Revision,"
        " sourceRef: {kind: GitRepository, name: repo}}}\n";
    create(yaml.append("  values: ").append(values).append("\n").append(spec));
  }
  std::string state(std::string_view type) {
    const Value status = get(release_id)["status"];
    std::string text(reconcile::condition_text(status, type, "status"));
    if (text.empty()) return text;
    text.append(" ").append(reconcile::condition_text(status, type, "reason"));
    return text.append(" ").append(reconcile::condition_text(status, type, "message"));
  }
  std::string setting(std::string_view key = "message") {
    return std::string(
        get(object_id("ConfigMap", "default", "web-settings")).path("data", key).get_string());
  }
  // "v2 deployed, v1 superseded": what Helm's storage holds.
  std::string stored() {
    std::string out;
    for (int version = 9; version > 0; --version) {
      const Value secret =
          get(object_id("Secret", "flux-system", helm::release_key("web", version)));
      if (secret.is_null()) continue;
      auto record = helm::read_release_secret(secret);
      if (!record.ok()) return "unreadable: " + record.error().message;
      out += (out.empty() ? "v" : ", v") + std::to_string(version) + " " + record->status;
    }
    return out;
  }
  void request(const std::string& token, bool force = false) {
    std::string body = R"({"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":")" + token;
    if (force) body += R"(","reconcile.fluxcd.io/forceAt":")" + token;
    merge(release_id, body + R"("}}})");
  }
};

}  // namespace weir::test
