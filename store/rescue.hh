// A database with blocks that cannot be read any more: what can is copied into a new one, which
// repair() then cuts back to what is proven. The damaged files stay as they are. One thread, nobody
// else on either store.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.hh"
#include "store/kv.hh"

namespace weir::store {

// Names of the families that hold something unreadable. Error: io.
Result<std::vector<std::string>> unreadable_families(const Kv& kv);

// Copies into `to`, an empty store: of each family the rows before the first unreadable place and
// those behind the last one. Error: io.
Result<void> copy_readable(const Kv& from, Kv& to);

// The whole way for the database in `directory`: a copy beside it takes its place at once and as a
// whole. Returns where the damaged one is kept. Errors: io, corrupt (not even its list of files can
// be read).
Result<std::string> rescue(const std::string& directory);

// For a database that does not open: salvage_rocks(), which leaves out whole files, then what of
// the log's own rows nothing works without. Error: io.
Result<void> salvage(const std::string& directory);

}  // namespace weir::store
