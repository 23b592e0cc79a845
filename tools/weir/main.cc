// The program: one table of verbs.
#include <cstdio>
#include <vector>

#include "engine/base/log.hh"
#include "tools/weir/args.hh"
#include "tools/weir/connection.hh"
#include "tools/weir/core_dump.hh"
#include "tools/weir/host.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {

int run_version(int argc, char** argv) {
  Args args("version", "Prints the version.");
  if (const auto code = args.parse(argc, argv)) return *code;
  std::puts("weir " WEIR_VERSION);
  return 0;
}

}  // namespace weir::cli

int main(int argc, char** argv) {
  using namespace weir::cli;
  static const std::vector<Verb> verbs = {
      {"audit", "The events of the log.", run_audit},
      {"backup", "Copies the log and its keys while weir runs.", run_backup},
      {"blame", "What set each field of an object, and who.", run_blame},
      {"build", "The objects that a Kustomization builds from local files.", run_build},
      {"check", "Whether the cluster has what weir needs, and whether it works.", run_check},
      {"create", "Makes or replaces a source or a HelmRelease.", run_create},
      {"debug", "What a HelmRelease comes to: status, history, values.", run_debug},
      {"delete", "Deletes objects of Flux's kinds.", run_delete},
      {"diff", "What changed in an object, or what applying local files would change.", run_diff},
      {"events", "The Kubernetes events of Flux objects.", run_events},
      {"export", "Flux objects as they would be committed.", run_export},
      {"get", "Flux objects and their state.", run_get},
      {"history", "What happened to an object.", run_history},
      {"install", "weir in a cluster; 'install crds': the definitions alone.", run_install},
      {"kube", "The embedded Kubernetes API alone.", run_kube},
      {"kustomize", "Builds a kustomization, as kubectl kustomize does.", run_kustomize},
      {"ledger", "The key of the log's signed checkpoints.", run_ledger},
      {"list", "The OCI artifacts of a repository.", run_list},
      {"logs", "The log lines of the engine.", run_logs},
      {"preview", "What the next reconcile of a HelmRelease would do.", run_preview},
      {"prove", "A proof that an event is in the log.", run_prove},
      {"pull", "Downloads the files of an OCI artifact.", run_pull},
      {"push", "Uploads files as an OCI artifact.", run_push},
      {"reconcile", "Asks for a reconciliation and waits for it.", run_reconcile},
      {"release", "Lets held prunes of Kustomizations go on.", run_release},
      {"repair", "Cuts a damaged log back to what it can prove.", run_repair},
      {"replay", "Folds the log again and compares.", run_replay},
      {"restore", "Makes a data directory from a backup.", run_restore},
      {"resume", "Resumes the reconciliation of objects.", run_resume},
      {"rollback", "Pins Kustomizations and HelmReleases to an instant.", run_rollback},
      {"run", "The engine against a cluster.", run_run},
      {"show", "What an object was.", run_show},
      {"state", "The objects of the cluster at an instant.", run_state},
      {"suspend", "Suspends the reconciliation of objects.", run_suspend},
      {"tag", "Tags an OCI artifact.", run_tag},
      {"template", "Renders a chart, as helm template does.", run_template},
      {"trace", "Where an object comes from.", run_trace},
      {"tree", "The objects that a Kustomization or HelmRelease has applied.", run_tree},
      {"undo", "Makes again what a prune has deleted.", run_undo},
      {"unpin", "Lets go what a rollback has pinned.", run_unpin},
      {"up", "Embedded Kubernetes API, engine and audit API: reconciles a repository.", run_up},
      {"verify", "Checks the log.", run_verify},
      {"version", "Prints the version.", run_version},
      {"why", "Why an object is as it is.", run_why},
  };
  forbid_core_dumps();
  block_signals();
  weir::log::configure(weir::log::Level::info, true);
  std::vector<char*> words = flags_behind_verb(argc, argv);
  const int count = static_cast<int>(words.size());
  words.push_back(nullptr);
  leave(dispatch("", verbs, count, words.data()));
}
