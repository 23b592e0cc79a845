// Trees made to hurt: each ends in an error, within the caps.
#include <catch2/catch.hpp>

#include "engine/base/limits.hh"
#include "engine/kustomize/build.hh"

using namespace weir;
using kustomize::BuildOptions;

namespace {

constexpr std::string_view config_map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";

base::Error error_of(const base::FileTree& tree, std::string_view directory = "top",
                     const BuildOptions& options = {}) {
  const auto built = kustomize::build(tree, directory, options);
  REQUIRE_FALSE(built.ok());
  return built.error();
}

// A directory that is its own parent through every ".." and link: reads always answer.
class EndlessTree final : public base::FileTree {
 public:
  std::optional<base::EntryType> stat(std::string_view path) const override {
    return path.ends_with("kustomization.yaml") ? base::EntryType::file
                                                : base::EntryType::directory;
  }
  Result<base::FileBytes> read(std::string_view path) const override {
    if (!path.ends_with("/kustomization.yaml") && path != "kustomization.yaml")
      return make_error(Code::not_found, "none");
    return std::make_shared<const std::string>("resources: [deeper]\n");
  }
  Result<std::vector<base::DirectoryEntry>> list(std::string_view) const override {
    return std::vector<base::DirectoryEntry>{};
  }
};

std::string nested(std::string_view open, std::string_view close, std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

}  // namespace

TEST_CASE("a base that names itself, directly or around a corner, is a cycle") {
  base::MemoryFileTree tree;
  tree.add("top/kustomization.yaml", "resources: [.]\n");
  tree.add("a/kustomization.yaml", "resources: [../b]\n");
  tree.add("b/kustomization.yaml", "components: [../a]\n");
  CHECK_THAT(error_of(tree).message, Catch::Contains("cycle detected"));
  CHECK_THAT(error_of(tree, "a").message, Catch::Contains("cycle detected"));
}

TEST_CASE("a tree without an end stops at the depth cap") {
  const EndlessTree tree;
  CHECK(error_of(tree).code == Code::limit);
}

TEST_CASE("bases that multiply stop at the cap of directories") {
  // Every level names the next twice over: 2^n without a cap.
  base::MemoryFileTree tree;
  for (int i = 0; i < 40; ++i) {
    const std::string name = i == 0 ? "top" : "l" + std::to_string(i);
    const std::string next = "../l" + std::to_string(i + 1);
    tree.add(name + "/kustomization.yaml", "resources: [" + next + "/x, " + next + "/y]\n");
    for (const char* side : {"/x", "/y"}) {
      tree.add("l" + std::to_string(i + 1) + side + "/kustomization.yaml",
               "resources: [../../l" + std::to_string(i + 2) + "/x, ../../l" +
                   std::to_string(i + 2) + "/y]\n");
    }
  }
  const base::Error error = error_of(tree);
  CHECK(
      (error.code == Code::limit || error.code == Code::not_found || error.code == Code::invalid));
}

TEST_CASE("files above the root are errors wherever a path is taken") {
  for (const std::string_view fields :
       {"resources: [../../secret.yaml]", "patches: [{path: ../../secret.yaml}]",
        "configMapGenerator: [{name: g, files: [../../secret.yaml]}]",
        "secretGenerator: [{name: g, envs: [../../secret.yaml]}]",
        "replacements: [{path: ../../secret.yaml}]", "openapi: {path: ../../secret.yaml}",
        "crds: [../../secret.yaml]", "configurations: [../../secret.yaml]",
        "components: [../../secret]", "transformers: [../../secret.yaml]",
        "resources: [/etc/passwd]"}) {
    INFO(fields);
    base::MemoryFileTree tree;
    tree.add("secret.yaml", std::string(config_map));
    tree.add("artifact/top/kustomization.yaml", std::string(fields) + "\n");
    BuildOptions options;
    options.load_restrictor = kustomize::LoadRestrictor::none;
    options.confine_root = "artifact";
    const base::Error error = error_of(tree, "artifact/top", options);
    CHECK((error.code == Code::forbidden || error.code == Code::not_found ||
           error.code == Code::invalid));
  }
}

TEST_CASE("documents that nest, alias or repeat beyond the caps are errors") {
  base::MemoryFileTree tree;
  tree.add("top/kustomization.yaml", "resources: [r.yaml]\n");
  const auto fails = [&](std::string text) {
    tree.add("top/r.yaml", std::move(text));
    const base::Error error = error_of(tree);
    CHECK((error.code == Code::limit || error.code == Code::invalid ||
           error.code == Code::not_found));
    CHECK(error.message.size() < 10'000);
  };
  fails(std::string(config_map) + "data: " + nested("[", "]", 100'000) + "\n");
  fails(std::string(config_map) + "data: " + nested("{a: ", "}", 100'000) + "\n");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k > 0 ? ", " : "") + last;
    bomb += "]\n";
  }
  fails(std::string(config_map) + bomb);
}

TEST_CASE("patches and replacement paths of absurd depth are errors or do nothing") {
  base::MemoryFileTree tree;
  tree.add("top/c.yaml", std::string(config_map));
  std::string path = "data";
  for (int i = 0; i < 20'000; ++i) path += ".a";
  tree.add("top/kustomization.yaml",
           "resources: [c.yaml]\nreplacements:\n- source: {kind: ConfigMap, fieldPath: "
           "metadata.name}\n  targets:\n  - select: {kind: ConfigMap}\n    options: {create: "
           "true}\n    fieldPaths: [" +
               path + "]\n");
  CHECK(error_of(tree).code == Code::limit);

  std::string slashes = "data";
  for (int i = 0; i < 20'000; ++i) slashes += "/a";
  tree.add("top/kustomization.yaml",
           "resources: [c.yaml]\nlabels: [{pairs: {a: b}, fields: [{path: " + slashes +
               ", create: true}]}]\n");
  CHECK(error_of(tree).code == Code::limit);
}

TEST_CASE("replacements that copy a map into itself stop at the cap of nodes") {
  base::MemoryFileTree tree;
  tree.add("top/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\nx: {a: {b: c}}\n");
  std::string fields = "resources: [c.yaml]\nreplacements:\n";
  for (int i = 0; i < 64; ++i) {
    fields += "- source: {kind: ConfigMap, fieldPath: x}\n  targets:\n  - select: {kind: "
              "ConfigMap}\n    options: {create: true}\n    fieldPaths: [x.a" +
              std::to_string(i) + ".m]\n";
  }
  tree.add("top/kustomization.yaml", fields);
  CHECK(error_of(tree).code == Code::limit);
}
