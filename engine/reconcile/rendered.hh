// What a build makes: the objects of one Kustomization, normalised, in stages of apply order.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/digest.hh"
#include "engine/model/object_id.hh"
#include "engine/value/value.hh"

namespace weir::reconcile {

struct RenderedObject {
  ObjectId id;
  Value manifest;        // complete, as it is sent to the API
  base::Digest digest;   // of its canonical JSON; keyed for Secrets
  base::Digest blob;     // where its bytes are in the blob store (sealed for Secrets)
};

struct RenderedSet {
  std::string revision;      // of the source
  base::Digest digest;       // of the built manifests, before owner labels (status.history's)
  base::Digest set_blob;     // a JSON list of {id, blob} in apply order
  base::Digest release_blob;  // of a HelmRelease: the release, sealed; else empty
  std::vector<std::vector<RenderedObject>> stages;

  std::size_t size() const;
  std::vector<ObjectId> ids() const;  // in apply order
};

using RenderedPtr = std::shared_ptr<const RenderedSet>;

// What the engine knows of one live object, from watches and from its own applies.
struct LiveFacts {
  bool exists = false;
  bool foreign_manager = false;  // a manager whose fields the clean-up would fold is on it (K7.9)
  bool deleting = false;
  std::string resource_version;
  std::string uid;
  base::Digest owned;            // of the fields we own, as they are now
  // What we last made of it, by our own apply or a verified dry-run; empty: never.
  base::Digest applied_manifest;
  base::Digest applied_owned;
  std::string health;            // "Current", "InProgress", ... of the last event
  std::string health_message;

  // True when nothing has to be asked: the same manifest was applied and its fields still stand.
  bool verified(const base::Digest& manifest) const {
    return exists && !deleting && !foreign_manager && !applied_manifest.empty() &&
           applied_manifest == manifest && owned == applied_owned;
  }
};

using LiveTable = std::map<ObjectId, LiveFacts, model::GroupKindOrder>;

}  // namespace weir::reconcile
