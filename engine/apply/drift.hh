// Whether a live object differs from what applying the manifest would make of it, what to clean up
// in its metadata first, and which differences the user wants left alone. Pure; contract K7.8,
// K7.9, K7.12.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/apply/target.hh"
#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::apply {

// K7.8: `dry_run` is the server's answer to the dry-run of the manifest. Labels, annotations and
// every top-level field but metadata and status are compared; metrics of a HorizontalPodAutoscaler
// as a set.
bool has_drifted(const Value& live, const Value& dry_run);

struct CleanupOptions {
  std::string_view field_manager = "kustomize-controller";
  std::vector<std::string> override_managers;  // --override-manager: folded in too
  bool only_overridden = false;  // nothing but `override_managers` (a release's objects, H9.5)
};

// K7.9: the JSON patch for the live object that drops leftover annotations and labels and folds
// the fields of kubectl and other managers into ours; an empty array when there is nothing to do.
// It fails with a conflict when the object has changed meanwhile. The caller asks skip_cleanup()
// first.
Value make_cleanup_patch(const Value& live, const CleanupOptions& options = {});

// True when a manager is on the object whose fields the clean-up would fold.
bool has_foreign_manager(const Value& live, const CleanupOptions& options = {});

// One entry of spec.ignore, compiled.
struct IgnoreRule {
  std::vector<std::vector<std::string>> pointers;  // unescaped tokens; an empty one = whole object
  Target target;
};

// From spec.ignore ([{paths, target}] or null). Error: invalid, naming the entry.
Result<std::vector<IgnoreRule>> compile_ignore_rules(const Value& ignore);

// The pointers that apply to an object.
std::vector<std::vector<std::string>> ignored_pointers(const std::vector<IgnoreRule>& rules,
                                                       const Value& object);

// For the drift test: removes the pointers from both sides.
void strip_ignored(Value& live, Value& dry_run,
                   const std::vector<std::vector<std::string>>& pointers);

// For an apply that happens all the same: each ignored path in which live and dry-run differ is
// stripped from the manifest when another manager applies it, else takes the live value.
void adopt_ignored(Value& manifest, const Value& live, const Value& dry_run,
                   const std::vector<std::vector<std::string>>& pointers,
                   std::string_view field_manager = "kustomize-controller");

}  // namespace weir::apply
