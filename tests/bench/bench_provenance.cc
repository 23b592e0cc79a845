// What provenance costs: builds of 1,000 Deployments (namespace, prefix, labels, images, a patch),
// without it, of one object, and of all, in turn in one run. Prints CPU milliseconds and ratios.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "engine/kustomize/build.hh"

namespace weir {
namespace {

constexpr int objects = 1000;
constexpr int rounds = 15;

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

base::MemoryFileTree tree_of(bool one_file) {
  base::MemoryFileTree tree;
  std::string all, names = "resources:\n";
  for (int i = 0; i < objects; ++i) {
    const std::string file = "d" + std::to_string(i) + ".yaml";
    if (!one_file) tree.add("base/" + file, deployment(i));
    names += "- " + file + "\n";
    all += deployment(i) + "---\n";
  }
  tree.add("base/all.yaml", all);
  tree.add("base/kustomization.yaml", one_file ? "resources: [all.yaml]\n" : names);
  tree.add("top/kustomization.yaml",
           "resources: [../base]\nnamespace: shop\nnamePrefix: p-\n"
           "labels: [{pairs: {team: blue}, includeSelectors: true}]\n"
           "images: [{name: nginx, newTag: '1.28'}]\n"
           "patches:\n- target: {kind: Deployment}\n  patch: |\n    - op: add\n"
           "      path: /spec/minReadySeconds\n      value: 5\n");
  return tree;
}

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double build_ms(const base::FileTree& tree, const kustomize::BuildOptions& options) {
  const double begin = cpu_ms();
  const auto built = kustomize::build(tree, "top", options);
  const double took = cpu_ms() - begin;
  if (!built.ok() || built->resources.size() != objects) {
    std::fprintf(stderr, "the build failed: %s\n",
                 built.ok() ? "wrong number of objects" : built.error().message.c_str());
    std::exit(1);
  }
  return took;
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void measure(bool one_file) {
  const base::MemoryFileTree tree = tree_of(one_file);
  kustomize::BuildOptions none, one, all;
  one.trace = all.trace = true;
  one.trace_only = model::ObjectId{{"apps", "v1", "Deployment"}, "shop", "p-web-7"};
  std::vector<double> times[3];
  for (int round = 0; round < rounds; ++round) {
    times[0].push_back(build_ms(tree, none));
    times[1].push_back(build_ms(tree, one));
    times[2].push_back(build_ms(tree, all));
  }
  const double plain = median(times[0]);
  std::printf("%-22s without %6.1f ms   of one object %6.1f ms (%+.1f %%)   of all %6.1f ms "
              "(%+.1f %%)\n",
              one_file ? "1000 objects, 1 file" : "1000 objects, 1000 files", plain,
              median(times[1]), (median(times[1]) / plain - 1) * 100, median(times[2]),
              (median(times[2]) / plain - 1) * 100);
}

}  // namespace
}  // namespace weir

int main() {
  weir::measure(true);
  weir::measure(false);
}
