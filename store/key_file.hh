// Files that hold a key: mode 0600, written whole or not at all, never followed through a symlink.
//
// Thread-safe; two processes that create one at once get the same key.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::store {

// The file's bytes. Errors: not_found; forbidden (others may read it), corrupt (over `bytes_max`),
// io.
Result<std::string> read_key_file(const std::string& path, std::size_t bytes_max);

// Creates the file, durably; one that is there already stays as it is. Error: io.
Result<void> create_key_file(const std::string& path, std::string_view bytes);

// Puts `from` in the place of `to`, durably. Error: io.
Result<void> replace_key_file(const std::string& from, const std::string& to);

}  // namespace weir::store
