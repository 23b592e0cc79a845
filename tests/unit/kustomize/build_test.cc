#include "engine/kustomize/build.hh"

#include <catch2/catch.hpp>

#include "engine/kustomize/generate.hh"
#include "engine/kustomize/repo_spec.hh"
#include "engine/kustomize/transformer_config.hh"
#include "engine/value/yaml.hh"

using namespace weir;
using kustomize::BuildOptions;

namespace {

constexpr std::string_view config_map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";

std::string build_text(const base::FileTree& tree, std::string_view directory,
                       const BuildOptions& options) {
  const auto built = kustomize::build(tree, directory, options);
  return built.ok() ? kustomize::write_resources(built->resources)
                    : "error: " + built.error().message;
}

Value spec_of(std::string_view yaml) { return value::parse_yaml(yaml).value(); }

class FakeRemote final : public kustomize::RemoteLoader {
 public:
  Result<std::string> fetch_file(const std::string& url) override {
    if (url == "https://files.example/c.yaml") return std::string(config_map);
    return base::make_error(base::Code::not_found, "status code 404 (Not Found)");
  }
  Result<kustomize::RemoteTree> fetch_repository(const kustomize::RepoSpec& spec) override {
    asked = spec;
    auto tree = std::make_shared<base::MemoryFileTree>();
    tree->add("base/kustomization.yaml", "resources: [c.yaml]\n");
    tree->add("base/c.yaml", std::string(config_map));
    return kustomize::RemoteTree{tree, "", "https://github.com/org/repo", "v1"};
  }
  kustomize::RepoSpec asked;
};

}  // namespace

TEST_CASE("paths that leave the confinement are security errors, paths inside are not") {
  base::MemoryFileTree tree;
  tree.add("artifact/apps/kustomization.yaml", "resources: [../shared/c.yaml]\n");
  tree.add("artifact/shared/c.yaml", std::string(config_map));
  tree.add("artifact/bad/kustomization.yaml", "resources: [../../secret.yaml]\n");
  tree.add("secret.yaml", std::string(config_map));
  BuildOptions options;
  options.load_restrictor = kustomize::LoadRestrictor::none;
  options.confine_root = "artifact";
  CHECK(build_text(tree, "artifact/apps", options).find("name: c") != std::string::npos);
  CHECK(build_text(tree, "artifact/bad", options).find("fs-security-constraint") !=
        std::string::npos);
}

TEST_CASE("a path above the tree is an error, never a read") {
  base::MemoryFileTree tree;
  tree.add("kustomization.yaml", "resources: [../../etc/passwd]\n");
  BuildOptions options;
  options.load_restrictor = kustomize::LoadRestrictor::none;
  CHECK(build_text(tree, "", options).starts_with("error: "));
}

TEST_CASE("remote resources are fetched when there is a loader and refused when there is none") {
  base::MemoryFileTree tree;
  tree.add("file/kustomization.yaml", "resources: ['https://files.example/c.yaml']\n");
  tree.add("repo/kustomization.yaml",
           "resources: ['https://github.com/org/repo//base?ref=v1&timeout=5m']\n");
  FakeRemote remote;
  BuildOptions options;
  CHECK(build_text(tree, "file", options).find("not allowed") != std::string::npos);
  options.remote = &remote;
  CHECK(build_text(tree, "file", options).find("name: c") != std::string::npos);
  CHECK(build_text(tree, "repo", options).find("name: c") != std::string::npos);
  CHECK(remote.asked.ref == "v1");
  CHECK(remote.asked.timeout_s == 300);
  options.allow_remote = false;
  CHECK(build_text(tree, "repo", options).find("not allowed") != std::string::npos);
}

TEST_CASE(
    "a custom schema takes the place of the built-in types, or adds to them for controllers") {
  base::MemoryFileTree tree;
  tree.add("kustomization.yaml",
           "resources: [d.yaml]\nopenapi: {path: s.json}\npatches:\n- patch: |\n    apiVersion: "
           "apps/v1\n    kind: Deployment\n    metadata: {name: d}\n    spec: {template: {spec: "
           "{containers: [{name: c, image: new}]}}}\n");
  tree.add("s.json", "{\"definitions\": {}}");
  tree.add("d.yaml",
           "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: "
           "{containers: [{name: c, command: [x]}]}}}\n");
  BuildOptions options;
  CHECK(build_text(tree, "", options).find("command") == std::string::npos);
  options.keep_builtin_types = true;
  CHECK(build_text(tree, "", options).find("command") != std::string::npos);
}

TEST_CASE("broken YAML is told with file, line, column and a hint") {
  base::MemoryFileTree tree;
  tree.add("kustomization.yaml", "resources: [hr.yaml]\n");
  tree.add("hr.yaml", "apiVersion: v1\nkind:HelmRelease\nmetadata: {name: x}\n");
  CHECK(build_text(tree, "", {}) ==
        "error: accumulating resources: accumulating resources from 'hr.yaml': "
        "MalformedYAMLError: yaml: line 2: could not find expected ':' in File: hr.yaml "
        "(hr.yaml:2:5: a space is missing after \"kind:\")");
  base::MemoryFileTree bare;
  bare.add("apps/hr.yaml", "apiVersion: v1\nkind:HelmRelease\nmetadata: {name: x}\n");
  const auto made = kustomize::generate_kustomization(bare, "apps", Value::object());
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().message ==
        "failed to decode Kubernetes YAML from apps/hr.yaml: MalformedYAMLError: yaml: line 2: "
        "could not find expected ':' (apps/hr.yaml:2:5: a space is missing after \"kind:\")");
}

TEST_CASE("Git URLs are taken apart in every accepted spelling") {
  struct Row {
    std::string_view url, clone, path, ref;
  };
  const Row rows[] = {
      {"https://github.com/org/repo/a/b?ref=v1", "https://github.com/org/repo", "a/b", "v1"},
      {"github.com/org/repo", "https://github.com/org/repo", "", ""},
      {"git@github.com:org/repo.git//deep?version=x", "git@github.com:org/repo.git", "deep", "x"},
      {"ssh://git@host.io:7999/org/repo.git/k", "ssh://git@host.io:7999/org/repo.git", "k", ""},
      {"https://dev.azure.com/o/p/_git/repo/k/l", "https://dev.azure.com/o/p/_git/repo", "k/l", ""},
      {"git::https://gitlab.com/a/b/c.git?ref=m", "https://gitlab.com/a/b/c.git", "", "m"},
      {"file:///srv/repo//k", "file:///srv/repo", "k", ""},
  };
  for (const Row& row : rows) {
    INFO(row.url);
    const auto spec = kustomize::parse_repo_url(row.url);
    REQUIRE(spec.ok());
    CHECK(spec->clone_url == row.clone);
    CHECK(spec->path == row.path);
    CHECK(spec->ref == row.ref);
  }
  for (const std::string_view url :
       {"../base", "base", "/abs/path", "https://github.com/org", "github.com/o/r//../../x"}) {
    INFO(url);
    CHECK_FALSE(kustomize::parse_repo_url(url).ok());
  }
}

TEST_CASE("bases that nest without end stop at the cap") {
  base::MemoryFileTree tree;
  for (int i = 0; i < 300; ++i) {
    tree.add("d" + std::to_string(i) + "/kustomization.yaml",
             "resources: [../d" + std::to_string(i + 1) + "]\n");
  }
  const std::string text = build_text(tree, "d0", {});
  CHECK(text.find("nest deeper than") != std::string::npos);
}

TEST_CASE("a directory without a kustomization gets one that lists its manifests") {
  base::MemoryFileTree tree;
  tree.add("apps/b/c.yaml", std::string(config_map));
  tree.add("apps/.hidden/d.yml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\n");
  tree.add("apps/sub/kustomization.yaml", "namePrefix: p-\nresources: [e.yaml]\n");
  tree.add("apps/sub/e.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: e}\n");
  tree.add("apps/note.txt", "no manifest");
  const auto made = kustomize::generate_kustomization(
      tree, "./apps", spec_of("targetNamespace: ns\nnamePrefix: x-\n"));
  REQUIRE(made.ok());
  CHECK(made->file == "apps/kustomization.yaml");
  CHECK(made->kustomization["resources"] == spec_of("[./.hidden/d.yml, ./b/c.yaml, ./sub]"));
  const std::string text = build_text(*made->tree, "apps", {});
  CHECK(text.find("name: x-p-e") != std::string::npos);
  CHECK(text.find("name: x-d") != std::string::npos);
  CHECK(text.find("namespace: ns") != std::string::npos);
}

TEST_CASE("the default rules say nothing twice, so merging them into none changes nothing") {
  const kustomize::ConfigPtr& rules = kustomize::default_config();
  kustomize::TransformerConfig merged;
  REQUIRE(merged.merge(*rules).ok());
  CHECK(merged.common_labels.size() == rules->common_labels.size());
  CHECK(merged.var_references.size() == rules->var_references.size());
  CHECK(merged.images.size() == rules->images.size());
  REQUIRE(merged.name_references.size() == rules->name_references.size());
  for (std::size_t i = 0; i < merged.name_references.size(); ++i) {
    INFO(merged.name_references[i].target.kind);
    CHECK(merged.name_references[i].referrers.size() == rules->name_references[i].referrers.size());
  }
}

TEST_CASE("images are rewritten rule after rule; a dot in a name is any character") {
  base::MemoryFileTree tree;
  tree.add("kustomization.yaml",
           "resources: [d.yaml]\nimages:\n- {name: other, newTag: '9'}\n- {name: a.b/x, newName: "
           "step, newTag: '1'}\n- {name: step, newName: last}\n- {name: 'w+', newTag: '7'}\n");
  tree.add("d.yaml",
           "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: "
           "{containers: [{name: c, image: 'aéb/x:0'}, {name: e, image: a-b/x}, {name: f, image: "
           "ww}, {name: g, image: a.b/xy}]}}}\n");
  const std::string text = build_text(tree, "", {});
  CHECK(text.find("- image: last:1\n        name: c\n") != std::string::npos);
  CHECK(text.find("- image: last:1\n        name: e\n") != std::string::npos);
  CHECK(text.find("- image: ww:7\n        name: f\n") != std::string::npos);
  CHECK(text.find("- image: a.b/xy\n        name: g\n") != std::string::npos);
}

TEST_CASE("an empty directory builds to nothing") {
  base::MemoryFileTree tree;
  tree.add_directory("empty");
  const auto made = kustomize::generate_kustomization(tree, "empty", Value::object());
  REQUIRE(made.ok());
  CHECK(build_text(*made->tree, "empty", {}).empty());
}

TEST_CASE("images of the spec merge into those of the file by name") {
  base::MemoryFileTree tree;
  tree.add(
      "kustomization.yaml",
      "resources: [c.yaml]\nimages:\n- {name: a, newTag: '1'}\n- {name: b, digest: 'sha256:x'}\n");
  const auto made =
      kustomize::generate_kustomization(tree, "",
                                        spec_of("images:\n- {name: a, newName: m/a}\n- {name: b, "
                                                "newTag: '2'}\n- {name: c, newTag: '3'}\n"));
  REQUIRE(made.ok());
  CHECK(made->kustomization["images"] == spec_of("- {name: a, newTag: '1', newName: m/a}\n- {name: "
                                                 "b, newTag: '2'}\n- {name: c, newTag: '3'}\n"));
}

TEST_CASE("components of the spec are local, and missing ones may be left out") {
  base::MemoryFileTree tree;
  tree.add("kustomization.yaml", "configMapGenerator:\n- name: g\n  literals: [a=1]\n");
  tree.add("there/kustomization.yaml",
           "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: c-\n");
  const auto refused =
      kustomize::generate_kustomization(tree, "", spec_of("components: ['https://x/y']"));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message == "component path 'https://x/y' must be local and relative");
  const auto made = kustomize::generate_kustomization(
      tree, "", spec_of("components: [there, missing]\nignoreMissingComponents: true\n"));
  REQUIRE(made.ok());
  CHECK(made->kustomization["components"] == spec_of("[there]"));
  // A file without resources gets origin annotations.
  CHECK(build_text(*made->tree, "", {}).find("config.kubernetes.io/origin") != std::string::npos);
}

TEST_CASE("a manifest that does not decode names its file") {
  base::MemoryFileTree tree;
  tree.add("apps/bad.yaml", "kind: ConfigMap\n");
  const auto made = kustomize::generate_kustomization(tree, "apps", Value::object());
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().message.starts_with(
      "failed to decode Kubernetes YAML from apps/bad.yaml: missing metadata.name"));
}
