#include "store/projections/view.hh"

#include <array>

#include "store/projections/objects.hh"
#include "store/projections/owners.hh"
#include "store/projections/reconciles.hh"
#include "store/record_format.hh"

namespace weir::store::projections {
namespace {

constexpr std::array<View, 3> all{{
    {"objects", fold_objects},
    {"reconciles", fold_reconciles},
    {"owners", fold_owners},
}};

}  // namespace

std::span<const View> views() { return all; }

void fold(const event::Event& event, WriteBatch& batch) {
  for (const View& view : all) view.fold(event, batch);
}

bool is_of_one_event(std::string_view key, std::uint64_t seq) {
  if (key.front() != prefix_history && key.front() != prefix_reconcile) return false;
  return key.size() > sizeof seq && format::take_seq(key.substr(key.size() - sizeof seq)) == seq;
}

}  // namespace weir::store::projections
