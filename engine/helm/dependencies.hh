// What Helm does to a chart's dependencies before it renders: those of Chart.yaml get their alias,
// those switched off by condition or tags are dropped, and import-values are taken from a
// dependency's defaults into its parent's. Works on the given charts; use a copy.
#pragma once

#include "engine/base/result.hh"
#include "engine/helm/chart.hh"
#include "engine/helm/coalesce.hh"

namespace weir::helm {

// `values` are the user's, over those of the root chart. Errors: invalid, limit.
Result<void> process_dependencies(ChartSet& charts, const Table& values, Coalescer& coalescer);

}  // namespace weir::helm
