// What `helm template` does around a render, for the verbs that render charts: defaults from the
// environment, and the text it prints.
#pragma once

#include <string>
#include <string_view>

#include "engine/helm/render.hh"

namespace weir::cli {

// The namespace of the context in the kubeconfig ("" = KUBECONFIG, ~/.kube/config) that is named or
// current; "default" where none is set.
std::string context_namespace(const std::string& kubeconfig, const std::string& context);

// "podinfo-1732800000": of the chart's folder or package, and now.
std::string generated_release_name(std::string_view chart);

// What `text` (--name-template) makes, with this process's environment. Errors: as of
// helm::render_name().
Result<std::string> templated_release_name(const std::string& text,
                                           const helm::EngineOptions& engine);

struct ChartTextOptions {
  bool include_crds = false, no_hooks = false, skip_tests = false;
};

// The manifests, then the hooks, each behind its "# Source:".
std::string chart_text(const helm::RenderedChart& rendered, const ChartTextOptions& options);

}  // namespace weir::cli
