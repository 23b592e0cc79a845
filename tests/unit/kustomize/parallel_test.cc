// Builds side by side: they agree with builds one after another, and share what was read.
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "engine/kustomize/build.hh"
#include "engine/kustomize/resource_reader.hh"

using namespace weir;

namespace {

// Overlays over one base; each patches, renames and labels the same objects in its own way.
base::MemoryFileTree overlays(int count) {
  base::MemoryFileTree tree;
  std::string objects;
  for (int i = 0; i < 20; ++i)
    objects += "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d" + std::to_string(i) +
               "}\nspec: {template: {spec: {containers: [{name: c, image: app:1}]}}}\n---\n";
  tree.add("base/objects.yaml", objects);
  tree.add("base/kustomization.yaml", "resources: [objects.yaml]\n");
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    tree.add("o" + number + "/kustomization.yaml",
             "resources: [../base]\nnamePrefix: p" + number + "-\nnamespace: n" + number +
                 "\nimages: [{name: app, newTag: v" + number +
                 "}]\nlabels: [{pairs: {o: x" + number +
                 "}, includeSelectors: true}]\npatches:\n- target: {kind: Deployment}\n  patch: "
                 "'[{\"op\": \"add\", \"path\": \"/spec/replicas\", \"value\": " +
                 number + "}]'\n");
  }
  return tree;
}

std::string text_of(const base::FileTree& tree, int overlay) {
  const auto built = kustomize::build(tree, "o" + std::to_string(overlay), {});
  return built.ok() ? kustomize::write_resources(built->resources) : built.error().message;
}

}  // namespace

TEST_CASE("builds side by side over one tree agree with builds one after another") {
  constexpr int count = 8;
  const base::MemoryFileTree alone = overlays(count), shared = overlays(count);
  std::vector<std::string> wanted(count), got(count);
  for (int i = 0; i < count; ++i) wanted[static_cast<std::size_t>(i)] = text_of(alone, i);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&, i] { got[static_cast<std::size_t>(i)] = text_of(shared, i); });
  for (std::thread& thread : threads) thread.join();
  CHECK(got == wanted);
  CHECK(wanted[0] != wanted[1]);
}

TEST_CASE("a file that several builds read is parsed once, and again only when it changed") {
  base::MemoryFileTree tree = overlays(1);
  const auto bytes = *tree.read("base/objects.yaml");
  text_of(tree, 0);
  const auto first = kustomize::read_object_file(bytes, "base/objects.yaml");
  text_of(tree, 0);
  const auto second = kustomize::read_object_file(bytes, "base/objects.yaml");
  REQUIRE(first.ok());
  CHECK(first->get() == second->get());
  tree.add("base/objects.yaml", *bytes + "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n");
  const auto changed =
      kustomize::read_object_file(*tree.read("base/objects.yaml"), "base/objects.yaml");
  REQUIRE(changed.ok());
  CHECK((*changed)->size() == (*first)->size() + 1);
}
