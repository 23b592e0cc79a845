// zstd frames of known size, for blobs and snapshots.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::store {

std::string compress(std::string_view bytes);
// Nothing when `frame` is no frame of exactly `size` bytes. The caller has bounded `size`.
std::optional<std::string> decompress(std::string_view frame, std::uint64_t size);

}  // namespace weir::store
