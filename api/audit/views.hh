// What the audit API shows of its nouns: JSON of object changes, states, manifests, results. Values
// of Secrets are replaced here, wherever a manifest leaves the blob store.
//
// Thread-safe reads.
#pragma once

#include <optional>

#include "engine/model/object_id.hh"
#include "engine/value/value.hh"
#include "store/blobs.hh"
#include "store/event_log.hh"
#include "store/projections/objects.hh"
#include "store/projections/reconciles.hh"

namespace weir::api::audit {

// {apiVersion, kind, namespace, name}; an empty namespace or version is left out.
Value id_view(const model::ObjectId& id);
Value change_view(const store::projections::ObjectChange& change);
Value state_view(const store::projections::ObjectState& state);
Value reconcile_view(const store::projections::ReconcileRecord& record);
// {seq, time} of an event; {seq: 0} before the first.
Result<Value> instant_view(const store::EventLog& log, store::Seq seq);

// The manifest under `digest` for people: managedFields and last-applied gone; each value of a
// Secret is "*** (1a2b3c4d)", the number a keyed digest that differs when the value does ("***"
// without the key). Errors: not_found (pruned by retention), corrupt, unsupported (sealed, no key).
Result<Value> read_manifest(const store::BlobStore& blobs, const model::ObjectId& id,
                            const base::Digest& digest);

}  // namespace weir::api::audit
