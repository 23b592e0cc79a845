// The program: one table of verbs.
#include <cstdio>
#include <vector>

#include "engine/base/log.hh"
#include "tools/weir/args.hh"
#include "tools/weir/host.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {

int run_version(int, char**) {
  std::puts("weir " WEIR_VERSION);
  return 0;
}

}  // namespace weir::cli

int main(int argc, char** argv) {
  using namespace weir::cli;
  static const std::vector<Verb> verbs = {
      {"build", "The objects that a Kustomization builds from local files.", run_build},
      {"diff", "What applying local files would change.", run_diff},
      {"events", "The Kubernetes events of Flux objects.", run_events},
      {"export", "Flux objects as they would be committed.", run_export},
      {"get", "Flux objects and their state.", run_get},
      {"install", "The CustomResourceDefinitions of every kind.", run_install},
      {"kube", "The embedded Kubernetes API alone.", run_kube},
      {"kustomize", "Builds a kustomization, as kubectl kustomize does.", run_kustomize},
      {"reconcile", "Asks for a reconciliation and waits for it.", run_reconcile},
      {"resume", "Resumes the reconciliation of objects.", run_resume},
      {"run", "The engine against a cluster.", run_run},
      {"suspend", "Suspends the reconciliation of objects.", run_suspend},
      {"tree", "The objects that a Kustomization has applied.", run_tree},
      {"up", "Embedded Kubernetes API, engine and audit API: reconciles a repository.", run_up},
      {"version", "Prints the version.", run_version},
  };
  block_signals();
  weir::log::configure(weir::log::Level::info, true);
  return dispatch("", verbs, argc, argv);
}
