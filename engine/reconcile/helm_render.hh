// A chart rendered as a cluster would get it: the server's versions and kinds, `lookup` on live
// objects, the post renderers of the HelmRelease. What an install or upgrade does, and what a
// preview of one shows. Blocks on the API; any thread.
#pragma once

#include <string>

#include "engine/helm/release.hh"
#include "engine/helm/render.hh"
#include "engine/model/kinds/helm_release.hh"
#include "engine/reconcile/kube_port.hh"

namespace weir::reconcile {

struct ReleaseRender {
  KubeApi* kube = nullptr;
  Identity as;                 // whom `lookup` reads as
  std::string server_version;  // of the API server: "v1.35.4"
  const base::Clock* clock = nullptr;
  const model::HelmReleaseSpec* spec = nullptr;
  ObjectId owner;
  const helm::ChartSet* charts = nullptr;
  Value values;  // an object or null
  // upgrade.preserveValues: whose values lie under these, and in place of the chart's defaults.
  const helm::Release* kept = nullptr;
  helm::ReleaseOptions release;
  bool skip_schema_validation = false;
  helm::HostNames* hosts = nullptr;  // null: getHostByName finds nothing
  helm::SchemaLoader* schemas = nullptr;  // null: references to other documents are refused
};

// Errors: those of render_chart and of the API.
Result<helm::RenderedChart> render_release(const ReleaseRender& input);

}  // namespace weir::reconcile
