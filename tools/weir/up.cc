// weir up: no cluster needed. The embedded Kubernetes API, the engine and the audit API on one
// port, reconciling one repository.
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <map>

#include "engine/base/log.hh"
#include "engine/model/kinds/field.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/args.hh"
#include "tools/weir/host.hh"
#include "tools/weir/local_cluster.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

using reconcile::OwnerSummary;

struct UpOptions {
  std::string source = ".";
  std::string branch, path = "./", name = "flux-system", interval = "1m";
  bool once = false, quiet = false;
  int timeout_s = 300;
  LocalOptions local;
};

bool is_url(const std::string& text) { return text.find("://") != std::string::npos; }

// The branch that HEAD of a local repository names; "" when it cannot be told.
std::string head_branch(const std::string& repository) {
  for (const char* place : {"/.git/HEAD", "/HEAD"}) {
    auto text = read_file(repository + place);
    if (!text.ok()) continue;
    constexpr std::string_view prefix = "ref: refs/heads/";
    std::string_view line = *text;
    if (!line.starts_with(prefix)) continue;
    line.remove_prefix(prefix.size());
    while (!line.empty() && line.back() == '\n') line.remove_suffix(1);
    return std::string(line);
  }
  return {};
}

Result<std::string> source_url(UpOptions& options) {
  if (is_url(options.source)) {
    if (options.branch.empty()) options.branch = "main";
    return options.source;
  }
  std::error_code error;
  const auto absolute = std::filesystem::canonical(options.source, error);
  if (error)
    return make_error(Code::not_found, options.source + ": " + error.message() +
                                           " (name a Git repository: a directory or a URL)");
  const std::string directory = absolute.string();
  const std::string found = head_branch(directory);
  if (found.empty() && !std::filesystem::exists(directory + "/objects") &&
      !std::filesystem::exists(directory + "/.git"))
    return make_error(Code::invalid, directory +
                                         " is not a Git repository (run 'git init' there, "
                                         "commit, and try again)");
  if (options.branch.empty()) options.branch = found.empty() ? "main" : found;
  return "file://" + directory;
}

Result<void> apply_object(reconcile::KubeApi& kube, Value object) {
  reconcile::WriteOptions write;
  write.field_manager = "weir-up";
  write.force = true;
  auto applied = kube.apply(object, write);
  if (!applied.ok()) return std::move(applied).error().with_context(ObjectId::of(object).subject());
  return {};
}

// What `flux bootstrap` would leave: a source and the Kustomization that applies its path.
Result<void> declare_source(reconcile::KubeApi& kube, const UpOptions& options,
                            const std::string& url) {
  const Value metadata = Value::object({{"name", options.name}, {"namespace", "flux-system"}});
  WEIR_CHECK(apply_object(
      kube,
      Value::object(
          {{"apiVersion", "source.toolkit.fluxcd.io/v1"},
           {"kind", "GitRepository"},
           {"metadata", metadata},
           {"spec", Value::object({{"interval", options.interval},
                                   {"url", url},
                                   {"ref", Value::object({{"branch", options.branch}})}})}})));
  return apply_object(
      kube,
      Value::object(
          {{"apiVersion", "kustomize.toolkit.fluxcd.io/v1"},
           {"kind", "Kustomization"},
           {"metadata", metadata},
           {"spec", Value::object({{"interval", "10m"},
                                   {"retryInterval", options.interval},
                                   {"path", options.path},
                                   {"prune", true},
                                   {"wait", true},
                                   {"sourceRef", Value::object({{"kind", "GitRepository"},
                                                                {"name", options.name}})}})}}));
}

// Prints an owner's line whenever it changes.
class Progress {
 public:
  explicit Progress(bool quiet) : quiet_(quiet) {}

  void show(const std::vector<OwnerSummary>& owners) {
    for (const OwnerSummary& owner : owners) {
      std::string text = owner.ready + "|" + owner.message;
      if (last_[owner.id] == text) continue;
      last_[owner.id] = std::move(text);
      if (quiet_ || owner.ready.empty()) continue;
      const char* mark = owner.ready == "True" ? "✔" : owner.ready == "False" ? "✗" : "◎";
      std::fprintf(stderr, "%s %s: %s\n", mark, owner.id.subject().c_str(), owner.message.c_str());
    }
  }

 private:
  bool quiet_;
  std::map<ObjectId, std::string> last_;
};

bool all_ready(const std::vector<OwnerSummary>& owners) {
  bool any = false;
  for (const OwnerSummary& owner : owners) {
    if (owner.suspended) continue;
    if (owner.ready != "True") return false;
    any = any || owner.id.gvk.kind == "Kustomization";
  }
  return any;
}

// Failures that another commit or another spec mends, and no retry.
bool is_final(const OwnerSummary& owner) {
  if (owner.ready != "False" || owner.running) return false;
  return owner.reason == "BuildFailed" || owner.reason == "InvalidSpec" ||
         owner.reason == "UnsupportedField" || owner.reason == "InvalidCELExpression" ||
         owner.message.starts_with("kustomization path not found");
}

// When nothing is under way and what is not ready waits for something that has failed for good:
// those failures, a line each. Else "".
std::string final_failures(const std::vector<OwnerSummary>& owners) {
  std::string text;
  for (const OwnerSummary& owner : owners) {
    if (owner.suspended || owner.ready == "True") continue;
    if (is_final(owner)) {
      text += "\n  " + owner.id.subject() + ": " + owner.message;
    } else if (owner.reason != "DependencyNotReady") {
      return {};
    }
  }
  return text;
}

int settle(LocalCluster& cluster, const UpOptions& options, Progress& progress) {
  const base::TimeUs deadline =
      cluster.clock().now() + static_cast<std::int64_t>(options.timeout_s) * 1'000'000;
  int calm = 0, stuck = 0;
  while (cluster.clock().now() < deadline) {
    if (wait_for_signal(20)) return failed("interrupted", 1);
    const auto owners = cluster.engine().summary();
    progress.show(owners);
    calm = all_ready(owners) ? calm + 1 : 0;
    const std::string failures = final_failures(owners);
    stuck = failures.empty() ? 0 : stuck + 1;
    if (stuck >= 100) return failed("this cannot become ready:" + failures);
    if (calm < 5) continue;  // children declared by a parent appear a moment after it
    std::fprintf(stderr, "✔ everything is ready\n");
    return 0;
  }
  std::string late;
  for (const OwnerSummary& owner : cluster.engine().summary())
    if (owner.ready != "True") late += (late.empty() ? "" : ", ") + owner.id.subject();
  return failed("not ready after " + std::to_string(options.timeout_s) + " s: " + late);
}

int serve(LocalCluster& cluster, Progress& progress) {
  while (!wait_for_signal(100)) progress.show(cluster.engine().summary());
  std::fprintf(stderr, "► stopping\n");
  return 0;
}

std::optional<int> parse(UpOptions& options, int argc, char** argv) {
  Args args(
      "up",
      "Runs weir with no cluster: an embedded Kubernetes API, the engine and the audit API on one "
      "port, reconciling the repository at PATH or URL.");
  args.positional("source", options.source,
                  "A Git repository: a directory or a URL. Default: here.", false);
  args.option("--branch", options.branch,
              "Branch to follow. Default: the checked-out one, or main.");
  args.option("--path", options.path, "Directory in the repository to apply.");
  args.option("--name", options.name, "Name of the GitRepository and Kustomization.");
  args.option("--interval", options.interval, "How often the repository is checked.");
  args.flag("--once", options.once, 
            "Exit when everything is ready (0), or cannot become so, or after --timeout (1).");
  args.flag("-q,--quiet", options.quiet, "No progress lines.");
  args.option("--timeout", options.timeout_s, "Seconds that --once waits.");
  args.option("--git-author-name", options.local.engine.git_author_name,
              "Who commits when 'weir rollback --git-revert' writes to a source's branch.");
  args.option("--git-author-email", options.local.engine.git_author_email,
              "The address of that author.");
  options.local.add_to(args);
  options.local.care.add_to(args);
  return args.parse(argc, argv);
}

}  // namespace

int run_up(int argc, char** argv) {
  UpOptions options;
  if (const auto code = parse(options, argc, argv)) return *code;
  auto url = source_url(options);
  if (!url.ok()) return failed(url.error().message, 2);
  options.local.engine.allow_local_sources = true;
  log::configure(options.local.log_level(), false);
  auto cluster = LocalCluster::open(options.local);
  if (!cluster.ok()) return failed(cluster.error().message);
  for (const auto& kind : model::declared_kinds())
    if (auto made = apply_object((*cluster)->kube(), model::make_crd(kind)); !made.ok())
      return failed(made.error().message);
  const Value ns = Value::object({{"apiVersion", "v1"},
                                  {"kind", "Namespace"},
                                  {"metadata", Value::object({{"name", "flux-system"}})}});
  if (auto made = apply_object((*cluster)->kube(), ns); !made.ok())
    return failed(made.error().message);
  if (auto started = (*cluster)->start(); !started.ok()) return failed(started.error().message);
  if (auto made = declare_source((*cluster)->kube(), options, *url); !made.ok())
    return failed(made.error().message);
  if (!options.quiet) {
    std::fprintf(stderr, "► weir serves on %s\n", (*cluster)->url().c_str());
    std::fprintf(stderr, "► export KUBECONFIG=%s\n", (*cluster)->kubeconfig().c_str());
    std::fprintf(stderr, "► reconciling %s, branch %s, path %s\n", url->c_str(),
                 options.branch.c_str(), options.path.c_str());
  }
  const auto watched = (*cluster)->watch_repository(*url, options.name);
  Progress progress(options.quiet);
  return options.once ? settle(**cluster, options, progress) : serve(**cluster, progress);
}

}  // namespace weir::cli
