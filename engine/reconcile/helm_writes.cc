// The writes of an action on a release: its objects, what it had and has no more, the definitions
// of its chart; and what the log gets of them.
#include <mutex>

#include "engine/helm/render.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/helm_post_render.hh"
#include "engine/reconcile/helm_runner.hh"
#include "engine/reconcile/parallel.hh"

namespace weir::reconcile {
namespace {

constexpr base::Duration crd_wait = std::chrono::seconds(60);
constexpr std::string_view crds_refused = "failed to apply CustomResourceDefinitions";

}  // namespace

// Server-side apply without a look at what is there: the answer says whether anything was.
Result<void> HelmRunner::apply_blind(const HelmObject& object, HelmApply how,
                                     const LiveFacts* before, bool& created) {
  bool made = false;
  how.made = &made;
  auto result = write_object(kube_, object, Value(), Value(), how);
  if (!result.ok()) return std::move(result).error();
  created = made;
  if (!made && how.migrate_manager && has_client_side_fields(*result)) {
    const Value live = *std::move(result);
    how.made = nullptr;
    result = write_object(kube_, object, Value(), live, how);
    if (!result.ok()) return std::move(result).error();
  }
  note_change(object, *result, made ? Action::created : Action::configured, before);
  return {};
}

Result<void> HelmRunner::write_one(const HelmObject& object, const Value& original,
                                   const HelmApply& how, bool& created) {
  if (how.server_side && !object.generated) {
    const auto told = known_.find(object.id);
    const bool stood = told != known_.end() && told->second.exists && !told->second.owned.empty();
    if (stood || run_.kind == HelmActionKind::install)
      return apply_blind(object, how, stood ? &told->second : nullptr, created);
  }
  Value live;
  if (!object.generated) {
    auto found = live_of(object.id);
    if (!found.ok())
      return std::move(found).error().with_context("could not get information about the resource");
    live = *std::move(found);
  }
  created = live.is_null();
  auto result = write_object(kube_, object, original, live, how);
  if (!result.ok()) {
    if (!created || run_.kind == HelmActionKind::install) return std::move(result).error();
    return std::move(result).error().with_context("failed to create resource");
  }
  const bool same = !created && live.path("metadata", "resourceVersion") ==
                                    result->path("metadata", "resourceVersion");
  note_change(object, *result,
              created ? Action::created
              : same  ? Action::unchanged
                      : Action::configured);
  return {};
}

// Objects of one kind side by side, kinds in the manifest's order. All are tried.
Result<HelmRunner::Next> HelmRunner::write_objects() {
  HelmApply how;
  how.as = run_.as;
  how.server_side = run_.server_side;
  how.replace = options_of_kind().force;
  how.strict = !options_of_kind().disable_openapi_validation;
  const std::string before_method = run_.before ? run_.before->apply_method : "csa";
  how.migrate_manager = run_.server_side && before_method != "ssa";
  how.three_way_custom = run_.kind == HelmActionKind::install && !run_.server_side;
  std::string errors;
  Code code = Code::invalid;
  const auto& objects = run_.objects;
  for (std::size_t begin = 0; begin < objects.size();) {
    std::size_t end = begin + 1;
    while (end < objects.size() && objects[end].id.gvk.kind == objects[begin].id.gvk.kind) ++end;
    std::vector<Result<void>> results(end - begin);
    std::vector<char> created(end - begin, 0);
    parallel_for(end - begin, options_.concurrent_ssa, [&](std::size_t i) {
      const HelmObject& object = objects[begin + i];
      const HelmObject* original = find_object(run_.previous, object.id);
      bool fresh = false;
      results[i] =
          write_one(object, original == nullptr ? Value() : original->manifest, how, fresh);
      created[i] = fresh;
    });
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (created[i] != 0) run_.created.push_back(objects[begin + i]);
      if (results[i].ok()) continue;
      code = results[i].error().code;
      if (!errors.empty()) errors += run_.kind == HelmActionKind::install ? "\n" : " && ";
      errors += results[i].error().message;
    }
    begin = end;
  }
  if (!errors.empty()) return make_error(code, std::move(errors));
  return Next::proceed;
}

// What the release had and has no more.
Result<HelmRunner::Next> HelmRunner::remove_leftovers() {
  std::string errors;
  for (const HelmObject& object : run_.previous) {
    if (object.generated || find_object(run_.objects, object.id) != nullptr) continue;
    WEIR_TRY(const Value live, live_of(object.id));
    if (live.is_null() || is_kept(live)) continue;
    DeleteOptions options;
    options.as = run_.as;
    auto removed = kube_.remove(object.id, options);
    if (!removed.ok() && removed.error().code != Code::not_found) {
      if (!errors.empty()) errors += " && ";
      errors += "failed to delete resource namespace=" + object.id.ns;
      errors += ", name=" + object.id.name + ", kind=" + object.id.gvk.kind + ": ";
      errors += removed.error().message;
      continue;
    }
    note_removed(object.id, live);
  }
  if (!errors.empty()) return make_error(Code::unavailable, std::move(errors));
  return Next::proceed;
}

void HelmRunner::note_change(const HelmObject& object, const Value& result, Action action,
                             const LiveFacts* before) {
  ObjectChange change;
  change.id = ObjectId::of(result);
  change.action = action;
  change.facts =
      facts_of(result, &run_.rules, ports_.clock->now(), options_, nullptr, helm_field_manager);
  auto stored = store_manifest(*ports_.log, object.manifest);
  if (stored.ok()) {
    change.manifest = stored->first;
    change.manifest_blob = stored->second;
  }
  change.facts.applied_manifest = change.manifest;
  change.facts.applied_owned = change.facts.owned;
  if (before != nullptr && action == Action::configured && before->owned == change.facts.owned)
    change.action = Action::unchanged;
  const std::lock_guard lock(changes_mutex_);
  run_.applied[change.id] = change.facts;
  run_.changes.push_back(std::move(change));
}

void HelmRunner::note_removed(const ObjectId& id, const Value& live) {
  ObjectChange change;
  change.id = id;
  change.action = Action::deleted;
  if (!live.is_null())
    if (auto stored = store_live(*ports_.log, live); stored.ok()) change.live_blob = *stored;
  run_.changes.push_back(std::move(change));
}

Result<std::vector<HelmObject>> HelmRunner::chart_crds() {
  std::vector<HelmObject> out;
  for (const helm::CrdFile& file : helm::crd_files(run_.prepared->charts->root())) {
    auto objects = release_objects(kube_, *file.file->data, run_.release_ns);
    if (!objects.ok())
      return std::move(objects).error().with_context(
          "failed to parse CustomResourceDefinitions from " + file.path);
    for (HelmObject& object : *objects) {
      if (object.id.gvk.kind != "CustomResourceDefinition") {
        log_line(file.path + " holds " + object.id.subject() +
                 ", which is no CustomResourceDefinition and is left out");
        continue;
      }
      add_origin_labels(object.manifest, run_.owner);
      out.push_back(std::move(object));
    }
  }
  return out;
}

Result<HelmRunner::Next> HelmRunner::apply_crds() {
  const model::CrdsPolicy policy = options_of_kind().crds;
  if (policy == model::CrdsPolicy::skip || run_.prepared->recorded != nullptr)
    return Next::proceed;
  WEIR_TRY(const auto crds, chart_crds().with_context(crds_refused));
  HelmApply how;
  how.as = run_.as;
  how.server_side = run_.server_side;
  how.replace = true;
  run_.waiting.clear();
  for (const HelmObject& crd : crds) {
    WEIR_TRY(const Value live, live_of(crd.id));
    if (!live.is_null() && policy == model::CrdsPolicy::create) continue;
    auto result = write_object(kube_, crd, Value(), live, how);
    if (!result.ok()) {
      const bool creates = policy == model::CrdsPolicy::create;
      return std::move(result)
          .error()
          .with_context(creates ? "failed to create CustomResourceDefinition " + crd.id.name
                                : "failed to update CustomResourceDefinition(s)")
          .with_context(crds_refused);
    }
    note_change(crd, *result, live.is_null() ? Action::created : Action::configured);
    run_.waiting.push_back(crd.id);
  }
  return Next::proceed;
}

Result<HelmRunner::Next> HelmRunner::await_crds() {
  std::vector<ObjectId> pending;
  for (const ObjectId& id : run_.waiting) {
    std::string text;
    bool failed = false;
    if (!is_ready(id, text, failed)) pending.push_back(id);
  }
  if (pending.empty()) return Next::proceed;
  if (late())
    return make_error(Code::timeout,
                      "CustomResourceDefinition " + pending.front().name + " is not established");
  return wait_for(HelmWait::gone, std::move(pending), crd_wait);
}

}  // namespace weir::reconcile
