// The event: the one kind of record in the log. Past-tense facts, a closed set; every projection,
// answer and decision of weir derives from them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/digest.hh"
#include "engine/base/result.hh"
#include "engine/model/object_id.hh"
#include "engine/value/value.hh"

namespace weir::event {

// What the views of store/projections read, beyond the envelope: the manifest of an object event is
// its first blob (of object_applied the second is the live object as the API answered it);
// object_applied: action, revision; object_pruned: action (only "deleted" ends the
// object); object_observed: deleted; reconcile_started: revision; reconcile_finished: all that is
// listed.
//
// Names on the wire are these enumerators in CamelCase (type_name). Never renumber: the number is
// stored.
enum class Type : std::uint8_t {
  engine_started = 1,      // data: version, dataDir, features
  engine_stopped = 2,      //
  spec_observed = 3,       // a Flux object is new or its spec changed; data: object (masked)
  spec_deleted = 4,        // it is gone from the API
  source_fetched = 5,      // data: artifact{revision,digest,path,size,...}, commit{...}
  source_unchanged = 6,    // only when it ended a failure; data: revision
  reconcile_started = 7,   // data: reason, revision
  manifests_rendered = 8,  // data: revision, digest, objects count; blobs: the rendered objects
  changes_planned = 9,     // data: created/configured/unchanged/deleted counts
  object_applied = 10,     // data: action created|configured, before/after digests; blobs: manifest
  object_skipped = 11,     // data: why
  object_pruned = 12,      // data: action deleted|skipped; blob: last manifest
  health_observed = 13,    // data: status, message; blob: the live object, where it was kept
  drift_detected = 14,     // data: fields, manager
  step_failed = 15,        // data: step, code, reason, message
  reconcile_finished = 16, // data: status, reason, message, revision, durationMs
  status_written = 17,     // data: conditions digest, ready, message
  operator_acted = 18,     // data: action rollback|git-revert|unpin|release|undo, arguments
  rollback_pinned = 19,    // data: to{seq,time,revision}
  rollback_released = 20,  //
  heartbeat = 21,          // data: owners verified unchanged
  checkpoint_signed = 22,  //
  object_observed = 23,    // a live object changed (watch); data: resourceVersion, digest,
                           // deleted (true = it is gone); blob: manifest
  garbage_collected = 24,  // artifacts or history removed; data: what, removed or events, blobs
  commit_pushed = 25,      // weir wrote to a source's branch; data: branch, commit{...}, files
  log_cut = 26,            // opening met a part of the write-ahead log that cannot be read: what
                           // was written there, if anything, is lost; data: what
};

// "SpecObserved", "SourceFetched", ... Error on an unknown name: invalid.
std::string_view type_name(Type type);
Result<Type> parse_type(std::string_view name);

// Decisions, applies, prunes and operator actions are on stable storage before they are acted on or
// acknowledged; the others ride with the next synced batch.
bool must_sync(Type type);

// Whom the event is about. `cluster` is "" for the one cluster weir runs against.
struct Subject {
  std::string cluster;
  model::ObjectId object;
  std::string uid;
};

struct Event {
  std::uint64_t seq = 0;       // dense, from 1; assigned by the log
  base::TimeUs time = 0;       // assigned by the log, never decreasing
  Type type = Type::engine_started;
  Subject subject;
  std::string reconcile_id;    // groups the events of one reconcile; "" outside of one
  std::uint64_t cause = 0;     // seq of the event that led to this one; 0 = none
  std::string actor;           // "weir", "system:serviceaccount:...", a user name
  model::ObjectId owner;       // the Kustomization/HelmRelease that owns the subject, if any
  Value data;                  // an object; secrets masked before it gets here
  std::vector<base::Digest> blobs;  // contents in the blob store
};

// Canonical bytes: what the Merkle leaf hashes and what is stored. decode(encode(e)) == e.
std::string encode(const Event& event);
// Error: corrupt. Upcasts records of older versions.
Result<Event> decode(std::string_view bytes);

// CloudEvents 1.0 envelope, the form an event has everywhere outside of the process. type
// "weir.<type_name>", id the seq, source "/weir" or "/weir/clusters/<cluster>", subject
// "Kind/namespace/name"; extension attributes apiversion, uid, reconcileid, cause, actor, owner,
// ownerapiversion, blobs (digests joined by commas), each left out when empty.
Value to_cloud_event(const Event& event);

}  // namespace weir::event
