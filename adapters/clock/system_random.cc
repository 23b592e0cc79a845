#include "adapters/clock/system_random.hh"

#include <sys/random.h>

#include <cerrno>

#include "engine/base/assert.hh"

namespace weir::clock {

void SystemRandom::fill(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
    WEIR_ASSERT(got > 0 || errno == EINTR);
    if (got > 0) bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace weir::clock
