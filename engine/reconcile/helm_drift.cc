// Unlocking a release that broke off, and the release's objects compared with what stands.
#include <algorithm>
#include <mutex>

#include "engine/apply/drift.hh"
#include "engine/apply/normalise.hh"
#include "engine/apply/order.hh"
#include "engine/apply/skip.hh"
#include "engine/reconcile/helm_runner.hh"
#include "engine/reconcile/parallel.hh"
#include "engine/value/pointer.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view exclusion = "driftDetection";
constexpr std::string_view exclusion_group = "helm.toolkit.fluxcd.io";

void count_operations(const Value& operations, HelmDrift& drift) {
  for (const Value& operation : operations.items()) {
    const std::string_view op = operation["op"].get_string();
    if (op == "add") ++drift.additions;
    if (op == "replace") ++drift.changes;
    if (op == "remove") ++drift.removals;
  }
}

std::string escape_pointer(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out.push_back(c);
  }
  return out;
}

void add_operation(Value& out, std::string_view op, const std::string& path, const Value& value) {
  Value operation = Value::object({{"op", op}, {"path", path}});
  if (op != "remove") operation.set("value", value);
  out.push_back(std::move(operation));
}

// The operations that make `live` what the dry-run says it should be.
void compare(const Value& live, const Value& wanted, const std::string& path, Value& out) {
  if (live.is_object() && wanted.is_object()) {
    for (const auto& member : wanted.members()) {
      const std::string below = path + "/" + escape_pointer(member.name());
      const Value* before = live.find(member.name());
      if (before == nullptr) {
        add_operation(out, "add", below, member.value);
      } else {
        compare(*before, member.value, below, out);
      }
    }
    for (const auto& member : live.members())
      if (!wanted.contains(member.name()))
        add_operation(out, "remove", path + "/" + escape_pointer(member.name()), Value());
    return;
  }
  if (live.is_array() && wanted.is_array() && live.size() == wanted.size()) {
    for (std::size_t i = 0; i < wanted.size(); ++i)
      compare(live.at(i), wanted.at(i), path + "/" + std::to_string(i), out);
    return;
  }
  if (!(live == wanted)) add_operation(out, "replace", path, wanted);
}

// Labels and annotations: what is more on the live object is no drift.
void compare_metadata(const Value& live, const Value& wanted, std::string_view name, Value& out) {
  const Value& before = live.path("metadata", name);
  const Value& after = wanted.path("metadata", name);
  if (after.empty()) return;
  const std::string path = "/metadata/" + std::string(name);
  if (!before.is_object()) return add_operation(out, "add", path, after);
  for (const auto& member : after.members()) {
    const Value* old = before.find(member.name());
    const std::string below = path + "/" + escape_pointer(member.name());
    if (old == nullptr) {
      add_operation(out, "add", below, member.value);
    } else if (!(*old == member.value)) {
      add_operation(out, "replace", below, member.value);
    }
  }
}

Value drift_operations(const Value& live, const Value& dry_run) {
  Value out = Value::array();
  compare_metadata(live, dry_run, "labels", out);
  compare_metadata(live, dry_run, "annotations", out);
  Value before = live, after = dry_run;
  for (const std::string_view name : {"metadata", "status"}) {
    before.erase(name);
    after.erase(name);
  }
  compare(before, after, "", out);
  return out;
}

// "why" of "where: what: why".
std::string last_part(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t begin = text.find_first_not_of(' ', colon == std::string::npos ? 0 : colon + 1);
  return begin == std::string::npos ? std::string() : text.substr(begin);
}

}  // namespace

Result<HelmRunner::Next> HelmRunner::unlock() {
  const ReleasePtr newest = run_.storage->newest();
  if (newest == nullptr) return make_error(Code::not_found, "release: not found");
  run_.release = *newest;
  run_.release.description = "Release unlocked from stale '" + newest->status + "' state";
  run_.release.status = "failed";
  WEIR_CHECK(record(run_.release));
  return Next::proceed;
}

Result<HelmRunner::Next> HelmRunner::detect_drift() {
  const ReleasePtr newest = run_.storage->newest();
  if (newest == nullptr) return make_error(Code::not_found, "release: not found");
  run_.release = *newest;
  WEIR_CHECK(set_objects(newest->manifest));
  auto rules = apply::compile_ignore_rules(run_.spec->drift_ignore);
  if (!rules.ok()) return std::move(rules).error();
  std::vector<std::optional<HelmDrift>> found(run_.objects.size());
  std::vector<Result<void>> results(run_.objects.size());
  parallel_for(run_.objects.size(), options_.concurrent_ssa, [&](std::size_t i) {
    results[i] = look_for_drift(run_.objects[i], *rules, found[i]);
  });
  std::string errors;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i]) run_.drifts.push_back(*std::move(found[i]));
    if (!results[i].ok()) errors += (errors.empty() ? "" : ", ") + results[i].error().message;
  }
  if (errors.empty()) return Next::proceed;
  log_line(errors);
  if (run_.drifts.empty())
    return make_error(Code::unavailable, "unable to determine cluster state: " + errors);
  return Next::proceed;
}

Result<void> HelmRunner::look_for_drift(HelmObject& object,
                                        const std::vector<apply::IgnoreRule>& rules,
                                        std::optional<HelmDrift>& out) {
  if (object.generated) return {};
  HelmDrift drift;
  drift.id = object.id;
  const auto exclude = [&] { out = std::move(drift); };
  if (apply::has_switch(object.manifest, exclusion, "disabled", exclusion_group)) {
    exclude();
    return {};
  }
  object.manifest = apply::normalise(object.manifest);
  WEIR_TRY(Value live, live_of(object.id));
  const auto pointers = apply::ignored_pointers(rules, object.manifest);
  const bool whole = std::any_of(pointers.begin(), pointers.end(),
                                 [](const auto& pointer) { return pointer.empty(); });
  if (whole ||
      (!live.is_null() && apply::has_switch(live, exclusion, "disabled", exclusion_group))) {
    exclude();
    return {};
  }
  drift.manifest = object.manifest;
  if (live.is_null()) {
    drift.removed = true;
    out = std::move(drift);
    return {};
  }
  WriteOptions options;
  options.as = run_.as;
  options.field_manager = helm_field_manager;
  options.force = true;
  options.dry_run = true;
  auto dry_run = kube_.apply(object.manifest, options);
  if (!dry_run.ok())
    return std::move(dry_run).error().with_context(object.id.subject() + " dry-run failed");
  Value wanted = *std::move(dry_run);
  apply::strip_ignored(live, wanted, pointers);
  drift.patch = drift_operations(live, wanted);
  if (drift.patch.empty()) return {};
  count_operations(drift.patch, drift);
  out = std::move(drift);
  return {};
}

// Fields of managers that the operator does not let have any become ours, and go with the next
// correction unless the release has them too (H9.5).
Result<void> HelmRunner::override_managers(const ObjectId& id) {
  if (options_.override_managers.empty()) return {};
  WEIR_TRY(const Value live, live_of(id));
  const Value patch = apply::make_cleanup_patch(
      live, {helm_field_manager, options_.override_managers, /*only_overridden=*/true});
  if (patch.empty()) return {};
  WriteOptions options;
  options.as = run_.as;
  options.field_manager = helm_field_manager;
  auto patched = kube_.patch(id, PatchType::json, patch, options);
  if (!patched.ok()) return std::move(patched).error().with_context("failed to override managers");
  return {};
}

Result<Value> HelmRunner::correct(const HelmDrift& drift) {
  WriteOptions options;
  options.as = run_.as;
  options.field_manager = helm_field_manager;
  if (drift.removed) {
    auto made = kube_.create(drift.manifest, options);
    if (made.ok()) return made;
    return std::move(made).error().with_context(drift.id.subject() + " creation failure");
  }
  WEIR_CHECK(override_managers(drift.id).with_context(drift.id.subject()));
  auto patched = kube_.patch(drift.id, PatchType::json, drift.patch, options);
  if (patched.ok()) return patched;
  Error error = std::move(patched).error();
  // What a Secret may not be is told with the values that were to be put into it.
  if (drift.id.gvk.kind == "Secret" && error.code == Code::invalid)
    error.message = last_part(error.message);
  return std::move(error).with_context(drift.id.subject() + " patch failure");
}

// What is gone first, each in the order that objects are applied in. Those that were corrected stay
// in `drifts`, to be told.
Result<HelmRunner::Next> HelmRunner::correct_drift() {
  std::string errors;
  std::vector<HelmDrift> drifts = std::move(run_.drifts);
  run_.drifts.clear();
  std::stable_sort(drifts.begin(), drifts.end(), [](const HelmDrift& a, const HelmDrift& b) {
    return a.removed != b.removed ? a.removed : apply::applies_before(a.id, b.id);
  });
  for (HelmDrift& drift : drifts) {
    if (is_excluded(drift)) continue;
    auto result = correct(drift);
    if (!result.ok()) {
      errors += (errors.empty() ? "" : "\n") + result.error().message;
      continue;
    }
    note_change({drift.id, drift.manifest, false}, *result,
                drift.removed ? Action::created : Action::configured);
    run_.drifts.push_back(std::move(drift));
  }
  if (!errors.empty()) return make_error(Code::unavailable, std::move(errors));
  return Next::proceed;
}

}  // namespace weir::reconcile
