// HelmChart (source.toolkit.fluxcd.io/v1): its declaration and its spec, decoded.
#pragma once

#include <string>
#include <vector>

#include "engine/model/kinds/source.hh"

namespace weir::model {

struct HelmChartSpec : SourceCommon {
  std::string chart;    // a name in a repository, or a path in a tree
  std::string version;  // a range; "*" by default
  std::string source_kind, source_name;
  bool on_revision = false;  // reconcileStrategy: Revision
  std::vector<std::string> values_files;
  bool ignore_missing_values_files = false;
};

inline const Gvk helm_chart_gvk{std::string(source_group), "v1", "HelmChart"};
const KindDeclaration& helm_chart_declaration();
// From the whole object. Error: invalid, naming the field.
Result<HelmChartSpec> decode_helm_chart(const Value& object);

}  // namespace weir::model
