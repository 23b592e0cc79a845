// The printable characters from U+0080 on: generated, sorted, static storage. For quote.cc alone.
#pragma once

#include <cstdint>
#include <span>

namespace weir::tmpl {

struct PrintRange {
  std::uint32_t low;
  std::uint32_t high;  // included
};

std::span<const PrintRange> print_ranges();

}  // namespace weir::tmpl
