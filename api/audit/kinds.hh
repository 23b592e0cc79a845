// Kinds as people name them: "ks", "deploy", "Deployment", "deployments.apps", "Foo.example.com".
// Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "engine/model/object_id.hh"
#include "store/event_log.hh"

namespace weir::api::audit {

// The kind that weir serves or Kubernetes ships under that name, else one of that name which the
// log has seen objects of. version may be empty. Error: not_found, `field` named, with the closest
// name.
Result<model::Gvk> resolve_kind(const store::EventLog& log, std::string_view text,
                                std::string_view field);

// Whether the kind has reconciles of its own (Kustomization, GitRepository).
bool is_owner_kind(const model::Gvk& gvk);

// "ks/ns/name" or "Kustomization/ns/name". Errors: invalid, not_found.
Result<model::ObjectId> parse_owner(const store::EventLog& log, std::string_view text,
                                    std::string_view field);

}  // namespace weir::api::audit
