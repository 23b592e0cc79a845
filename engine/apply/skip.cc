#include "engine/apply/skip.hh"

#include <algorithm>

#include "engine/model/object_id.hh"

namespace weir::apply {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return lower(x) == lower(y);
         });
}

std::string switch_key(std::string_view group, std::string_view name) {
  std::string key(group);
  key += '/';
  key += name;
  return key;
}

bool is_off(const Value& object, std::string_view group) {
  return has_switch(object, "ssa", "Ignore", group) ||
         has_switch(object, "reconcile", "disabled", group);
}

}  // namespace

bool has_switch(const Value& object, std::string_view name, std::string_view value,
                std::string_view group) {
  const std::string key = switch_key(group, name);
  const Value& metadata = object["metadata"];
  return equal_ignoring_case(metadata["labels"][key].get_string(), value) ||
         equal_ignoring_case(metadata["annotations"][key].get_string(), value);
}

std::string_view skip_reason_text(SkipReason reason) {
  switch (reason) {
    case SkipReason::none: return "";
    case SkipReason::ignored: return "reconciliation is disabled on the object";
    case SkipReason::already_exists: return "the object exists and is applied only if not present";
    case SkipReason::not_owned: return "the object belongs to another owner";
    case SkipReason::prune_disabled: return "pruning is disabled on the object";
  }
  return "";
}

SkipReason skip_apply(const Value& desired, const Value& live, std::string_view group) {
  if (is_off(desired, group)) return SkipReason::ignored;
  if (live.is_null()) return SkipReason::none;
  if (is_off(live, group)) return SkipReason::ignored;
  return has_switch(desired, "ssa", "IfNotPresent", group) ? SkipReason::already_exists
                                                           : SkipReason::none;
}

SkipReason skip_prune(const Value& live, std::string_view ns, std::string_view name,
                      std::string_view group) {
  if (!name.empty()) {
    const Value& labels = live["metadata"]["labels"];
    if (labels[switch_key(group, "name")].get_string() != name ||
        labels[switch_key(group, "namespace")].get_string() != ns) {
      return SkipReason::not_owned;
    }
  }
  if (has_switch(live, "prune", "disabled", group)) return SkipReason::prune_disabled;
  return is_off(live, group) ? SkipReason::ignored : SkipReason::none;
}

bool skip_cleanup(const Value& desired, const Value& live, std::string_view group) {
  return has_switch(desired, "ssa", "Merge", group) || has_switch(live, "ssa", "Merge", group);
}

bool is_forced(const Value& desired, const Value& live, std::string_view group) {
  return has_switch(desired, "force", "enabled", group) ||
         has_switch(live, "force", "enabled", group);
}

Result<void> check_not_encrypted(const Value& object) {
  const ObjectId id = ObjectId::of(object);
  if (id.gvk.kind != "Secret" || !id.gvk.group.empty() || !object.contains("sops")) return {};
  const std::string key = switch_key(owner_group, "decrypt");
  const std::string_view value = object["metadata"]["annotations"][key].get_string();
  if (equal_ignoring_case(value, "disabled")) return {};
  return make_error(Code::invalid, id.subject() +
                                       " is SOPS encrypted, configuring decryption is required for "
                                       "this secret to be reconciled");
}

}  // namespace weir::apply
