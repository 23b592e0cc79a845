#include "migrations/migrations.hh"

namespace weir::migrations {

// The family itself is made when the database is opened. The projections are marked to be refolded
// in the same write as the new version: an older build that comes after a step cut off here refuses
// the version, and so never reads rows without values.
Result<void> inputs(const store::Kv&, store::WriteBatch& batch) {
  batch.put(store::Family::meta, "projections", std::string_view("\0", 1));  // the number 0
  return {};
}

}  // namespace weir::migrations
