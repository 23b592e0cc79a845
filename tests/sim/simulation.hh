// One simulated run: the real core, executor, event log and embedded API on virtual time, with
// users, faults, crashes and a full disk as the seed says; then calm, and the checks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace weir::sim {

struct RunFacts {
  std::uint64_t events = 0, commands = 0, crashes = 0, commits = 0, steps_replayed = 0;
  std::int64_t virtual_seconds = 0;
};

// Nothing when every check held, else what did not. `trace`: print each input and event.
std::optional<std::string> run(std::uint64_t seed, bool trace, RunFacts& facts);

}  // namespace weir::sim
