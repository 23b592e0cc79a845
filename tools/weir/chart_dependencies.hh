// Fetches what a chart depends on into its charts/ folder, as `helm dependency update` does: the
// highest versions in the ranges of Chart.yaml, from repositories over HTTP and in registries, from
// repositories that `helm repo add` knows (@name, alias:name) and from folders (file://). What was
// taken is noted down in Chart.lock (requirements.lock of API v1). One thread.
#pragma once

#include <string>

#include "engine/base/result.hh"
#include "engine/helm/chart.hh"
#include "tools/weir/chart_pull.hh"

namespace weir::cli {

// `chart` was loaded from `folder`. Nothing is written unless all was found; other packages in
// charts/ are deleted, as Helm deletes them. Progress goes to standard error. Errors: not_found,
// invalid, unauthorized, unreachable, limit, io.
Result<void> update_dependencies(const std::string& folder, const helm::Chart& chart,
                                 const PullOptions& options);

}  // namespace weir::cli
