#include "migrations/migrations.hh"
#include "store/projections/view.hh"
#include "store/record_format.hh"

namespace weir::migrations {

Result<void> initial(const store::Kv& kv, store::WriteBatch& batch) {
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
  namespace format = store::format;
  batch.put(Family::meta, format::meta_projections,
            format::encode_number(store::projections::version));
  return {};
}

}  // namespace weir::migrations
