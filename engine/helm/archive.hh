// Packaged charts: a gzipped tar with one folder at its root, whose name does not matter. What
// unpacks to too much, or names files outside that folder, is refused, as Helm refuses it.
#pragma once

#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/helm/chart.hh"

namespace weir::helm {

// The files of the archive, named from their chart on, in the archive's order. Errors: invalid,
// limit (helm_chart_bytes_max, helm_chart_file_bytes_max, helm_chart_files_max).
Result<std::vector<ChartFile>> read_chart_archive(std::string_view bytes);

// What is not gzip'd at all, in the words of Go's reader.
Error gzip_error(Error error, std::string_view bytes);

}  // namespace weir::helm
