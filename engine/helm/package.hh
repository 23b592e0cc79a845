// Makes the package of a chart from its files, with another version and other default values where
// a HelmChart asks for them. The same input gives the same bytes. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/helm/chart.hh"
#include "engine/value/value.hh"

namespace weir::helm {

// Chart.yaml among a chart's files. Errors: invalid ("validation: ..." and Helm's other words),
// not_found.
Result<Metadata> read_metadata(const std::vector<ChartFile>& files);
// The file of that name; nullptr when there is none.
const ChartFile* find_file(const std::vector<ChartFile>& files, std::string_view name);

// "1.2.3" and "abc.2" -> "1.2.3+abc.2"; metadata that is there is replaced, a leading 'v' dropped.
// Error: invalid.
Result<std::string> with_version_metadata(const std::string& version, const std::string& metadata);

// A values file; null and nothing at all are an empty object. `name` is for error texts. Error:
// invalid.
Result<Value> parse_values_file(std::string_view text, const std::string& name);
// `over` laid over `base`: objects deeply, everything else replaced, nulls included.
void merge_values_files(Value& base, const Value& over);

// Gives the chart of these files another name. Error: invalid.
Result<void> rename_chart(std::vector<ChartFile>& files, const std::string& name);

struct PackageEdits {
  std::string version;          // "" = as it is
  std::optional<Value> values;  // the new values.yaml
};
// A gzipped tar with the folder `name`. Errors: invalid, limit.
Result<std::string> package_chart(const std::string& name, std::vector<ChartFile> files,
                                  const PackageEdits& edits);

}  // namespace weir::helm
