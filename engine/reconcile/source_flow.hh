// What the two halves of the sources' flow share: source_flow.cc (what is to be done) and
// source_finish.cc (what came of it). Both work on the loop's thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/reconcile/flows.hh"

namespace weir::reconcile {

// A kind of source that weir fetches itself.
struct SourceKind {
  Gvk gvk;
  std::string_view folder;  // of its artifacts: the kind in lower case
};
// nullptr for other kinds.
const SourceKind* find_source_kind(const ObjectId& id);

// A HelmRepository of type oci: it has neither status nor artifact nor finalizer.
bool is_static_source(const SourceState& source);

// source_finish.cc: end of an attempt.
void fail_fetch(Context& ctx, const ObjectId& id, SourceState& source, const StepError& error);
void succeed_fetch(Context& ctx, const ObjectId& id, SourceState& source,
                   const SourceFetched& fetched);
// What an attempt is about, as its Reconciling condition has it.
std::string progress_of(const SourceState& source);
// Tells all that build from this source that it has changed.
void source_changed(Context& ctx, const ObjectId& id);

}  // namespace weir::reconcile
