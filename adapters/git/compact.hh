// Keeps a mirror quick: each fetch leaves a pack, and every lookup asks every pack.
#pragma once

#include <string>

#include "engine/base/result.hh"

struct git_repository;

namespace weir::git {

// When many small packs have gathered, writes their objects into one. The packs it replaces go at
// the next such time only, so that trees which still read from them are not disturbed. Wants the
// mirror's lock. Errors: io; the mirror stays whole in any case.
Result<void> compact_mirror(git_repository* repository, const std::string& directory);

}  // namespace weir::git
