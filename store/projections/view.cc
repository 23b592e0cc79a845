#include "store/projections/view.hh"

#include <array>

#include "store/projections/objects.hh"
#include "store/projections/owners.hh"
#include "store/projections/reconciles.hh"

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

}  // namespace weir::store::projections
