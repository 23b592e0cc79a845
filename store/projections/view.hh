// The views: each folds an event into rows of the projections family, in the same write as the
// event. A fold only puts and removes rows that follow from the one event, without reading, so that
// it is pure, quick, and a refold of the log gives the same bytes. Any row may be dropped: refold()
// builds it again.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/event/event.hh"
#include "store/kv.hh"

namespace weir::store::projections {

// Raise it when any view writes other rows or bytes than before: opening the log then refolds.
inline constexpr std::uint64_t version = 3;

struct View {
  std::string_view name;
  void (*fold)(const event::Event& event, WriteBatch& batch);
};

std::span<const View> views();

// Folds into every view.
void fold(const event::Event& event, WriteBatch& batch);

// Whether the row is of that event alone, so that it goes with it: such keys end in the seq. All
// other rows are of the last of several events.
bool is_of_one_event(std::string_view key, std::uint64_t seq);

// The first byte of each view's keys.
inline constexpr char prefix_history = 'h';  // objects.cc
inline constexpr char prefix_owned = 'w';    // objects.cc
inline constexpr char prefix_reconcile = 'r';  // reconciles.cc
inline constexpr char prefix_last = 'l';     // owners.cc

}  // namespace weir::store::projections
