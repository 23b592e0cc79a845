// The spec of any source that weir can fetch, told apart by kind. Pure values; any thread.
#pragma once

#include <variant>

#include "engine/model/kinds/bucket.hh"
#include "engine/model/kinds/git_repository.hh"
#include "engine/model/kinds/helm_chart.hh"
#include "engine/model/kinds/helm_repository.hh"
#include "engine/model/kinds/oci_repository.hh"

namespace weir::model {

using SourceSpec = std::variant<GitRepositorySpec, OciRepositorySpec, HelmRepositorySpec,
                                HelmChartSpec, BucketSpec>;

inline const SourceCommon& common_of(const SourceSpec& spec) {
  return std::visit([](const auto& one) -> const SourceCommon& { return one; }, spec);
}

// Whether a Kustomization can be built from it: charts and indexes of charts hold none.
bool holds_manifests(const ObjectId& source);

// From the whole object, by its kind. Error: invalid, naming the field; unsupported for kinds that
// have no such spec.
Result<SourceSpec> decode_source(const Value& object);

}  // namespace weir::model
