// Entries of helmCharts (and HelmChartInflationGenerator files): checked, their chart found below
// chartHome or pulled, their values worked out, and rendered through the ChartInflator.
//
// One build, one thread. Error texts are the reference tool's; values never stand in them.
#pragma once

#include <string>

#include "engine/base/result.hh"
#include "engine/kustomize/build.hh"
#include "engine/kustomize/loader.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

// Whether the entry (with helmGlobals' fields among its own) can be inflated at all. Errors:
// unsupported (charts are off), invalid, and the loader's.
Result<void> check_chart(const Value& chart, const Loader& loader, const BuildOptions& options);

// The manifests of an entry that was checked. Errors: not_found (no such chart), the loader's, the
// inflator's.
Result<std::string> inflate_chart(const Value& chart, const Loader& loader,
                                  const BuildOptions& options);

}  // namespace weir::kustomize
