#include <algorithm>

#include "engine/helm/go_yaml.hh"
#include "engine/helm/manifests.hh"
#include "engine/reconcile/helm_runner.hh"

namespace weir::reconcile {
namespace {

Propagation propagation_of(const std::string& text) {
  if (text == "foreground") return Propagation::foreground;
  return text == "orphan" ? Propagation::orphan : Propagation::background;
}

}  // namespace

Result<HelmRunner::Next> HelmRunner::begin_uninstall() {
  const ReleasePtr newest = run_.storage->newest();
  run_.release.name = run_.storage->name();
  if (newest == nullptr) {
    run_.not_found = true;
    return Next::end;
  }
  run_.release = *newest;
  if (newest->status == "uninstalled") {
    if (run_.spec->uninstall.keep_history) {
      run_.already_uninstalled = true;
      run_.written.push_back(newest);
      return Next::end;
    }
    for (const ReleasePtr& other : run_.storage->releases())
      WEIR_CHECK(run_.storage->remove(kube_, other->version));
    run_.written.push_back(newest);
    return Next::end;
  }
  run_.release.status = "uninstalling";
  run_.release.deleted = now_text();
  run_.release.description = "Deletion in progress (or silently failed)";
  return Next::proceed;
}

Result<HelmRunner::Next> HelmRunner::delete_objects() {
  WEIR_CHECK(record(run_.release));
  auto objects = release_objects(kube_, run_.release.manifest, run_.release_ns);
  if (!objects.ok())
    return std::move(objects).error().with_context("unable to build kubernetes objects for delete");
  std::stable_sort(objects->begin(), objects->end(), [](const HelmObject& a, const HelmObject& b) {
    return helm::kind_before(a.id.gvk.kind, b.id.gvk.kind, helm::KindOrder::uninstall);
  });
  std::string errors;
  for (const HelmObject& object : *objects) {
    // Helm leaves behind what has the annotation, whatever it says.
    if (object.manifest.path("metadata", "annotations").contains(resource_policy)) {
      log_line("kept due to the resource policy: [" + object.id.gvk.kind + "] " + object.id.name);
      continue;
    }
    if (object.generated) continue;
    WEIR_TRY(const Value live, live_of(object.id));
    if (live.is_null()) continue;
    DeleteOptions options;
    options.as = run_.as;
    options.propagation = propagation_of(run_.spec->uninstall.propagation);
    auto removed = kube_.remove(object.id, options);
    if (!removed.ok() && removed.error().code != Code::not_found) {
      errors += (errors.empty() ? "" : ", ") + removed.error().message;
      continue;
    }
    note_removed(object.id, live);
    run_.deleted.push_back(object.id);
  }
  if (errors.empty()) return Next::proceed;
  log_line(errors);
  return make_error(Code::unavailable, "failed to delete release: " + run_.release.name);
}

Result<HelmRunner::Next> HelmRunner::await_gone() {
  if (run_.spec->uninstall.disable_wait) {
    run_.deleted.clear();
    return Next::proceed;
  }
  WEIR_TRY(const bool gone, all_gone());
  if (gone) return Next::proceed;
  if (!late()) return wait_for(HelmWait::gone, run_.deleted, timeout());
  // The record goes nevertheless, and the failure is told in the end.
  for (const ObjectId& id : run_.deleted) {
    WEIR_TRY(const Value live, live_of(id));
    if (live.is_null()) continue;
    run_.leftovers.push_back(id.subject() + " termination timeout: context deadline exceeded");
    break;
  }
  run_.deleted.clear();
  return Next::proceed;
}

Result<void> HelmRunner::tell_leftovers() const {
  if (run_.leftovers.empty()) return {};
  std::string text = "uninstallation completed with " + std::to_string(run_.leftovers.size()) +
                     " error(s): " + run_.leftovers.front();
  for (std::size_t i = 1; i < run_.leftovers.size(); ++i) text += "; " + run_.leftovers[i];
  return make_error(Code::timeout, std::move(text));
}

Result<HelmRunner::Next> HelmRunner::settle_uninstall() {
  run_.release.status = "uninstalled";
  run_.release.description = "Uninstallation complete";
  if (run_.spec->uninstall.keep_history) {
    WEIR_CHECK(record(run_.release));
    for (const ReleasePtr& other : run_.storage->releases()) {
      if (other->status != "deployed") continue;
      helm::Release superseded = *other;
      superseded.status = "superseded";
      WEIR_CHECK(record(superseded));
    }
    WEIR_CHECK(tell_leftovers());
    return Next::proceed;
  }
  // Told of it is the record as it was deleted: "uninstalling".
  if (const ReleasePtr last = run_.storage->find(run_.release.version))
    run_.written.push_back(last);
  for (const ReleasePtr& other : run_.storage->releases())
    WEIR_CHECK(run_.storage->remove(kube_, other->version));
  WEIR_CHECK(tell_leftovers());
  return Next::proceed;
}

}  // namespace weir::reconcile
