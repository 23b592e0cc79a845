#include "store/compression.hh"

#include <zstd.h>

#include "engine/base/assert.hh"

namespace weir::store {
namespace {

constexpr int zstd_level = 3;

}  // namespace

std::string compress(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size =
      ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), zstd_level);
  WEIR_ASSERT(!ZSTD_isError(size));
  out.resize(size);
  return out;
}

std::optional<std::string> decompress(std::string_view frame, std::uint64_t size) {
  // The frame states its size: checked first, so that a damaged row cannot ask for memory.
  if (ZSTD_getFrameContentSize(frame.data(), frame.size()) != size) return std::nullopt;
  std::string out(size, '\0');
  const std::size_t got = ZSTD_decompress(out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) || got != size) return std::nullopt;
  return out;
}

}  // namespace weir::store
