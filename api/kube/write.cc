// Create, update, patch and server-side apply.
#include "api/kube/admission.hh"
#include "api/kube/core.hh"
#include "api/kube/strategic_patch.hh"
#include "api/kube/workloads.hh"
#include "engine/value/json.hh"
#include "engine/value/pointer.hh"

namespace weir::api::kube {

namespace {

// Compares without what a write that changes nothing must not touch.
bool same_but_times(const Value& a, const Value& b) {
  const auto plain = [](const Value& object) {
    Value copy = object;
    Value& metadata = copy.entry("metadata");
    metadata.erase("resourceVersion");
    Value* managed = metadata.find_mut("managedFields");
    for (std::size_t i = 0; managed != nullptr && i < managed->size(); ++i) {
      managed->item_mut(i).erase("time");
    }
    return copy;
  };
  return plain(a) == plain(b);
}

bool same_spec(const Value& a, const Value& b) {
  const auto plain = [](const Value& object) {
    Value copy = object;
    copy.erase("metadata");
    copy.erase("status");
    return copy;
  };
  return plain(a) == plain(b);
}

void drop_nulls(Value& value) {
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (!value.at(i).is_scalar()) drop_nulls(value.item_mut(i));
    }
    return;
  }
  if (!value.is_object()) return;
  std::vector<std::string> nulls;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const value::Member& member = value.members()[i];
    if (member.value.is_null()) {
      nulls.emplace_back(member.name());
    } else if (!member.value.is_scalar()) {
      drop_nulls(value.member_mut(i).value);
    }
  }
  for (const std::string& name : nulls) value.erase(name);
}

std::string kind_text(const KindInfo& kind) {
  return kind.gvk.kind + " in version \"" + kind.gvk.version + "\"";
}

}  // namespace

Key Core::key_of(const Call& call) const { return {call.kind->set, call.ns, call.name}; }

WriteContext Core::context_of(const Call& call) const {
  return {call.field_manager.empty() ? "unknown" : call.field_manager,
          call.kind->gvk.api_version(),
          call.subresource,
          now(),
          call.kind->schema,
          call.force};
}

Result<void> Core::check_body(Call& call, Value& object) const {
  if (!object.is_object()) return bad_request("the body of the request was in an unknown format");
  const KindInfo& kind = *call.kind;
  const Gvk sent = Gvk::of(object);
  if (!sent.kind.empty() &&
      (sent.kind != kind.gvk.kind || object["apiVersion"].get_string() != kind.gvk.api_version())) {
    return bad_request(
        "the API version in the data (" + std::string(object["apiVersion"].get_string()) +
        ") does not match the expected API version (" + kind.gvk.api_version() + ")");
  }
  object.set("apiVersion", kind.gvk.api_version());
  object.set("kind", kind.gvk.kind);
  Value& metadata = object.entry("metadata");
  if (!metadata.is_object()) {
    return bad_request(kind_text(kind) + " cannot be handled as a " + kind.gvk.kind +
                       ": json: cannot unmarshal metadata");
  }
  if (kind.namespaced) {
    const std::string_view ns = metadata["namespace"].get_string();
    if (!ns.empty() && ns != call.ns) {
      return bad_request(
          "the namespace of the provided object does not match the namespace sent on the request");
    }
    metadata.set("namespace", call.ns);
  } else {
    metadata.erase("namespace");
  }
  const std::string_view name = metadata["name"].get_string();
  if (!call.name.empty()) {
    if (!name.empty() && name != call.name) {
      return bad_request("the name of the object (" + std::string(name) +
                         ") does not match the name on the URL (" + call.name + ")");
    }
    metadata.set("name", call.name);
  }
  return {};
}

Result<void> Core::check_namespace(Call& call, const Value& object) const {
  (void)object;
  const Value* crd = storage.find({std::string(crds_set), "", call.kind->set});
  if (crd != nullptr && (*crd)["metadata"].contains("deletionTimestamp")) {
    return make_error(Code::unsupported,
                      "create not allowed while custom resource definition is terminating",
                      "MethodNotAllowed");
  }
  if (!call.kind->namespaced) return {};
  const Value* ns = storage.find({"namespaces", "", call.ns});
  if (ns == nullptr) return namespace_not_found(call, call.ns);
  if ((*ns)["metadata"].contains("deletionTimestamp")) {
    return forbidden(
        *call.kind, call.name,
        "unable to create new content in namespace " + call.ns + " because it is being terminated");
  }
  return {};
}

// Unknown and mistyped fields, as the fieldValidation option wants them treated.
Result<void> Core::decode(Call& call, Value& object) const {
  const KindInfo& kind = *call.kind;
  if (kind.schema == nullptr) return {};
  if (!kind.custom) {
    drop_nulls(object);
    const std::string problem = find_type_error(object, *kind.schema);
    if (!problem.empty()) {
      return bad_request(kind_text(kind) + " cannot be handled as a " + kind.gvk.kind + ": " +
                         problem);
    }
  }
  std::vector<std::string> dropped;
  prune_unknown(object, *kind.schema, dropped);
  if (dropped.empty() || call.field_validation == "Ignore") return {};
  std::string list;
  for (const std::string& field : dropped) {
    list += (list.empty() ? "" : ", ") + std::string("unknown field \"") + field + "\"";
    if (call.field_validation != "Strict")
      call.warnings.push_back("unknown field \"" + field + "\"");
  }
  if (call.field_validation != "Strict") return {};
  return bad_request(kind_text(kind) + " cannot be handled as a " + kind.gvk.kind +
                     ": strict decoding error: " + list);
}

Result<Value> Core::create(Call& call) {
  Value object = call.body;
  WEIR_CHECK(check_body(call, object));
  Value& metadata = object.entry("metadata");
  std::string name(metadata["name"].get_string());
  if (name.empty()) {
    const std::string prefix(metadata["generateName"].get_string());
    if (!prefix.empty()) {
      name = prefix.substr(0, 58) + random_suffix(5);
      metadata.set("name", name);
    }
  }
  call.name = name;
  if (!metadata["resourceVersion"].get_string().empty()) {
    return bad_request("resourceVersion should not be set on objects to be created");
  }
  WEIR_CHECK(check_namespace(call, object));
  WEIR_CHECK(decode(call, object));
  if (!name.empty() && storage.find(key_of(call)) != nullptr)
    return already_exists(*call.kind, name);
  call.created = true;
  return finish(call, Value(), std::move(object), nullptr);
}

Result<Value> Core::update(Call& call) {
  Value object = call.body;
  WEIR_CHECK(check_body(call, object));
  const Value* stored = storage.find(key_of(call));
  if (stored == nullptr) return not_found(*call.kind, call.name);
  WEIR_CHECK(decode(call, object));
  const Value live = show(*stored, *call.kind);
  if (call.kind->custom && object["metadata"]["resourceVersion"].get_string().empty()) {
    return invalid(
        call, call.name,
        {invalid_error("metadata.resourceVersion", Value(0), "must be specified for an update")});
  }
  return finish(call, live, std::move(object), nullptr);
}

Result<Value> Core::patch(Call& call) {
  const Value* stored = storage.find(key_of(call));
  if (call.patch == PatchKind::apply) {
    return apply(call, stored == nullptr ? Value() : show(*stored, *call.kind));
  }
  if (stored == nullptr) return not_found(*call.kind, call.name);
  const Value live = show(*stored, *call.kind);
  Value object = live;
  if (call.patch == PatchKind::json) {
    if (Result<void> done = value::apply_json_patch(object, call.body); !done.ok()) {
      return make_error(Code::invalid, done.error().message, "Invalid");
    }
  } else if (call.patch == PatchKind::merge) {
    if (!call.body.is_object()) return bad_request("the patch is no JSON object");
    value::apply_merge_patch(object, call.body);
  } else if (call.kind->custom) {
    return make_error(
        Code::unsupported,
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
        "UnsupportedMediaType");
  } else {
    WEIR_CHECK(apply_strategic_patch(object, call.body, call.kind->schema));
  }
  WEIR_CHECK(check_body(call, object));
  WEIR_CHECK(decode(call, object));
  return finish(call, live, std::move(object), nullptr);
}

Result<Value> Core::apply(Call& call, const Value& live) {
  Value config = call.body;
  WEIR_CHECK(check_body(call, config));
  if (call.field_manager.empty()) {
    return make_error(Code::invalid,
                      "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is "
                      "required for apply patch",
                      "Invalid");
  }
  if (config["metadata"].contains("managedFields") &&
      !config["metadata"]["managedFields"].empty()) {
    return bad_request("metadata.managedFields must be nil");
  }
  drop_nulls(config);
  if (live.is_null()) {
    if (!call.subresource.empty()) return not_found(*call.kind, call.name);
    WEIR_CHECK(check_namespace(call, config));
  }
  WEIR_CHECK(decode(call, config));
  const std::string wanted(config["metadata"]["resourceVersion"].get_string());
  Value& metadata = config.entry("metadata");
  for (const char* field : {"resourceVersion", "uid", "creationTimestamp", "generation",
                            "managedFields", "selfLink", "deletionTimestamp"}) {
    metadata.erase(field);
  }
  if (!wanted.empty() && wanted != live["metadata"]["resourceVersion"].get_string()) {
    return write_conflict(*call.kind, call.name,
                          "the object has been modified; please apply your changes to the latest "
                          "version and try again");
  }
  if (call.subresource.empty() && call.kind->subresource("status") != nullptr)
    config.erase("status");
  if (call.subresource == "status") config.erase("spec");
  std::vector<Manager> managers;
  WEIR_TRY(Value object, apply_configuration(live, config, context_of(call), call, managers));
  call.created = live.is_null();
  return finish(call, live, std::move(object), &managers);
}

void Core::keep_system_fields(const Call& call, const Value& live, Value& object) {
  const KindInfo& kind = *call.kind;
  const bool has_status = kind.subresource("status") != nullptr;
  if (live.is_null()) {
    if (has_status) object.erase("status");
    Value& metadata = object.entry("metadata");
    for (const char* field : {"resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds",
                              "selfLink", "generation"}) {
      metadata.erase(field);
    }
    metadata.set("uid", random_uid());
    metadata.set("creationTimestamp", now_text());
    if (has_generation(kind)) metadata.set("generation", 1);
    return;
  }
  if (call.subresource == "status") {
    Value kept = live;
    if (object.contains("status")) {
      kept.set("status", object["status"]);
    } else {
      kept.erase("status");
    }
    if (const Value* managed = object["metadata"].find("managedFields")) {
      kept.entry("metadata").set("managedFields", *managed);
    }
    object = std::move(kept);
  } else if (has_status) {
    if (live.contains("status")) {
      object.set("status", live["status"]);
    } else {
      object.erase("status");
    }
  }
  Value& metadata = object.entry("metadata");
  for (const char* field :
       {"uid", "creationTimestamp", "generation", "resourceVersion", "generateName",
        "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"}) {
    if (const Value* was = live["metadata"].find(field)) {
      metadata.set(field, *was);
    } else {
      metadata.erase(field);
    }
  }
}

Result<Value> Core::finish(Call& call, const Value& live, Value object,
                           std::vector<Manager>* managers) {
  const KindInfo& kind = *call.kind;
  const Value& sent = object["metadata"];
  if (!live.is_null()) {
    const std::string_view revision = sent["resourceVersion"].get_string();
    if (!revision.empty() && revision != "0" &&
        revision != live["metadata"]["resourceVersion"].get_string()) {
      return write_conflict(kind, call.name,
                            "the object has been modified; please apply your changes to the latest "
                            "version and try again");
    }
    const std::string uid(sent["uid"].get_string());
    const std::string_view had = live["metadata"]["uid"].get_string();
    if (!uid.empty() && uid != had) {
      return write_conflict(kind, call.name,
                            "Precondition failed: UID in precondition: " + uid +
                                ", UID in object meta: " + std::string(had));
    }
  }
  keep_system_fields(call, live, object);
  if (kind.custom) {
    apply_defaults(object, *kind.schema);
  } else {
    default_builtin(kind, live, object);
  }
  if (managers != nullptr) {
    finish_apply(live, object, std::move(*managers), context_of(call));
  } else {
    track_update(live, object, context_of(call));
  }
  // After ownership is settled: what the server adds here belongs to nobody.
  fill_generated(kind, live, object);
  if (kind.set == "services") assign_addresses(live, object);
  std::vector<FieldError> errors = validate_object(kind, live, object);
  if (kind.custom) {
    for (FieldError& error : validate_custom(live, object, *kind.schema))
      errors.push_back(std::move(error));
  }
  if (!errors.empty()) return invalid(call, call.name, errors);
  return store(call, key_of(call), live, std::move(object));
}

Result<Value> Core::store(Call& call, const Key& key, const Value& live, Value object) {
  if (key.set == crds_set) {
    establish_crd(object, now_text());
    if (call.verb != Verb::update || call.subresource.empty())
      for (std::string& warning : rule_warnings(object))
        call.warnings.push_back(std::move(warning));
  }
  if (!live.is_null()) {
    if (same_but_times(live, object)) return live;
    if (has_generation(*call.kind) && call.subresource != "status" && !same_spec(live, object)) {
      object.entry("metadata").set("generation", live["metadata"]["generation"].get_int() + 1);
    }
  }
  if (call.dry_run) return object;
  const Value& metadata = object["metadata"];
  if (metadata.contains("deletionTimestamp") && metadata["finalizers"].empty() &&
      metadata["deletionGracePeriodSeconds"].get_int() == 0 &&
      object["spec"]["finalizers"].empty()) {
    WEIR_TRY(Value last, storage.put(key, object));
    changed();
    return erase(key);
  }
  WEIR_TRY(Value stored, storage.put(key, std::move(object)));
  changed();
  return show(stored, *call.kind);
}

}  // namespace weir::api::kube
