// What must hold of a log after any accident.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "engine/base/result.hh"
#include "store/event_log.hh"
#include "store/kv.hh"

namespace weir::test {

// Opens `kv`, which an accident left behind: it verifies, its projections equal a refold, it takes
// an append and verifies again (all required of the running test). Returns the head found at first,
// without the event that a cut write-ahead log makes.
store::Seq check_recovered(store::Kv& kv);

// Appends round `round` with the blob that it names.
Result<std::vector<store::Seq>> append_round(store::EventLog& log, unsigned round);

// Where these tests put their databases: a file system in memory if there is one with room. What is
// lost here is lost by the test's own doing, and a real disk's syncs would be most of its time.
std::filesystem::path crash_directory();

// What the random choices of a test come from: WEIR_SEED of the environment, which repeats a run
// that failed, or the system's.
std::uint32_t crash_seed();

}  // namespace weir::test
