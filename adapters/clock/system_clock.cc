#include "adapters/clock/system_clock.hh"

#include <ctime>

namespace weir::clock {

namespace {

std::int64_t read_us(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace

base::TimeUs SystemClock::now() const { return read_us(CLOCK_REALTIME); }

std::chrono::microseconds SystemClock::monotonic() const {
  return std::chrono::microseconds(read_us(CLOCK_BOOTTIME));
}

}  // namespace weir::clock
