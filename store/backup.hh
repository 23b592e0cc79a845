// Backups of a data directory: the log as it is at one instant, taken while it goes on, and the key
// files that make it readable. What can be fetched again (artifacts, Git mirrors) is left out.
//
// Thread-safe beside appends; files of the copy are hard links where the file system allows.
// Errors: already_exists (the target is not empty), not_found, unsupported (a store without files),
// io.
#pragma once

#include <string>

#include "engine/base/result.hh"
#include "store/kv.hh"

namespace weir::store {

// `directory`: the data directory of `kv`. `target` is made; it gets log/ and, with `keys`, the
// sealing key and the ledger's: who has them reads what is sealed, and signs.
Result<void> make_backup(Kv& kv, const std::string& directory, const std::string& target,
                         bool keys);

// A data directory from a backup. One with a log is left alone.
Result<void> restore_backup(const std::string& backup, const std::string& directory);

}  // namespace weir::store
