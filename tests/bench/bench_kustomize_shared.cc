// What builds share: 40 overlays over one base of 500 Deployments in 50 files. Each with a tree of
// its own, all over one tree, and all over one tree on several threads, in turn in one run. Prints
// CPU and wall milliseconds of all 40 builds.
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "engine/kustomize/build.hh"

namespace weir {
namespace {

constexpr int overlays = 40;
constexpr int files = 50;
constexpr int objects_of_file = 10;
constexpr int rounds = 5;
constexpr int threads = 2;

using TreePtr = std::shared_ptr<const base::MemoryFileTree>;

std::string deployment(int i) {
  const std::string name = "web-" + std::to_string(i);
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: " + name +
         "\n  labels: {app: " + name + "}\nspec:\n  replicas: 2\n  selector:\n" +
         "    matchLabels: {app: " + name + "}\n  template:\n    metadata:\n" +
         "      labels: {app: " + name + "}\n    spec:\n      containers:\n" +
         "      - name: app\n        image: nginx:1.27\n        ports:\n" +
         "        - containerPort: 80\n        env:\n        - name: A\n          value: '1'\n" +
         "        resources:\n          limits: {cpu: 100m, memory: 64Mi}\n";
}

TreePtr make_tree() {
  auto tree = std::make_shared<base::MemoryFileTree>();
  std::string names = "resources:\n";
  for (int file = 0; file < files; ++file) {
    const std::string name = "d" + std::to_string(file) + ".yaml";
    std::string text;
    for (int i = 0; i < objects_of_file; ++i)
      text += deployment(file * objects_of_file + i) + "---\n";
    tree->add("base/" + name, text);
    names += "- " + name + "\n";
  }
  tree->add("base/kustomization.yaml", names);
  for (int i = 0; i < overlays; ++i) {
    const std::string number = std::to_string(i);
    tree->add("o" + number + "/kustomization.yaml",
              "resources: [../base]\nnamespace: n" + number + "\nimages: [{name: nginx, newTag: v" +
                  number + "}]\n");
  }
  return tree;
}

double ms_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void build_one(const base::FileTree& tree, int overlay) {
  const auto built = kustomize::build(tree, "o" + std::to_string(overlay), {});
  if (built.ok() && built->resources.size() == files * objects_of_file) return;
  std::fprintf(stderr, "a build failed\n");
  std::exit(1);
}

// Builds overlay i over trees[i % size], `workers` at a time; the best of some rounds.
void measure(const char* what, bool own_trees, int workers) {
  double cpu = 1e18, wall = 1e18;
  for (int round = 0; round < rounds; ++round) {
    std::vector<TreePtr> trees;
    for (int i = 0; i < (own_trees ? overlays : 1); ++i) trees.push_back(make_tree());
    std::atomic<int> next = 0;
    const auto work = [&] {
      for (int i = next++; i < overlays; i = next++)
        build_one(*trees[static_cast<std::size_t>(i) % trees.size()], i);
    };
    const double cpu_begin = ms_of(CLOCK_PROCESS_CPUTIME_ID), begin = ms_of(CLOCK_MONOTONIC);
    std::vector<std::thread> running;
    for (int i = 1; i < workers; ++i) running.emplace_back(work);
    work();
    for (std::thread& thread : running) thread.join();
    cpu = std::min(cpu, ms_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_begin);
    wall = std::min(wall, ms_of(CLOCK_MONOTONIC) - begin);
  }
  std::printf("%-36s cpu %7.1f ms   wall %7.1f ms\n", what, cpu, wall);
}

}  // namespace
}  // namespace weir

int main() {
  weir::measure("each over a tree of its own", true, 1);
  weir::measure("all over one tree", false, 1);
  weir::measure("all over one tree, two threads", false, weir::threads);
}
