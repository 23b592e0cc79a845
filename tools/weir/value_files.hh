// The files that -f and --set-file name: on disk, on standard input ("-"), or at an http(s) URL, as
// Helm's getters reach them (credentials in the URL alone, no flags of the chart's repository).
#pragma once

#include <string>

#include "engine/base/result.hh"

namespace weir::cli {

// At most `yaml_bytes_max`. Errors: not_found in Go's words ("open x: no such file or directory"),
// "failed to fetch URL : 404 Not Found", those of the connection, limit.
Result<std::string> read_value_file(const std::string& name);

}  // namespace weir::cli
