// weir diff ks: what applying local files would change in the cluster, by server-side dry-run.
#include <algorithm>

#include "engine/apply/diff.hh"
#include "engine/apply/drift.hh"
#include "engine/apply/normalise.hh"
#include "engine/apply/order.hh"
#include "engine/apply/plan.hh"
#include "engine/model/inventory.hh"
#include "engine/model/kinds/kustomization.hh"
#include "tools/weir/local_build.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

// What a diff found; errors do not end it, so that all of them are seen.
struct DiffReport {
  std::string text;
  bool changed = false;
  std::vector<std::string> errors;
};

bool is_made_by_set(const std::vector<Value>& objects, const ObjectId& id) {
  return std::any_of(objects.begin(), objects.end(), [&](const Value& object) {
    return object["kind"].get_string() == "Namespace" &&
           object.path("metadata", "name").get_string() == id.ns;
  });
}

// Adds the lines of one object.
Result<void> diff_object(reconcile::KubeApi& kube, const Value& desired,
                         const std::vector<Value>& objects,
                         const std::vector<apply::IgnoreRule>& ignore, DiffReport& report) {
  const ObjectId id = ObjectId::of(desired);
  const auto created = [&]() -> Result<void> {
    report.text += "► " + id.subject() + " created\n";
    report.changed = true;
    return {};
  };
  const auto resource = kube.resolve(id.gvk);
  if (id.ns.empty() && resource.ok() && resource->namespaced)
    return make_error(Code::invalid, id.subject() +
                                         " namespace not specified: the server could not find "
                                         "the requested resource");
  Value live;
  auto found = kube.get(id);
  if (found.ok())
    live = *std::move(found);
  else if (found.error().code != Code::not_found)
    return apply::dry_run_error(id, found.error());
  if (apply::skip_apply(desired, live) != apply::SkipReason::none) {
    report.text += "► " + id.subject() + " skipped\n";
    return {};
  }
  reconcile::WriteOptions options;
  options.field_manager = "kustomize-controller";
  options.force = true;
  options.dry_run = true;
  auto dry_run = kube.apply(desired, options);
  if (!dry_run.ok()) {
    if (apply::should_recreate(dry_run.error(), desired, live, false)) return created();
    if (live.is_null() && dry_run.error().code == Code::not_found && is_made_by_set(objects, id))
      return created();
    return apply::dry_run_error(id, dry_run.error());
  }
  const apply::DecisionInput input{desired, live, *dry_run, false, &ignore};
  const apply::Decision decision = apply::decide_apply(input);
  if (decision.verdict == apply::Verdict::create) return created();
  if (decision.verdict != apply::Verdict::configure) return {};
  report.text += "► " + id.subject() + " drifted\n";
  report.text += "\n" + apply::format_changes(apply::diff_objects(live, *dry_run));
  report.changed = true;
  return {};
}

Result<DiffReport> diff_built(const LocalBuild& build, BuiltKustomization built);

// A Kustomization among the objects: its own diff, indented by a line of its own.
void diff_child(const LocalBuild& build, const Value& object, DiffReport& report) {
  const std::string subject = ObjectId::of(object).subject();
  if (object.path("spec", "kubeConfig").is_object()) {
    report.text += "⚠️ " + subject + " skipped: diff not supported for remote clusters\n";
    return;
  }
  auto built = build_child(build, object, false);
  if (!built.ok()) {
    report.errors.push_back(built.error().message);
    return;
  }
  auto child = diff_built(build, *std::move(built));
  if (!child.ok()) {
    report.errors.push_back(child.error().message);
    return;
  }
  report.errors.insert(report.errors.end(), child->errors.begin(), child->errors.end());
  if (!child->changed) return;
  report.changed = true;
  report.text += "📁 " + subject + " changed\n" + child->text;
}

Result<void> add_deletions(const BuiltKustomization& built, DiffReport& report) {
  if (!built.kustomization.path("spec", "prune").get_bool() || !report.errors.empty()) return {};
  WEIR_TRY(const auto before,
           model::parse_inventory(built.kustomization.path("status", "inventory")));
  std::vector<ObjectId> after;
  for (const Value& object : built.objects) after.push_back(ObjectId::of(object));
  std::vector<ObjectId> stale = model::stale_objects(before, after);
  apply::sort_for_apply(stale);
  for (const ObjectId& id : stale) report.text += "► " + id.subject() + " deleted\n";
  report.changed = report.changed || !stale.empty();
  return {};
}

Result<DiffReport> diff_built(const LocalBuild& build, BuiltKustomization built) {
  DiffReport report;
  WEIR_TRY(const auto ignore,
           apply::compile_ignore_rules(built.kustomization.path("spec", "ignore")));
  for (Value& object : built.objects) {
    object = apply::normalise(object);
    auto done = diff_object(build.connection.kube(), object, built.objects, ignore, report);
    if (!done.ok()) report.errors.push_back(done.error().message);
    const bool child = build.recursive && Gvk::of(object).kind == "Kustomization" &&
                       Gvk::of(object).group == model::kustomization_gvk.group &&
                       !model::same_object(ObjectId::of(object), ObjectId::of(built.kustomization));
    if (child && done.ok()) diff_child(build, object, report);
  }
  WEIR_CHECK(add_deletions(built, report));
  return report;
}

int diff_kustomization(int argc, char** argv) {
  LocalBuild build;
  bool progress = true;
  Args args("diff kustomization",
            "Prints what applying local files would change in the cluster: exit code "
            "0 for nothing, 1 for changes, 2 for an error.");
  build.add_to(args);
  args.flag("--progress-bar", progress, "Accepted; there is none.");
  args.flag("--ignore-not-found", build.ignore_not_found,
            "The Kustomization need not exist yet; needs --kustomization-file.");
  if (const auto code = args.parse(argc, argv)) return *code;
  auto opened = build.open();
  if (!opened.ok()) return failed(opened.error().message, opened.error().reason == "Path" ? 2 : 1);
  auto built = build_local(build, false);
  if (!built.ok()) return failed(built.error().message, 2);
  auto report = diff_built(build, *std::move(built));
  if (!report.ok()) return failed(report.error().message, 2);
  print(report->text);
  if (!report->errors.empty()) {
    std::string all;
    for (const std::string& error : report->errors) all += (all.empty() ? "" : ", ") + error;
    return failed(report->errors.size() > 1 ? "[" + all + "]" : all, 2);
  }
  if (!report->changed) return 0;
  say_warning("identified at least one change, exiting with non-zero exit code");
  return 1;
}

}  // namespace

int run_diff_kustomization(int argc, char** argv) { return diff_kustomization(argc, argv); }

}  // namespace weir::cli
