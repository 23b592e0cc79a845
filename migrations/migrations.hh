// The steps from one schema version to the next, a file each, forward only. A step reads the old
// database and puts its changes into a batch; store/migrate writes that together with the new
// version, so a step happens wholly or not at all. A step once released never changes: the frozen
// databases under tests/golden/store are opened by every later build.
#pragma once

#include "engine/base/result.hh"
#include "store/kv.hh"

namespace weir::migrations {

// 0001: an empty database. Error: corrupt when it holds rows but no schema version.
Result<void> initial(const store::Kv& kv, store::WriteBatch& batch);

// 0002: the family of the engine's inputs, empty; rows of the view "objects" lose their values,
// which opening the log refolds.
Result<void> inputs(const store::Kv& kv, store::WriteBatch& batch);

}  // namespace weir::migrations
