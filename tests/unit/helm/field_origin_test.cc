#include <catch2/catch.hpp>

#include "engine/base/digest.hh"
#include "engine/helm/field_origin.hh"

using namespace weir;
using helm::OriginStep;

namespace {

constexpr const char* deployment = R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "web.fullname" . }}
  {{- with .Values.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicaCount }}
  {{- end }}
  template:
    spec:
      containers:
      - name: sidecar
        image: busybox
      - name: {{ .Chart.Name }}
        image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
        resources:
          {{- toYaml .Values.resources | nindent 10 }}
        env:
        - {name: A, value: b}
)";

constexpr const char* rendered = R"(---
# Source: web/templates/service.yaml
apiVersion: v1
kind: Service
metadata: {name: web}
---
# Source: web/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
---
# Source: web/charts/cache/templates/cache.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: cache, namespace: other}
)";

helm::Release release() {
  helm::Release out;
  const Value file = Value::object({{"name", "templates/deployment.yaml"},
                                    {"data", base::base64_encode(deployment)}});
  Value templates = Value::array();
  templates.push_back(file);
  out.chart = Value::object({{"metadata", Value::object({{"name", "web"}, {"version", "1.0.0"}})},
                             {"templates", std::move(templates)}});
  out.manifest = rendered;
  return out;
}

helm::ObjectTemplate web() {
  return helm::find_template(release(), {{"apps", "v1", "Deployment"}, "apps", "web"});
}

std::vector<OriginStep> members(std::initializer_list<const char*> names) {
  std::vector<OriginStep> out;
  for (const char* name : names) out.push_back({name, 0});
  return out;
}

}  // namespace

TEST_CASE("the template of an object is the one that its Source line names") {
  CHECK(web().path() == "web/templates/deployment.yaml");
  CHECK(web().has_text());
  const auto cache = helm::find_template(release(), {{"", "v1", "ConfigMap"}, "other", "cache"});
  CHECK(cache.path() == "web/charts/cache/templates/cache.yaml");
  CHECK_FALSE(cache.has_text());
  CHECK(cache.origin_of(members({"data"})).line == 0);
  const auto none = helm::find_template(release(), {{"", "v1", "ConfigMap"}, "apps", "cache"});
  CHECK(none.path().empty());
}

TEST_CASE("a field is laid to its line and the value that the line prints") {
  const auto replicas = web().origin_of(members({"spec", "replicas"}));
  CHECK(replicas.line == 11);
  CHECK(replicas.values == std::vector<std::string>{"replicaCount"});
  CHECK(web().origin_of(members({"metadata", "name"})).line == 4);
  CHECK(web().origin_of(members({"metadata", "name"})).values.empty());
}

TEST_CASE("list items are told apart by their number") {
  auto trail = members({"spec", "template", "spec", "containers"});
  trail.push_back({"", 1});
  trail.push_back({"image", 0});
  const auto second = web().origin_of(trail);
  CHECK(second.line == 19);
  CHECK(second.values == std::vector<std::string>{"image.repository", "image.tag"});
  trail[4].index = 0;
  const auto first = web().origin_of(trail);
  CHECK(first.line == 17);
  CHECK(first.values.empty());
}

TEST_CASE("what a value prints as a whole is laid to the member below it") {
  auto trail = members({"spec", "template", "spec", "containers"});
  trail.push_back({"", 1});
  for (const char* name : {"resources", "limits", "cpu"}) trail.push_back({name, 0});
  const auto cpu = web().origin_of(trail);
  CHECK(cpu.line == 20);
  CHECK(cpu.values == std::vector<std::string>{"resources.limits.cpu"});
  const auto annotation = web().origin_of(members({"metadata", "annotations", "team"}));
  CHECK(annotation.line == 6);
  CHECK(annotation.values == std::vector<std::string>{"annotations.team"});
}

TEST_CASE("a field that the template does not spell out is not laid to another one's line") {
  CHECK(web().origin_of(members({"status", "phase"})).line == 0);
  CHECK(web().origin_of({}).line == 0);
}
