#include "engine/reconcile/helm_object.hh"

#include <algorithm>

#include "engine/apply/field_set.hh"
#include "engine/apply/three_way.hh"
#include "engine/helm/go_yaml.hh"
#include "engine/helm/manifests.hh"
#include "engine/value/pointer.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view managed_by = "app.kubernetes.io/managed-by";
constexpr std::string_view release_name_key = "meta.helm.sh/release-name";
constexpr std::string_view release_namespace_key = "meta.helm.sh/release-namespace";

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// "apps/v1, Kind=Deployment", as Go prints a kind.
std::string gvk_text(const Gvk& gvk) {
  return gvk.group + "/" + gvk.version + ", Kind=" + gvk.kind;
}

std::string object_text(const ObjectId& id) {
  std::string text = id.ns;
  return text.append("/").append(id.name).append(" ").append(gvk_text(id.gvk));
}

Error unmapped(const Value& document, const Error& error) {
  std::string text = "resource mapping not found for name: ";
  text += quoted(document.path("metadata", "name").get_string()) + " namespace: ";
  text += quoted(document.path("metadata", "namespace").get_string()) + " from \"\": ";
  text += error.message + "\nensure CRDs are installed first";
  return make_error(error.code, std::move(text), error.reason);
}

Result<void> add_document(KubeApi& kube, Value document, const std::string& ns,
                          std::vector<HelmObject>& out) {
  if (document["kind"].get_string().ends_with("List") && document["items"].is_array()) {
    for (const Value& item : document["items"].items())
      WEIR_CHECK(add_document(kube, item, ns, out));
    return {};
  }
  auto resource = kube.resolve(Gvk::of(document));
  if (!resource.ok()) {
    if (resource.error().code != Code::not_found) return std::move(resource).error();
    return unmapped(document, resource.error());
  }
  Value& metadata = document.entry("metadata");
  if (!resource->namespaced) {
    metadata.erase("namespace");
  } else if (metadata["namespace"].get_string().empty()) {
    metadata.set("namespace", ns);
  }
  HelmObject object;
  object.id = ObjectId::of(document);
  object.generated = object.id.name.empty() && !metadata["generateName"].get_string().empty();
  object.manifest = std::move(document);
  out.push_back(std::move(object));
  return {};
}

std::string missing_value(const Value& map, std::string_view key, std::string_view wanted) {
  const Value* found = map.find(key);
  if (found == nullptr) return "missing key " + quoted(key) + ": must be set to " + quoted(wanted);
  if (found->get_string() == wanted) return {};
  return "key " + quoted(key) + " must equal " + quoted(wanted) + ": current value is " +
         quoted(found->get_string());
}

// Fields that we own by writes of the client-side kind become owned by apply; else a later apply
// could not take them away.
Result<void> migrate_manager(KubeApi& kube, const HelmObject& object, const Value& live,
                             const HelmApply& how) {
  Value entries = Value::array();
  apply::FieldSet fields;
  Value applied;
  bool found = false;
  for (const Value& entry : live.path("metadata", "managedFields").items()) {
    const bool ours = entry["manager"].get_string() == helm_field_manager &&
                      entry["subresource"].get_string().empty();
    if (!ours) {
      entries.push_back(entry);
      continue;
    }
    auto parsed = apply::parse_fields(entry["fieldsV1"]);
    if (!parsed.ok()) return {};
    fields.unite(*parsed);
    const bool update = entry["operation"].get_string() == "Update";
    found = found || update;
    if (applied.is_null() || !update) applied = entry;
  }
  if (!found) return {};
  applied.set("operation", "Apply");
  applied.set("fieldsV1", apply::format_fields(fields));
  entries.push_back(std::move(applied));
  Value patch = Value::array();
  patch.push_back(Value::object(
      {{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", std::move(entries)}}));
  patch.push_back(Value::object({{"op", "replace"},
                                 {"path", "/metadata/resourceVersion"},
                                 {"value", live.path("metadata", "resourceVersion")}}));
  WriteOptions options;
  options.as = how.as;
  options.field_manager = helm_field_manager;
  auto patched = kube.patch(object.id, PatchType::json, patch, options);
  if (!patched.ok())
    return std::move(patched).error().with_context("failed to upgrade managed fields for object " +
                                                   object_text(object.id));
  return {};
}

Result<Value> apply_object(KubeApi& kube, const HelmObject& object, const Value& live,
                           const HelmApply& how, WriteOptions options) {
  if (how.migrate_manager && !live.is_null()) WEIR_CHECK(migrate_manager(kube, object, live, how));
  options.force = how.force_conflicts;
  options.made = how.made;
  auto applied = kube.apply(object.manifest, options);
  if (applied.ok()) return applied;
  const bool conflict = applied.error().code == Code::conflict;
  return std::move(applied).error().with_context((conflict
                                                      ? "conflict occurred while applying object "
                                                      : "server-side apply failed for object ") +
                                                 object_text(object.id));
}

Result<Value> patch_object(KubeApi& kube, const HelmObject& object, const Value& original,
                           const Value& live, const HelmApply& how, const WriteOptions& options) {
  const model::SchemaType* type = model::find_type(object.id.gvk);
  const Value& before = original.is_null() ? live : original;
  Value patch;
  if (type == nullptr && !how.three_way_custom) {
    patch = value::make_merge_patch(before, object.manifest);
  } else {
    patch =
        value::make_merge_patch(live, apply::three_way_merge(before, object.manifest, live, type));
  }
  if (patch.empty()) return live;
  auto patched = kube.patch(object.id, PatchType::merge, patch, options);
  if (patched.ok()) return patched;
  return std::move(patched).error().with_context("cannot patch " + quoted(object.id.name) +
                                                 " with kind " + object.id.gvk.kind);
}

}  // namespace

Result<std::vector<HelmObject>> release_objects(KubeApi& kube, std::string_view manifest,
                                                const std::string& ns) {
  std::vector<HelmObject> out;
  for (const std::string& text : helm::split_manifests(manifest, helm::Compat::helm_4_2_4)) {
    auto document = helm::read_go_yaml(text);
    if (!document.ok()) return std::move(document).error();
    if (!document->is_object()) continue;
    WEIR_CHECK(add_document(kube, *std::move(document), ns, out));
  }
  return out;
}

const HelmObject* find_object(const std::vector<HelmObject>& objects, const ObjectId& id) {
  for (const HelmObject& object : objects)
    if (model::same_object(object.id, id)) return &object;
  return nullptr;
}

void mark_owned(Value& manifest, const std::string& release, const std::string& ns) {
  Value& metadata = manifest.entry("metadata");
  metadata.entry("labels").set(managed_by, "Helm");
  Value& annotations = metadata.entry("annotations");
  annotations.set(release_name_key, release);
  annotations.set(release_namespace_key, ns);
}

Result<void> check_ownership(const HelmObject& object, const Value& live,
                             const std::string& release, const std::string& ns) {
  const Value& labels = live.path("metadata", "labels");
  const Value& annotations = live.path("metadata", "annotations");
  std::string faults;
  const auto add = [&](const char* what, const std::string& fault) {
    if (fault.empty()) return;
    if (!faults.empty()) faults += "; ";
    faults.append(what).append(" validation error: ").append(fault);
  };
  add("label", missing_value(labels, managed_by, "Helm"));
  add("annotation", missing_value(annotations, release_name_key, release));
  add("annotation", missing_value(annotations, release_namespace_key, ns));
  if (faults.empty()) return {};
  std::string text = object.id.gvk.kind;
  text += " " + quoted(object.id.name) + " in namespace " + quoted(object.id.ns);
  text += " exists and cannot be imported into the current release: invalid ownership metadata; ";
  return make_error(Code::conflict, text + faults);
}

bool is_kept(const Value& object) {
  return object.path("metadata", "annotations", resource_policy).get_string() == "keep";
}

bool has_client_side_fields(const Value& live) {
  const auto entries = live.path("metadata", "managedFields").items();
  return std::any_of(entries.begin(), entries.end(), [](const Value& entry) {
    return entry["manager"].get_string() == helm_field_manager &&
           entry["operation"].get_string() == "Update" &&
           entry["subresource"].get_string().empty();
  });
}

Result<Value> write_object(KubeApi& kube, const HelmObject& object, const Value& original,
                           const Value& live, const HelmApply& how) {
  WriteOptions options;
  options.as = how.as;
  options.field_manager = helm_field_manager;
  options.strict = how.strict;
  if (object.generated) return kube.create(object.manifest, options);
  if (how.server_side) return apply_object(kube, object, live, how, options);
  if (live.is_null()) return kube.create(object.manifest, options);
  if (!how.replace) return patch_object(kube, object, original, live, how, options);
  Value manifest = object.manifest;
  manifest.entry("metadata").set("resourceVersion", live.path("metadata", "resourceVersion"));
  return kube.update(manifest, options).with_context("failed to replace object");
}

}  // namespace weir::reconcile
