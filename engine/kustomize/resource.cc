#include "engine/kustomize/resource.hh"

#include "engine/value/json.hh"
#include "engine/value/strategic_merge.hh"

namespace weir::kustomize {

namespace {

std::string metadata_text(const Value& object, std::string_view field) {
  return value::scalar_text(object["metadata"][field]);
}

// The member `key` of the map at the end of the path; nullptr when either is gone.
const Value* find_entry(const Value& object, const std::vector<SharedEntry::Step>& path,
                        std::string_view key) {
  const Value* node = &object;
  for (const SharedEntry::Step& step : path) {
    if (step.name.empty()) {
      node = step.index < node->items().size() ? &node->items()[step.index] : nullptr;
    } else {
      node = node->find(step.name);
    }
    if (node == nullptr) return nullptr;
  }
  return node->find(key);
}

}  // namespace

ResId id_of(const Value& object, const OpenApi& types) {
  const Value* version = object.find("apiVersion");
  const bool null = version != nullptr && version->is_null();
  const std::string api_version =
      null ? std::string(version->null_word()) : value::scalar_text(object["apiVersion"]);
  const std::string kind = value::scalar_text(object["kind"]);
  ResId id;
  id.gvk = Gvk::from(api_version, kind);
  id.cluster_scoped = types.is_cluster_scoped(api_version, kind);
  id.name = metadata_text(object, "name");
  id.ns = metadata_text(object, "namespace");
  return id;
}

Value& map_at(Value& object, std::string_view field) {
  if (!object.is_object()) object = Value::object();
  Value& map = object.entry(field);
  if (!map.is_object()) map = Value::object();
  return map;
}

const ResId& Resource::id() const {
  if (!id_) id_ = id_of(object_, *types_);
  return *id_;
}

ResId Resource::original_id() const { return previous_.empty() ? id() : previous_id(0); }

ResId Resource::previous_id(std::size_t index) const {
  const PreviousId& previous = previous_[index];
  ResId result;
  result.gvk = id().gvk;
  result.gvk.kind = previous.kind;
  result.name = previous.name;
  result.ns = previous.ns;
  return result;
}

std::vector<ResId> Resource::previous_ids() const {
  std::vector<ResId> result;
  result.reserve(previous_.size());
  for (std::size_t i = 0; i < previous_.size(); ++i) result.push_back(previous_id(i));
  return result;
}

void Resource::store_previous_id() {
  const ResId& now = id();
  previous_.push_back({std::string(now.effective_namespace()), now.name, now.gvk.kind});
}

std::string Resource::name() const { return metadata_text(object_, "name"); }
std::string Resource::namespace_name() const { return metadata_text(object_, "namespace"); }

void Resource::set_name(std::string_view name) {
  map_at(edit(), "metadata").set("name", Value(name));
}

void Resource::set_namespace(std::string_view ns) {
  if (!ns.empty()) {
    map_at(edit(), "metadata").set("namespace", Value(ns));
    return;
  }
  if (!object_["metadata"].contains("namespace")) return;
  map_at(edit(), "metadata").erase("namespace");
}

void Resource::set_kind(std::string_view kind) { edit().set("kind", Value(kind)); }

void Resource::set_gvk(const Gvk& gvk) {
  set_kind(gvk.kind);
  edit().set("apiVersion", Value(gvk.api_version()));
}

StringMap Resource::metadata_map(std::string_view field) const {
  StringMap result;
  for (const value::Member& member : object_["metadata"][field].members()) {
    const bool null = member.value.is_null();
    result.emplace(member.name(),
                   null ? std::string(member.value.null_word()) : value::scalar_text(member.value));
  }
  return result;
}

void Resource::set_metadata_map(std::string_view field, const StringMap& map) {
  Value& metadata = map_at(edit(), "metadata");
  metadata.erase(field);
  if (map.empty()) return;
  Value written = Value::object();
  for (const auto& [key, text] : map) written.append_member(Value(key), Value(text));
  metadata.set(field, std::move(written));
}

void Resource::share(SharedEntry entry) {
  if (entry.maps.size() > 1) shared_.push_back(std::move(entry));
}

void Resource::settle_shared() {
  for (SharedEntry& entry : shared_) {
    const Value* changed = nullptr;
    std::erase_if(entry.maps, [&](const std::vector<SharedEntry::Step>& path) {
      const Value* found = find_entry(object_, path, entry.key);
      if (found != nullptr && *found != entry.value) changed = found;
      return found == nullptr;
    });
    if (changed == nullptr) continue;
    entry.value = *changed;
    for (const std::vector<SharedEntry::Step>& path : entry.maps) {
      Value* map = &edit();
      for (const SharedEntry::Step& step : path) {
        map = step.name.empty() ? &map->item_mut(step.index) : map->find_mut(step.name);
      }
      map->set(entry.key, entry.value);
    }
  }
  std::erase_if(shared_, [](const SharedEntry& entry) { return entry.maps.size() < 2; });
}

bool Resource::same_history(const Resource& other) const {
  return previous_ == other.previous_ && prefixes == other.prefixes && suffixes == other.suffixes;
}

bool Resource::has_build_annotations() const {
  return !previous_.empty() || !prefixes.empty() || !suffixes.empty() || behavior || needs_hash ||
         allow_name_change || allow_kind_change || origin || !transformations.empty();
}

void Resource::forget() {
  previous_.clear();
  prefixes.clear();
  suffixes.clear();
  behavior.reset();
  needs_hash = false;
  origin.reset();
  transformations.clear();
}

std::string shown_json(const Value& object) {
  Value shown = object;
  if (shown["kind"].get_string() == "Secret") {
    for (const std::string_view field : {"data", "stringData"}) shown.erase(field);
  }
  shown.sort_members();
  return value::write_json(shown);
}

void Resource::copy_metadata_from(const Resource& other) {
  for (const std::string_view field : {"labels", "annotations"}) {
    StringMap merged = metadata_map(field);
    for (auto& [key, text] : other.metadata_map(field)) merged.emplace(key, text);
    set_metadata_map(field, merged);
  }
  set_name(other.name());
  set_namespace(other.namespace_name());
  prefixes = other.prefixes;
  suffixes = other.suffixes;
  var_names = other.var_names;
  behavior = other.behavior;
  needs_hash = needs_hash && other.needs_hash;
  allow_name_change = other.allow_name_change;
  allow_kind_change = other.allow_kind_change;
  previous_ = other.previous_;
  if (!origin) origin = other.origin;
  if (causes == nullptr) causes = other.causes;
  if (transformations.empty()) transformations = other.transformations;
}

}  // namespace weir::kustomize
