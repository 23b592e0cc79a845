// Checks the signed checkpoints of a log against its tree, and the chain of keys from the one that
// is trusted to the one that signs now. Needs public keys only. To be run after verify(), which
// checks the tree against the events.
//
// Reads only; one thread. Errors: io.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.hh"
#include "store/kv.hh"
#include "store/note.hh"
#include "store/verify.hh"

namespace weir::store {

struct LedgerReport {
  bool present = false;           // there is a signed checkpoint
  std::uint64_t signed_size = 0;  // events that the last one covers
  std::uint64_t checkpoints = 0;  // checked
  std::string public_key;         // that signed the last one
  std::uint64_t rotations = 0;    // of keys, in the log
  std::optional<Finding> first;   // the first thing wrong
};

struct LedgerTrust {
  // Keys of the ledger at any time of its life; without one, what the log says of itself.
  std::optional<VerifierKey> key;
  // Checkpoints that were copied out of weir: the log must begin with what they cover.
  std::vector<std::string> witnessed;
};

Result<LedgerReport> verify_ledger(const Kv& kv, const LedgerTrust& trust);

}  // namespace weir::store
