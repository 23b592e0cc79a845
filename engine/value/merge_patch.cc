#include "engine/value/pointer.hh"

namespace weir::value {

void apply_merge_patch(Value& target, const Value& patch) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object()) target = Value::object();
  for (const Member& member : patch.members()) {
    if (member.value.is_null()) {
      target.erase(member.name());
    } else {
      apply_merge_patch(target.entry(member.name()), member.value);
    }
  }
}

Value make_merge_patch(const Value& from, const Value& to) {
  if (!from.is_object() || !to.is_object()) return from == to ? Value::object() : to;
  Value patch = Value::object();
  for (const Member& member : to.members()) {
    const Value* const before = from.find(member.name());
    if (before == nullptr) {
      patch.append_member(member.key, member.value);
    } else if (before->is_object() && member.value.is_object()) {
      Value inner = make_merge_patch(*before, member.value);
      if (!inner.empty()) patch.append_member(member.key, std::move(inner));
    } else if (!(*before == member.value)) {
      patch.append_member(member.key, member.value);
    }
  }
  for (const Member& member : from.members())
    if (!to.contains(member.name())) patch.append_member(member.key, Value());
  return patch;
}

}  // namespace weir::value
