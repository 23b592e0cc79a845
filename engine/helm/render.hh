// From a chart and the user's values to manifests, hooks and notes: dependencies processed, values
// coalesced and checked against the schemas, templates rendered, documents sorted. What `helm
// template`, an install and an upgrade have in common.
//
// The chart given is not changed. Pure but for the ports in EngineOptions; one render runs in one
// thread, several may run at once.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/helm/capabilities.hh"
#include "engine/helm/chart.hh"
#include "engine/helm/engine.hh"
#include "engine/helm/manifests.hh"
#include "engine/helm/render_data.hh"
#include "engine/helm/schema.hh"

namespace weir::helm {

struct RenderRequest {
  Compat compat = Compat::helm_4_2;
  ReleaseOptions release;
  Capabilities capabilities;
  bool skip_schema_validation = false;
  bool subchart_notes = false;
  EngineOptions engine;
  SchemaLoader* schemas = nullptr;  // null: a schema that refers to another document is refused
  // Changes the rendered files before they are sorted (post renderers); may be empty.
  std::function<Result<RenderedFiles>(RenderedFiles)> post_render{};
  // Takes the texts of all files where they cannot be cut and sorted, for people to look at.
  std::string* unsorted = nullptr;
};

struct RenderedChart {
  ChartSet charts;  // after dependencies were processed: what a release record holds
  std::vector<Hook> hooks;
  std::vector<Manifest> manifests;
  std::string notes;
  std::vector<std::string> warnings;
};

// The reason of an error that came of the templates themselves, not of chart or values.
inline constexpr std::string_view render_failed = "RenderFailed";

// Errors: invalid with Helm's words, limit.
Result<RenderedChart> render_chart(const ChartSet& charts, const Table& values,
                                   const RenderRequest& request);

// The text of a release: each manifest behind its "# Source:", CRDs of crds/ first when asked for.
std::string manifest_text(const RenderedChart& rendered, bool include_crds);

// Error: invalid, unless the name is one Helm takes for a release.
Result<void> check_release_name(std::string_view name);

}  // namespace weir::helm
