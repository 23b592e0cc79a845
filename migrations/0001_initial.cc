#include "migrations/migrations.hh"

namespace weir::migrations {

// Writes nothing: an empty database of version 1 has the version's row alone.
Result<void> initial(const store::Kv& kv, store::WriteBatch&) {
  using store::Family;
  for (Family family : {Family::meta, Family::events, Family::index, Family::projections,
                        Family::snapshots, Family::tiles}) {
    auto cursor = kv.cursor(family);
    cursor->seek("");
    WEIR_CHECK(cursor->status());
    if (cursor->valid()) {
      return make_error(Code::corrupt, "the database has rows but no schema version; it was not "
                                       "made by weir, or its meta rows are lost");
    }
  }
  return {};
}

}  // namespace weir::migrations
