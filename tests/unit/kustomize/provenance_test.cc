#include "engine/kustomize/provenance.hh"

#include <catch2/catch.hpp>

#include "engine/kustomize/build.hh"

using namespace weir;
using kustomize::FieldCause;
using kustomize::FieldCauses;

namespace {

base::MemoryFileTree sample() {
  base::MemoryFileTree tree;
  tree.add("base/kustomization.yaml", "resources: [d.yaml]\n");
  tree.add("base/d.yaml",
           "# comment\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n"
           "  template:\n    spec:\n      containers:\n      - name: c\n        image: nginx:1\n"
           "      - name: d\n        image: other\n        envFrom:\n"
           "        - configMapRef: {name: cfg}\n");
  tree.add("top/kustomization.yaml",
           "resources:\n- ../base\nnamePrefix: p-\nconfigMapGenerator:\n- name: cfg\n  literals: "
           "[a=b]\npatches:\n- path: p.yaml\n- target: {kind: Deployment}\n  patch: |\n    - op: "
           "add\n      path: /spec/replicas\n      value: 5\n");
  tree.add("top/p.yaml",
           "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n"
           "    spec:\n      containers:\n      - name: d\n        image: patched\n");
  return tree;
}

}  // namespace

TEST_CASE("each field is laid to the file, line and pass that set it last") {
  const base::MemoryFileTree tree = sample();
  kustomize::BuildOptions options;
  options.trace = true;
  const auto built = kustomize::build(tree, "top", options);
  REQUIRE(built.ok());
  REQUIRE(built->causes.size() == 2);
  FieldCauses causes;
  for (std::size_t i = 0; i < 2; ++i)
    if (built->resources[i]["kind"].get_string() == "Deployment") causes = built->causes[i];
  const std::string containers = "spec.template.spec.containers";
  CHECK(causes["kind"] == FieldCause{"resource", "/base/d.yaml", 3});
  CHECK(causes["metadata.name"] == FieldCause{"PrefixTransformer", "/top/kustomization.yaml", 3});
  CHECK(causes[containers + "[name=c].image"] == FieldCause{"resource", "/base/d.yaml", 11});
  CHECK(causes[containers + "[name=d].image"] == FieldCause{"PatchTransformer", "/top/p.yaml", 9});
  CHECK(causes["spec.replicas"] == FieldCause{"PatchTransformer", "/top/kustomization.yaml", 11});
  CHECK(causes[containers + "[name=d].envFrom[0].configMapRef.name"].pass == "name reference");
}

TEST_CASE("tracing one object tells the same of it, and nothing of the others") {
  base::MemoryFileTree tree = sample();
  tree.add("top/more.yaml",
           "apiVersion: v1\nkind: Service\nmetadata: {name: other}\n---\n# about web\n"
           "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n---\n"
           "apiVersion: v1\nkind: Service\nmetadata: {name: third}\n");
  tree.add("all/kustomization.yaml", "resources: [../top, more.yaml]\nnameSuffix: -s\n");
  tree.add("all/more.yaml", **tree.read("top/more.yaml"));
  kustomize::BuildOptions options;
  options.trace = true;
  const auto whole = kustomize::build(tree, "all", options);
  REQUIRE(whole.ok());
  for (const auto& [kind, name] :
       {std::pair("Deployment", "p-web-s"), std::pair("Service", "web-s"),
        std::pair("ConfigMap", "")}) {
    for (std::size_t i = 0; i < whole->resources.size(); ++i) {
      const Value& object = whole->resources[i];
      const std::string found(object.path("metadata", "name").get_string());
      if (object["kind"].get_string() != kind || (*name != 0 && found != name)) continue;
      options.trace_only = model::ObjectId::of(object);
      const auto one = kustomize::build(tree, "all", options);
      REQUIRE(one.ok());
      INFO(kind << " " << found);
      CHECK_FALSE(whole->causes[i].empty());
      CHECK(one->causes[i] == whole->causes[i]);
      for (std::size_t k = 0; k < one->causes.size(); ++k)
        if (k != i) CHECK(one->causes[k].empty());
    }
  }
}

TEST_CASE("tracing changes nothing of what is built") {
  const base::MemoryFileTree tree = sample();
  kustomize::BuildOptions options;
  const auto plain = kustomize::build(tree, "top", options);
  options.trace = true;
  const auto traced = kustomize::build(tree, "top", options);
  REQUIRE((plain.ok() && traced.ok()));
  CHECK(plain->causes.empty());
  CHECK(kustomize::write_resources(plain->resources) ==
        kustomize::write_resources(traced->resources));
}

TEST_CASE("fields that are gone are forgotten, equal ones keep their cause") {
  const Value before = Value::object({{"a", 1}, {"b", 2}});
  const Value after = Value::object({{"a", 1}, {"c", 3}});
  FieldCauses causes = {{"a", {"first", "f", 1}}, {"b", {"first", "f", 2}}};
  kustomize::note_changes(
      before, after,
      [](const kustomize::FieldTrail&) {
        return FieldCause{"second", "g", 9};
      },
      causes);
  CHECK(causes == FieldCauses{{"a", {"first", "f", 1}}, {"c", {"second", "g", 9}}});
}
