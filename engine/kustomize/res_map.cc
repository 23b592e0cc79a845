#include "engine/kustomize/res_map.hh"

#include <algorithm>
#include <unordered_set>

#include "engine/base/limits.hh"
#include "engine/kustomize/plain_scalar.hh"
#include "engine/value/strategic_merge.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

std::string go_syntax(const ResId& id) {
  return "resid.ResId{Gvk:resid.Gvk{Group:\"" + id.gvk.group + "\", Version:\"" + id.gvk.version +
         "\", Kind:\"" + id.gvk.kind +
         "\", isClusterScoped:" + (id.cluster_scoped ? "true" : "false") + "}, Name:\"" + id.name +
         "\", Namespace:\"" + id.ns + "\"}";
}

// The old map's entries under the new one's; every value becomes a string.
Result<void> merge_data(Resource& resource, const Resource& old, std::string_view field) {
  StringMap merged;
  for (const Value* data : {&resource.object()[field], &old.object()[field]}) {
    for (const value::Member& member : data->members()) {
      WEIR_CHECK(check_plain_key(member.name()));
      merged.emplace(member.name(), value::scalar_text(member.value));
    }
  }
  Value& object = resource.edit();
  object.erase(field);
  if (merged.empty()) return {};
  Value data = Value::object();
  for (const auto& [key, text] : merged) data.append_member(Value(key), Value(text));
  object.set(field, std::move(data));
  return {};
}

}  // namespace

void ResMap::index_one(std::size_t position) const {
  const Resource& resource = *list_[position];
  const std::string current = resource.id().key();
  ++current_[current];
  const auto position32 = static_cast<std::uint32_t>(position);
  any_[current].push_back(position32);
  for (std::size_t i = 0; i < resource.previous().size(); ++i) {
    std::vector<std::uint32_t>& known = any_[resource.previous_id(i).key()];
    if (known.empty() || known.back() != position32) known.push_back(position32);
  }
}

void ResMap::index() const {
  if (indexed_) return;
  current_.clear();
  any_.clear();
  for (std::size_t i = 0; i < list_.size(); ++i) index_one(i);
  indexed_ = true;
}

Result<void> ResMap::append(Resource resource) {
  index();
  if (current_.contains(resource.id().key())) {
    return make_error(Code::invalid, "may not add resource with an already registered id: " +
                                         resource.id().to_string());
  }
  if (list_.size() >= base::limits::kustomize_resources_max) {
    return make_error(
        Code::limit,
        "more than " + std::to_string(base::limits::kustomize_resources_max) + " resources");
  }
  list_.push_back(std::make_unique<Resource>(std::move(resource)));
  index_one(list_.size() - 1);
  return {};
}

Result<void> ResMap::append_all(ResMap&& other) {
  if (list_.empty()) {
    *this = std::move(other);
    ids_changed();
    return check_unique();
  }
  for (std::unique_ptr<Resource>& resource : other.list_) WEIR_CHECK(append(std::move(*resource)));
  return {};
}

Result<void> ResMap::absorb_all(ResMap&& other) {
  for (std::unique_ptr<Resource>& added : other.list_) {
    Resource& resource = *added;
    const ResId id = resource.id();
    const Behavior behavior = resource.behavior.value_or(Behavior::unspecified);
    const std::vector<std::size_t> matches = find_by_any_id(id);
    if (matches.empty()) {
      if (behavior == Behavior::merge || behavior == Behavior::replace) {
        return make_error(Code::invalid,
                          "id " + go_syntax(id) + " does not exist; cannot merge or replace");
      }
      WEIR_CHECK(append(std::move(resource)));
      continue;
    }
    if (matches.size() > 1) {
      return make_error(Code::invalid,
                        "found multiple objects that could accept merge of " + id.to_string());
    }
    Resource& old = *list_[matches[0]];
    if (behavior != Behavior::merge && behavior != Behavior::replace) {
      return make_error(Code::invalid,
                        "id " + go_syntax(id) + " exists; behavior must be merge or replace");
    }
    const std::optional<Origin> first_origin = old.origin;
    resource.copy_metadata_from(old);
    if (behavior == Behavior::merge) {
      WEIR_CHECK(merge_data(resource, old, "data"));
      WEIR_CHECK(merge_data(resource, old, "binaryData"));
      if (first_origin) resource.origin = first_origin;
    }
    list_[matches[0]] = std::move(added);
    ids_changed();
  }
  return {};
}

std::vector<std::size_t> ResMap::find_by_any_id(const ResId& id) const {
  index();
  const auto found = any_.find(id.key());
  std::vector<std::size_t> result;
  if (found == any_.end()) return result;
  for (const std::uint32_t position : found->second) {
    if (result.empty() || result.back() != position) result.push_back(position);
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

std::size_t ResMap::count_current(const ResId& id) const {
  index();
  const auto found = current_.find(id.key());
  return found == current_.end() ? 0 : found->second;
}

std::optional<std::size_t> ResMap::find_current(const ResId& id) const {
  for (const std::size_t position : find_by_any_id(id)) {
    if (list_[position]->id().equals(id)) return position;
  }
  return std::nullopt;
}

Result<std::size_t> ResMap::find_patch_target(const ResId& id) const {
  std::vector<std::size_t> found = find_by_any_id(id);
  std::erase_if(found, [&](std::size_t i) { return list_[i]->deleted(); });
  if (found.size() == 1) return found[0];
  const std::string text = id.to_string();
  return make_error(Code::invalid,
                    (found.empty() ? "no matches for Id " : "multiple matches for Id ") + text +
                        "; failed to find unique target for patch " + text);
}

void ResMap::drop_deleted() {
  const std::size_t before = list_.size();
  std::erase_if(list_,
                [](const std::unique_ptr<Resource>& resource) { return resource->deleted(); });
  if (list_.size() != before) ids_changed();
}

Result<void> ResMap::check_unique() const {
  ids_changed();
  index();
  if (current_.size() == list_.size()) return {};
  std::unordered_set<std::string> seen;
  for (const std::unique_ptr<Resource>& resource : list_) {
    if (seen.insert(resource->id().key()).second) continue;
    return make_error(Code::invalid, "may not add resource with an already registered id: " +
                                         resource->id().to_string());
  }
  return {};
}

void ResMap::reorder(const std::vector<std::size_t>& order) {
  std::vector<std::unique_ptr<Resource>> sorted;
  sorted.reserve(order.size());
  for (const std::size_t position : order) sorted.push_back(std::move(list_[position]));
  list_ = std::move(sorted);
  ids_changed();
}

void ResMap::filter(const std::function<bool(const Resource&)>& keep) {
  std::erase_if(list_, [&](const std::unique_ptr<Resource>& resource) { return !keep(*resource); });
  ids_changed();
}

ResMap ResMap::copy() const {
  ResMap result;
  result.indexed_ = false;
  for (const std::unique_ptr<Resource>& resource : list_) {
    result.list_.push_back(std::make_unique<Resource>(*resource));
  }
  return result;
}

}  // namespace weir::kustomize
