// Gzip in memory: one stream in, one text out. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::base {

// The best compression (level 9), no name, no time.
std::string gzip_compress(std::string_view bytes);

// All members of the stream. Errors: corrupt, limit (more than `bytes_max` unpacked).
Result<std::string> gzip_expand(std::string_view bytes, std::size_t bytes_max);

}  // namespace weir::base
