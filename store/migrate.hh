// Brings a database to the schema version of this build: forward only, a step a write.
#pragma once

#include <cstdint>

#include "engine/base/result.hh"
#include "store/kv.hh"

namespace weir::store {

// Does nothing when the version is current. Errors: unsupported (the database is newer than this
// build: a downgrade), corrupt, io. After an error the database is at the last version that was
// reached.
Result<void> migrate(Kv& kv);

// The version that is stored; 0 for a database without one.
Result<std::uint64_t> stored_schema_version(const Kv& kv);

}  // namespace weir::store
