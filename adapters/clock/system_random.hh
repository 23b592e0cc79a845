// Randomness of production for templates: the operating system's. Stateless; any thread. Never
// fails.
#pragma once

#include <cstdint>
#include <span>

#include "engine/template/function.hh"

namespace weir::clock {

class SystemRandom final : public tmpl::RandomSource {
 public:
  void fill(std::span<std::uint8_t> bytes) override;
};

}  // namespace weir::clock
