#include "api/audit/live_managers.hh"

#include <array>

#include "engine/apply/field_set.hh"
#include "engine/kustomize/provenance.hh"
#include "engine/value/json.hh"

namespace weir::api::audit {
namespace {

using apply::FieldSet;
using kustomize::FieldStep;
using kustomize::FieldTrail;

struct Holder {
  FieldSet fields;
  std::string manager, time;
};

bool has_keys(const Value& item, std::string_view element) {
  const auto keys = value::parse_json(element.substr(2));
  if (!keys.ok()) return false;
  if (element.starts_with("v:")) return *keys == item;
  for (const value::Member& key : keys->members())
    if (item.contains(key.name()) && !(item[key.name()] == key.value)) return false;
  return !keys->empty();
}

// The part of the set below one step; nullptr when it has none.
const FieldSet* below(const FieldSet& set, const FieldStep& step, const Value& value) {
  if (!step.member.empty()) {
    const auto found = set.children.find("f:" + step.member);
    return found == set.children.end() ? nullptr : &found->second;
  }
  for (const auto& [element, child] : set.children) {
    if (element == "i:" + std::to_string(step.index)) return &child;
    if ((element.starts_with("k:") || element.starts_with("v:")) && has_keys(value, element))
      return &child;
  }
  return nullptr;
}

// Items are found by their index: the trail was made from this very object.
const Value& step_into(const Value& value, const FieldStep& step) {
  return step.member.empty() ? value.items()[step.index] : value[step.member];
}

bool holds(const FieldSet& set, const Value& object, const FieldTrail& trail) {
  const FieldSet* at = &set;
  const Value* value = &object;
  for (const FieldStep& step : trail) {
    value = &step_into(*value, step);
    const FieldSet* next = below(*at, step, *value);
    // A set that ends above holds all that is below.
    if (next == nullptr) return at->self && at->children.empty();
    at = next;
  }
  return at->self;
}

bool is_own(std::string_view manager, const model::ObjectId& owner) {
  if (manager == "weir" || manager == "weir-up") return true;
  return owner.gvk.kind == "HelmRelease" ? manager == "helm-controller"
                                         : manager == "kustomize-controller";
}

bool is_of_the_server(const FieldTrail& trail) {
  static constexpr std::array metadata_fields = {"creationTimestamp", "generation",
                                                 "managedFields",     "resourceVersion",
                                                 "uid",               "selfLink"};
  if (trail.empty() || trail[0].member == "status") return true;
  if (trail.size() < 2 || trail[0].member != "metadata") return false;
  for (const char* field : metadata_fields)
    if (trail[1].member == field) return true;
  return false;
}

}  // namespace

std::vector<HeldField> fields_of_others(const Value& live, const model::ObjectId& owner) {
  std::vector<Holder> own, others;
  for (const Value& entry : live.path("metadata", "managedFields").items()) {
    auto fields = apply::parse_fields(entry["fieldsV1"]);
    if (!fields.ok()) continue;
    Holder holder{*std::move(fields), std::string(entry["manager"].get_string()),
                  std::string(entry["time"].get_string())};
    auto& list = is_own(holder.manager, owner) ? own : others;
    list.push_back(std::move(holder));
  }
  std::vector<HeldField> out;
  if (others.empty()) return out;
  kustomize::for_each_field(live, [&](const FieldTrail& trail, const Value& value) {
    if (is_of_the_server(trail)) return;
    for (const Holder& holder : own)
      if (holds(holder.fields, live, trail)) return;
    const Holder* last = nullptr;
    for (const Holder& holder : others)
      if (holds(holder.fields, live, trail) && (last == nullptr || last->time < holder.time))
        last = &holder;
    if (last != nullptr)
      out.push_back({kustomize::field_text(trail), value, last->manager, last->time});
  });
  return out;
}

}  // namespace weir::api::audit
