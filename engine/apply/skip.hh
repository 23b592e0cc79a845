// The switches that an object carries in its labels or annotations, and the guard against applying
// Secrets that are still encrypted. Keys are exact, values case-insensitive. Pure; contract K8,
// K5.2, K6.1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::apply {

inline constexpr std::string_view owner_group = "kustomize.toolkit.fluxcd.io";

// True when the object has `<group>/<name>` as a label or annotation with that value, in any case.
bool has_switch(const Value& object, std::string_view name, std::string_view value,
                std::string_view group = owner_group);


enum class SkipReason : std::uint8_t {
  none,
  ignored,         // ssa: Ignore, or reconcile: disabled
  already_exists,  // ssa: IfNotPresent
  not_owned,       // prune: the owner labels name somebody else
  prune_disabled,  // prune: disabled
};
// "", "ssa: Ignore or reconcile: disabled", ...: why, for people.
std::string_view skip_reason_text(SkipReason reason);

// Whether applying `desired` is skipped; `live` is null when there is no such object yet.
SkipReason skip_apply(const Value& desired, const Value& live,
                      std::string_view group = owner_group);

// Whether the live object must not be deleted by prune or the finalizer of the owner called
// `ns`/`name`. An empty name skips the test of owner labels.
SkipReason skip_prune(const Value& live, std::string_view ns, std::string_view name,
                      std::string_view group = owner_group);

// Whether the metadata clean-up (K7.9) leaves the object alone: ssa: Merge on either.
bool skip_cleanup(const Value& desired, const Value& live, std::string_view group = owner_group);

// `force: enabled` on either.
bool is_forced(const Value& desired, const Value& live, std::string_view group = owner_group);

// Error: invalid when `object` is a Secret that SOPS still encrypts, unless annotated
// `decrypt: disabled` (K6.1).
Result<void> check_not_encrypted(const Value& object);

}  // namespace weir::apply
