#include "api/kube/managed_fields.hh"

#include <algorithm>

#include "engine/value/json.hh"

namespace weir::api::kube {

namespace {

constexpr std::size_t update_managers_max =
    10;  // as the API server; older ones become "ancient-changes"

// Fields nobody owns: the server's own, or the object's identity.
void strip(FieldSet& set) {
  static const std::vector<std::vector<std::string>> paths = {{"f:apiVersion"},
                                                              {"f:kind"},
                                                              {"f:metadata", "f:name"},
                                                              {"f:metadata", "f:namespace"},
                                                              {"f:metadata", "f:creationTimestamp"},
                                                              {"f:metadata", "f:selfLink"},
                                                              {"f:metadata", "f:uid"},
                                                              {"f:metadata", "f:clusterName"},
                                                              {"f:metadata", "f:generation"},
                                                              {"f:metadata", "f:managedFields"},
                                                              {"f:metadata", "f:resourceVersion"}};
  for (const auto& path : paths) set.remove(path);
  if (const auto metadata = set.children.find("f:metadata"); metadata != set.children.end()) {
    metadata->second.member = false;
    if (metadata->second.empty()) set.children.erase(metadata);
  }
}

bool same_manager(const Manager& manager, const WriteContext& context, bool apply) {
  return manager.apply == apply && manager.name == context.manager &&
         manager.subresource == context.subresource &&
         (apply || manager.api_version == context.api_version);
}

std::string show_manager(const Manager& manager) {
  const auto quoted = [](const std::string& text) { return value::write_json(Value(text)); };
  std::string out = quoted(manager.name);
  if (!manager.subresource.empty()) out += " with subresource " + quoted(manager.subresource);
  if (manager.apply) return out;
  return out + " using " + manager.api_version;
}

Error conflict_error(const std::map<std::string, std::vector<std::string>>& conflicts, Call& call) {
  call.causes = Value::array();
  std::size_t count = 0;
  std::string list;
  std::string single;
  for (const auto& [manager, paths] : conflicts) {
    list += (list.empty() ? "" : "\n") + std::string("conflicts with ") + manager + ":";
    for (const std::string& path : paths) {
      ++count;
      list += "\n- " + path;
      single = "conflict with " + manager + ": " + path;
      call.causes.push_back(Value::object({{"reason", "FieldManagerConflict"},
                                           {"message", "conflict with " + manager},
                                           {"field", path}}));
    }
  }
  return make_error(Code::conflict,
                    count == 1
                        ? "Apply failed with 1 conflict: " + single
                        : "Apply failed with " + std::to_string(count) + " conflicts: " + list,
                    "Conflict");
}

Value without_managed(const Value& object) {
  Value copy = object;
  if (copy["metadata"].contains("managedFields")) copy.entry("metadata").erase("managedFields");
  return copy;
}

// What others keep after a change from `live` to `next`: they lose what changed under them or
// vanished.
void release(std::vector<Manager>& managers, const Comparison& change, const WriteContext& context,
             bool apply) {
  FieldSet taken = change.modified;
  taken.unite(change.added);
  taken.unite(change.removed);
  for (Manager& manager : managers) {
    if (!same_manager(manager, context, apply)) manager.fields.subtract(taken);
  }
  std::erase_if(managers, [](const Manager& manager) { return manager.fields.empty(); });
}

void merge_ancient(std::vector<Manager>& managers) {
  std::vector<std::size_t> updates;
  for (std::size_t i = 0; i < managers.size(); ++i) {
    if (!managers[i].apply) updates.push_back(i);
  }
  if (updates.size() <= update_managers_max) return;
  std::stable_sort(updates.begin(), updates.end(), [&](std::size_t a, std::size_t b) {
    return managers[a].time < managers[b].time;
  });
  Manager& ancient = managers[updates[0]];
  ancient.name = "ancient-changes";
  ancient.subresource.clear();
  for (std::size_t i = 1; i <= updates.size() - update_managers_max; ++i) {
    ancient.fields.unite(managers[updates[i]].fields);
    ancient.time = managers[updates[i]].time;
    managers[updates[i]].fields = {};
  }
  std::erase_if(managers, [](const Manager& manager) { return manager.fields.empty(); });
}

}  // namespace

std::vector<Manager> decode_managers(const Value& object) {
  std::vector<Manager> managers;
  for (const Value& entry : object["metadata"]["managedFields"].items()) {
    managers.push_back({std::string(entry["manager"].get_string()),
                        entry["operation"].get_string() == "Apply",
                        std::string(entry["apiVersion"].get_string()),
                        std::string(entry["subresource"].get_string()),
                        std::string(entry["time"].get_string()), decode_fields(entry["fieldsV1"])});
  }
  return managers;
}

void encode_managers(Value& object, std::vector<Manager> managers) {
  if (managers.empty()) {
    if (object["metadata"].contains("managedFields"))
      object.entry("metadata").erase("managedFields");
    return;
  }
  std::stable_sort(managers.begin(), managers.end(), [](const Manager& a, const Manager& b) {
    if (a.apply != b.apply) return a.apply;
    if (a.time != b.time) return a.time < b.time;
    return a.name < b.name;
  });
  Value list = Value::array();
  for (const Manager& manager : managers) {
    Value entry = Value::object({{"manager", manager.name},
                                 {"operation", manager.apply ? "Apply" : "Update"},
                                 {"apiVersion", manager.api_version}});
    if (!manager.time.empty()) entry.set("time", manager.time);
    entry.set("fieldsType", "FieldsV1");
    entry.set("fieldsV1", encode_fields(manager.fields));
    if (!manager.subresource.empty()) entry.set("subresource", manager.subresource);
    list.push_back(std::move(entry));
  }
  object.entry("metadata").set("managedFields", std::move(list));
}

void track_update(const Value& live, Value& updated, const WriteContext& context) {
  const Value* sent = updated["metadata"].find("managedFields");
  // [{}] or [] from a client takes ownership away from everybody.
  const bool reset = !live.is_null() && sent != nullptr && sent->is_array() &&
                     (sent->empty() || (sent->size() == 1 && sent->at(0).empty()));
  std::vector<Manager> managers =
      reset ? std::vector<Manager>{}
            : decode_managers(sent != nullptr && !sent->empty() ? updated : live);
  const Value next = without_managed(updated);
  static const Value blank = Value::object();
  Comparison change =
      compare_objects(live.is_null() ? blank : without_managed(live), next, context.schema);
  strip(change.added);
  strip(change.modified);
  strip(change.removed);
  if (!change.same()) {
    release(managers, change, context, false);
    FieldSet fields = change.modified;
    fields.unite(change.added);
    const auto own = std::find_if(managers.begin(), managers.end(), [&](const Manager& manager) {
      return same_manager(manager, context, false);
    });
    if (own != managers.end()) {
      own->fields.subtract(change.removed);
      if (!fields.empty()) {
        own->fields.unite(fields);
        own->time = base::format_rfc3339(context.now);
      }
      if (own->fields.empty()) managers.erase(own);
    } else if (!fields.empty()) {
      managers.push_back({context.manager, false, context.api_version, context.subresource,
                          base::format_rfc3339(context.now), std::move(fields)});
    }
    merge_ancient(managers);
  }
  encode_managers(updated, std::move(managers));
}

Result<Value> apply_configuration(const Value& live, const Value& config,
                                  const WriteContext& context, Call& call,
                                  std::vector<Manager>& managers) {
  static const Value blank = Value::object();
  managers = decode_managers(live);
  const Value before = live.is_null() ? blank : without_managed(live);
  FieldSet owned = fields_of(config, context.schema);
  strip(owned);
  Value next = merge_applied(before, config, context.schema);

  FieldSet last;
  std::erase_if(managers, [&](Manager& manager) {
    if (!same_manager(manager, context, true)) return false;
    last = std::move(manager.fields);
    return true;
  });
  FieldSet everybody = owned;
  for (const Manager& manager : managers) everybody.unite(manager.fields);
  if (!last.empty()) prune_unowned(next, last, everybody, context.schema);

  Comparison change = compare_objects(before, next, context.schema);
  strip(change.added);
  strip(change.modified);
  strip(change.removed);
  FieldSet taken = change.modified;
  taken.unite(change.added);
  if (!context.force) {
    std::map<std::string, std::vector<std::string>> conflicts;
    for (const Manager& manager : managers) {
      for (std::string& path : manager.fields.intersect(taken).paths()) {
        conflicts[show_manager(manager)].push_back(std::move(path));
      }
    }
    if (!conflicts.empty()) return conflict_error(conflicts, call);
  }
  release(managers, change, context, true);
  managers.push_back(
      {context.manager, true, context.api_version, context.subresource, "", std::move(owned)});
  return next;
}

void finish_apply(const Value& live, Value& object, std::vector<Manager> managers,
                  const WriteContext& context) {
  const std::vector<Manager> before = decode_managers(live);
  const auto was = std::find_if(before.begin(), before.end(), [&](const Manager& manager) {
    return same_manager(manager, context, true);
  });
  const bool same = !live.is_null() && without_managed(live) == without_managed(object);
  for (Manager& manager : managers) {
    if (!same_manager(manager, context, true)) continue;
    manager.time = !same ? base::format_rfc3339(context.now) : was != before.end() ? was->time : "";
  }
  std::erase_if(managers, [](const Manager& manager) { return manager.fields.empty(); });
  encode_managers(object, std::move(managers));
}

}  // namespace weir::api::kube
