// The objects of a release: from the text of its manifest to what is sent to the API and back. The
// writes follow Helm 4: server-side apply, or the three-way merge of releases made before it.
// Functions block on the API; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/apply/health.hh"
#include "engine/base/result.hh"
#include "engine/helm/release.hh"
#include "engine/reconcile/kube_port.hh"
#include "engine/value/value.hh"

namespace weir::reconcile {

// Everything of a release is written under this name, as Flux's controller does.
inline constexpr std::string_view helm_field_manager = "helm-controller";

struct HelmObject {
  ObjectId id;  // the namespace filled in where the kind has one
  Value manifest;
  bool generated = false;  // metadata.generateName: made anew each time, never looked up
};

// Null when there is none of that id.
const HelmObject* find_object(const std::vector<HelmObject>& objects, const ObjectId& id);

// The documents of a manifest in its order, `ns` filled in. Errors: invalid (a document that does
// not parse, a kind that the API does not serve: "resource mapping not found ...").
Result<std::vector<HelmObject>> release_objects(KubeApi& kube, std::string_view manifest,
                                                const std::string& ns);

// Label and annotations by which Helm knows its own.
void mark_owned(Value& manifest, const std::string& release, const std::string& ns);
// Error: invalid, in Helm's words, unless the live object is marked as this release's.
Result<void> check_ownership(const HelmObject& object, const Value& live,
                             const std::string& release, const std::string& ns);

// True when the annotation that keeps an object through deletion is on it.
bool is_kept(const Value& object);
inline constexpr std::string_view resource_policy = "helm.sh/resource-policy";

struct HelmApply {
  Identity as;
  bool server_side = true;
  bool strict = true;  // unknown fields are an error
  bool force_conflicts = true;
  bool replace = false;           // PUT; client-side only
  bool migrate_manager = false;   // take the fields over that client-side writes left
  bool three_way_custom = false;  // merge with the live object for kinds without a schema too
  bool* made = nullptr;           // server-side: set to whether the object was not there before
};

// True when fields of the live object are ours by writes of the client-side kind.
bool has_client_side_fields(const Value& live);

// Makes the object, or brings it from `original` (the manifest of the release before; null: the
// live object) to its manifest. `live`: as it stands, null when it is not there.
Result<Value> write_object(KubeApi& kube, const HelmObject& object, const Value& original,
                           const Value& live, const HelmApply& how);

}  // namespace weir::reconcile
