// What a Kustomization's build does around kustomize: contract K4 and K5, by number.
#include "engine/reconcile/render.hh"

#include <catch2/catch.hpp>

#include "engine/kustomize/generate.hh"
#include "engine/value/yaml.hh"
#include "tests/support/config_objects.hh"

using namespace weir;
using namespace weir::reconcile;

namespace {

constexpr std::string_view config_map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
constexpr std::string_view deployment =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: "
    "{containers: [{name: m, image: app:1}]}}}\n";

Value yaml(std::string_view text) { return value::parse_yaml(text).value(); }

model::KustomizationSpec spec_of(const std::string& fields) {
  const auto spec = model::decode_kustomization(
      yaml("apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: k, "
           "namespace: ns}\nspec: {interval: 10m, prune: false, sourceRef: {kind: GitRepository, "
           "name: g}, " +
           fields + "}"));
  REQUIRE(spec.ok());
  return *spec;
}

// The objects, or "error: ...", of a tree of {path, text} built with a spec.
std::string built(const std::vector<std::pair<std::string, std::string>>& files,
                  std::string_view spec = "{}", BuildInputs inputs = {}) {
  base::MemoryFileTree tree;
  for (const auto& [path, text] : files) tree.add(path, text);
  auto resources = build_resources(tree, "app", yaml(spec), inputs);
  return resources.ok() ? kustomize::write_resources(*resources)
                        : "error: " + resources.error().message;
}

std::string substituted(const std::string& text, const std::string& fields, bool strict = true) {
  const model::KustomizationSpec spec = spec_of(fields);
  const auto variables = read_variables(nullptr, "ns", spec);
  if (!variables.ok()) return "error: " + variables.error().message;
  std::vector<Value> resources;
  value::YamlOptions options;
  options.dialect = value::YamlDialect::kustomize;
  auto documents = value::parse_yaml_documents(text, options);
  REQUIRE(documents.ok());
  for (value::YamlDocument& document : *documents) resources.push_back(std::move(document.value));
  const auto done = substitute_all(resources, *variables, spec, strict);
  return done.ok() ? kustomize::write_resources(resources) : "error: " + done.error().message;
}

}  // namespace

TEST_CASE("K4.1, K4.2 a spec's patches see names without prefix and before targetNamespace") {
  const std::string text = built(
      {{"app/d.yaml", std::string(deployment)}},
      "{targetNamespace: prod, namePrefix: p-, nameSuffix: -s, patches: [{target: {kind: "
      "Deployment, name: d}, patch: '- {op: add, path: /spec/replicas, value: 3}'}], images: "
      "[{name: app, newTag: '2'}]}");
  CHECK_THAT(text, Catch::Contains("name: p-d-s\n  namespace: prod"));
  CHECK_THAT(text, Catch::Contains("replicas: 3"));
  CHECK_THAT(text, Catch::Contains("image: app:2"));
  // Local configuration does not reach the output.
  CHECK(built({{"app/c.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, annotations: "
                "{config.kubernetes.io/local-config: 'true'}}\n"}})
            .empty());
}

TEST_CASE("K4.3 paths may leave the folder, never the artifact; remote bases can be refused") {
  const std::string up = "resources: [../shared/c.yaml]\n";
  CHECK_THAT(built({{"app/kustomization.yaml", up}, {"shared/c.yaml", std::string(config_map)}}),
             Catch::Contains("name: c"));
  CHECK_THAT(built({{"app/kustomization.yaml", "resources: [../../etc/c.yaml]\n"}}),
             Catch::StartsWith("error: ") && Catch::Contains("fs-security-constraint"));
  BuildInputs local;
  local.allow_remote = false;
  CHECK_THAT(built({{"app/kustomization.yaml", "resources: ['https://x.example/a/b']\n"}}, "{}",
                   local),
             Catch::Contains("not allowed"));
}

TEST_CASE("K4.4 images of the spec are merged by exact name; tag and digest are one unit") {
  const auto merged = [](const std::string& known, const std::string& image) {
    base::MemoryFileTree tree;
    tree.add("kustomization.yaml", "resources: []\nimages: [" + known + "]\n");
    const auto made =
        kustomize::generate_kustomization(tree, "", yaml("{images: [" + image + "]}"));
    REQUIRE(made.ok());
    return made->kustomization["images"];
  };
  CHECK(merged("{name: a, newTag: '1'}", "{name: a, newName: b}") ==
        yaml("[{name: a, newTag: '1', newName: b}]"));
  CHECK(merged("{name: a, digest: 'sha256:1'}", "{name: a, newTag: '2'}") ==
        yaml("[{name: a, newTag: '2'}]"));
  CHECK(merged("{name: a, newName: b, newTag: '1'}", "{name: a, digest: 'sha256:2'}") ==
        yaml("[{name: a, newName: b, digest: 'sha256:2'}]"));
  CHECK(merged("{name: a, newTag: '1'}", "{name: a, newTag: '2', digest: 'sha256:2'}") ==
        yaml("[{name: a, newTag: '2', digest: 'sha256:2'}]"));
  CHECK(merged("{name: 'a.*', newTag: '1'}", "{name: ab, newTag: '2'}") ==
        yaml("[{name: 'a.*', newTag: '1'}, {name: ab, newTag: '2'}]"));
}

TEST_CASE("K4.5 components are local, and may be missing when that is asked for") {
  for (const std::string path : {"git::x", "gh:x", "ssh://x", "https://x", "http://x", "git@x",
                                 "github.com:x", "github.com/x", "/abs"}) {
    INFO(path);
    CHECK_THAT(built({{"app/c.yaml", std::string(config_map)}}, "{components: ['" + path + "']}"),
               Catch::Contains("component path '" + path + "' must be local and relative"));
  }
  CHECK_THAT(built({{"app/c.yaml", std::string(config_map)}}, "{components: [../gone]}"),
             Catch::StartsWith("error: "));
  CHECK_THAT(built({{"app/c.yaml", std::string(config_map)}},
                   "{components: [../gone], ignoreMissingComponents: true}"),
             Catch::Contains("name: c"));
}

TEST_CASE("K4.6 a file that only generates gets origins, unless the spec says otherwise") {
  const std::pair<std::string, std::string> file = {
      "app/kustomization.yaml", "configMapGenerator: [{name: g, literals: [a=b]}]\n"};
  CHECK_THAT(built({file}), Catch::Contains("config.kubernetes.io/origin"));
  const std::string other = built({file}, "{buildMetadata: [transformerAnnotations]}");
  CHECK_THAT(other, !Catch::Contains("config.kubernetes.io/origin"));
}

TEST_CASE("K4.7 lists are taken apart, kustomizations are left out, nameless objects fail") {
  const std::string text = substituted(
      "apiVersion: example.com/v1\nkind: WidgetList\nitems:\n- {apiVersion: example.com/v1, kind: "
      "Widget, metadata: {name: one}}\n- {apiVersion: example.com/v1, kind: Widget, metadata: "
      "{name: two}}\n---\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: "
      "Kustomization\nmetadata: {name: k}\n---\napiVersion: "
      "kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: flux}\n",
      "");
  CHECK_THAT(text, Catch::StartsWith("apiVersion: example.com/v1\nkind: Widget\n"));
  CHECK_THAT(text, Catch::Contains("name: one") && Catch::Contains("name: two"));
  CHECK_THAT(text, Catch::Contains("name: flux") && !Catch::Contains("kustomize.config.k8s.io"));
  CHECK_THAT(built({{"app/c.yaml", "kind: ConfigMap\nmetadata: {name: c}\n"}}),
             Catch::Contains("failed to decode Kubernetes apiVersion, kind and name from: "));
}

TEST_CASE("K4.8 a schema of one build is gone in the next") {
  const std::string widget =
      "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {list: [{name: a}]}\n";
  const std::string patches =
      "resources: [w.yaml]\npatches: [{patch: '{apiVersion: example.com/v1, kind: Widget, "
      "metadata: {name: w}, spec: {list: [{name: b}]}}'}]\n";
  const std::string schema =
      R"({"definitions": {"w": {"x-kubernetes-group-version-kind": [{"group": "example.com",
      "kind": "Widget", "version": "v1"}], "properties": {"spec": {"properties": {"list":
      {"type": "array", "items": {"type": "object"}, "x-kubernetes-patch-strategy": "merge",
      "x-kubernetes-patch-merge-key": "name"}}}}}}})";
  const auto with_schema = [&] {
    return built({{"app/kustomization.yaml", patches + "openapi: {path: s.json}\n"},
                  {"app/s.json", schema},
                  {"app/w.yaml", widget}});
  };
  const auto without = [&] {
    return built({{"app/kustomization.yaml", patches}, {"app/w.yaml", widget}});
  };
  CHECK_THAT(with_schema(), Catch::Contains("- name: b\n  - name: a"));
  CHECK_THAT(without(), Catch::Contains("- name: b") && !Catch::Contains("- name: a"));
  CHECK_THAT(with_schema(), Catch::Contains("- name: a"));
}

TEST_CASE("K4.9 what a directory without a kustomization file lists") {
  const std::string other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ";
  const std::string text = built({{"app/b.yaml", other + "b}\n"},
                                  {"app/a/c.yml", other + "c}\n"},
                                  {"app/.sourceignore", "a/\n*.yaml\n"},
                                  {"app/.github/d.yaml", other + "d}\n"},
                                  {"app/note.json", other + "e}\n"},
                                  {"app/sub/Kustomization", "resources: [f.yaml]\n"},
                                  {"app/sub/f.yaml", other + "f}\n"},
                                  {"app/sub/deep/g.yaml", other + "g}\n"}});
  for (const std::string name : {"b", "c", "d", "f"})
    CHECK_THAT(text, Catch::Contains("name: " + name + "\n"));
  for (const std::string name : {"e", "g"})
    CHECK_THAT(text, !Catch::Contains("name: " + name + "\n"));
  CHECK_THAT(built({{"app/bad.yaml", "a: [\n"}}),
             Catch::Contains("failed to decode Kubernetes YAML from app/bad.yaml: "));
}

TEST_CASE("K4.9 two kustomization files, or one object twice, fail as in the reference") {
  CHECK_THAT(built({{"app/kustomization.yaml", "resources: []\n"},
                    {"app/Kustomization", "resources: []\n"}}),
             Catch::Contains("Found multiple kustomization files under"));
  CHECK_THAT(built({{"app/a.yaml", std::string(config_map)},
                    {"app/b/b.yaml", std::string(config_map)}}),
             Catch::Contains("may not add resource with an already registered id"));
  CHECK(built({{"app/empty.yaml", "# only a comment\n"}}).empty());
}

TEST_CASE("K5.3, K5.4 later references win, inline variables win over all, Secrets are decoded") {
  test::ConfigObjects objects;
  objects.add("ConfigMap", "a", R"({"one":"a","two":"a\nb","three":"a"})");
  objects.add("Secret", "b", R"({"two":"Yg==","three":"Yg=="})");
  const auto variables = read_variables(
      &objects, "ns",
      spec_of("postBuild: {substituteFrom: [{kind: ConfigMap, name: a}, {kind: Secret, name: b}, "
              "{kind: ConfigMap, name: gone, optional: true}], substitute: {three: inline}}"));
  REQUIRE(variables.ok());
  CHECK(variables->at("one") == "a");
  CHECK(variables->at("two") == "b");
  CHECK(variables->at("three") == "inline");
}

TEST_CASE("K5.3, K5.4 a missing object, or a name that is none, fails the build") {
  test::ConfigObjects objects;
  objects.add("ConfigMap", "odd", R"({"not-a-name":"x"})");
  const auto failure = [&](const std::string& post_build) {
    const auto read = read_variables(&objects, "ns", spec_of("postBuild: {" + post_build + "}"));
    return read.ok() ? std::string() : read.error().message;
  };
  CHECK_THAT(failure("substituteFrom: [{kind: ConfigMap, name: gone}]"),
             Catch::StartsWith("substitute from 'ConfigMap/gone' error"));
  CHECK(failure("substituteFrom: [{kind: ConfigMap, name: odd}]") ==
        "'not-a-name' var name is invalid");
  CHECK(failure("substitute: {1a: x}") == "'1a' var name is invalid");
}

TEST_CASE("K5.1, K5.5 to K5.7 what substitution does to an object") {
  const std::string text =
      "apiVersion: v1\ndata:\n  a: \"${x}\"\n  b: $${y}\nkind: ConfigMap\nmetadata: {name: c}\n";
  // Nothing is substituted without a variable: $$ stays as well.
  CHECK_THAT(substituted(text, ""), Catch::Contains("a: ${x}\n  b: $${y}"));
  CHECK_THAT(substituted(text, "postBuild: {substitute: {}}"), Catch::Contains("b: $${y}"));
  CHECK_THAT(substituted(text, "postBuild: {substitute: {x: 'true'}}"),
             Catch::Contains("a: true\n  b: ${y}"));
  CHECK_THAT(substituted(text, "postBuild: {substitute: {z: '1'}}"),
             Catch::StartsWith("error: post build failed for 'ConfigMap.v1.[noGrp]/c.[noNs]'") &&
                 Catch::Contains("variable not set (strict mode): \"x\""));
  CHECK_THAT(substituted(text, "postBuild: {substitute: {z: '1'}}", false),
             Catch::Contains("b: ${y}") && !Catch::Contains("${x}"));
  CHECK_THAT(substituted(text, "postBuild: {substituteStrategy: Always}"),
             Catch::Contains("variable not set (strict mode): \"x\""));
}

TEST_CASE("a build on the command line names a resource shortly, a bad variable when it is used") {
  const auto words = SubstitutionWords::command_line;
  const model::KustomizationSpec spec = spec_of("postBuild: {substitute: {1a: x}}");
  const auto variables = read_variables(nullptr, "ns", spec, words);
  REQUIRE(variables.ok());
  std::vector<Value> none, one = {yaml(config_map)};
  CHECK(substitute_all(none, *variables, spec, true, words).ok());
  const auto named = substitute_all(one, *variables, spec, true, words);
  REQUIRE_FALSE(named.ok());
  CHECK(named.error().message ==
        "var substitution failed for 'c': envsubst error: '1a' var name is invalid, must match "
        "'^[_[:alpha:]][_[:alpha:][:digit:]]*$'");
}

TEST_CASE("a manifest that does not decode is named below the root that is shown") {
  BuildInputs inputs;
  inputs.display_root = "/";
  CHECK_THAT(built({{"app/bad.yaml", "a: [\n"}}, "{}", inputs),
             Catch::Contains("failed to decode Kubernetes YAML from /app/bad.yaml: ") &&
                 Catch::Contains("(/app/bad.yaml:2:1)"));
}
