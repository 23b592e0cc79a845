// Loads charts: from a folder of any FileTree, or from a packaged archive (.tgz). Both end in the
// same list of files, read as Helm reads it: Chart.yaml, values.yaml, values.schema.json,
// templates/, crds/, charts/ (folders and archives), requirements.yaml and locks of API v1.
//
// Nothing is written anywhere. Names that climb or are absolute, archives that unpack to more than
// helm_chart_bytes_max, files above helm_chart_file_bytes_max, too many or too deeply nested charts
// end in an Error. Pure functions of the tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file_tree.hh"
#include "engine/base/result.hh"
#include "engine/helm/chart.hh"

namespace weir::helm {

struct LoadedChart {
  ChartSet charts;
  std::vector<std::string> warnings;
};

// The chart whose Chart.yaml stands in `directory`; .helmignore is honoured, symbolic links are
// followed as far as the tree follows them. Errors: invalid with Helm's words, limit, io.
Result<LoadedChart> load_chart_directory(const base::FileTree& tree, std::string_view directory);

// The files that packing such a folder takes, .helmignore honoured, named from the folder on.
// Errors as above.
Result<std::vector<ChartFile>> list_chart_files(const base::FileTree& tree,
                                                std::string_view directory);

// A packaged chart. `name` is for error texts. Errors as above.
Result<LoadedChart> load_chart_archive(std::string_view bytes, std::string_view name);

// The files of a chart as list_chart_files() and read_chart_archive() give them. Errors as above.
Result<LoadedChart> load_chart_files(std::vector<ChartFile> files);

// A folder or an archive, as `path` in the tree is one or the other.
Result<LoadedChart> load_chart(const base::FileTree& tree, std::string_view path);

// Documents of a values file, later ones merged over earlier ones; numbers are doubles. Errors:
// invalid ("cannot unmarshal yaml document: ..."), limit.
Result<TablePtr> load_values(std::string_view text);

// `over` merged into `base`, which is edited: tables deeply, everything else replaced.
void merge_values(Table& base, const Table& over);

}  // namespace weir::helm
