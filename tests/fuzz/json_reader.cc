// Any bytes: the JSON reader must return. What it accepts must be written and read back; from
// then on nothing changes any more (the first time "-0.0" becomes "-0", which is an integer).
#include <cstdint>
#include <string_view>

#include "engine/base/assert.hh"
#include "engine/value/json.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = weir::value::parse_json(text);
  if (!first.ok()) return 0;
  const std::string written = weir::value::write_json(first.value());
  const auto second = weir::value::parse_json(written);
  WEIR_ASSERT(second.ok());
  const std::string rewritten = weir::value::write_json(second.value());
  const auto third = weir::value::parse_json(rewritten);
  WEIR_ASSERT(third.ok() && weir::value::write_json(third.value()) == rewritten);
  return 0;
}
