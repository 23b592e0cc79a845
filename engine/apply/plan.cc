#include "engine/apply/plan.hh"

#include "engine/apply/diff.hh"

namespace weir::apply {
namespace {

std::vector<std::vector<std::string>> pointers_of(const DecisionInput& input) {
  if (input.ignore == nullptr || input.ignore->empty()) return {};
  return ignored_pointers(*input.ignore, input.dry_run);
}

}  // namespace

Decision decide_apply(const DecisionInput& input) {
  const SkipReason skipped = skip_apply(input.desired, input.live);
  if (skipped != SkipReason::none) return {Verdict::skip, skipped, ""};
  if (input.live.is_null() || input.dry_run["metadata"]["resourceVersion"].get_string().empty()) {
    return {Verdict::create, SkipReason::none, ""};
  }
  Value live = input.live;
  Value dry_run = input.dry_run;
  strip_ignored(live, dry_run, pointers_of(input));
  if (has_drifted(live, dry_run)) {
    return {Verdict::configure, SkipReason::none,
            format_change_paths(diff_objects(live, dry_run))};
  }
  return {input.cleaned ? Verdict::configure : Verdict::unchanged, SkipReason::none, ""};
}

Value payload_of(const DecisionInput& input) {
  Value payload = input.desired;
  if (!input.live.is_null()) {
    adopt_ignored(payload, input.live, input.dry_run, pointers_of(input));
  }
  return payload;
}

bool is_immutable_error(const Error& error) {
  return error.code == Code::conflict || error.reason == "Conflict" || error.reason == "Invalid" ||
         error.reason == "AlreadyExists" ||
         error.message.find("is immutable") != std::string::npos ||
         error.message.find("immutable field") != std::string::npos;
}

bool should_recreate(const Error& error, const Value& desired, const Value& live, bool force) {
  if (live.is_null() || !is_immutable_error(error)) return false;
  return force || is_forced(desired, live);
}

Error dry_run_error(const ObjectId& id, const Error& error) {
  const std::string subject = id.subject();
  Error out = error;
  // What the API server says to a path without the namespace that the kind needs.
  if (error.reason == "NoNamespace") {
    out.message = subject +
                  " namespace not specified: the server could not find the requested resource";
    return out;
  }
  if (error.code == Code::not_found || error.reason == "NotFound") {
    const std::string_view what = id.ns.empty() ? " namespace not specified: " : " not found: ";
    out.message = subject + std::string(what) + error.message;
    return out;
  }
  out.message = subject + " dry-run failed";
  if (!error.reason.empty()) out.message += " (" + error.reason + ")";
  out.message += ": " + error.message;
  return out;
}

PruneDecision decide_prune(const Value& live, std::string_view owner_ns,
                           std::string_view owner_name) {
  if (live.is_null()) return {PruneVerdict::absent, SkipReason::none};
  const SkipReason skipped = skip_prune(live, owner_ns, owner_name);
  if (skipped != SkipReason::none) return {PruneVerdict::skip, skipped};
  return {PruneVerdict::remove, SkipReason::none};
}

}  // namespace weir::apply
