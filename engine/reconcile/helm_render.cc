#include "engine/reconcile/helm_render.hh"

#include "engine/reconcile/helm_cluster.hh"
#include "engine/reconcile/helm_post_render.hh"

namespace weir::reconcile {

Result<helm::RenderedChart> render_release(const ReleaseRender& input) {
  helm::RenderRequest request;
  request.release = input.release;
  request.compat = helm::Compat::helm_4_2_4;
  WEIR_TRY(request.capabilities, cluster_capabilities(*input.kube, input.server_version));
  request.skip_schema_validation = input.skip_schema_validation;
  KubeLookup lookup(*input.kube, input.as);
  SystemRandom random;
  request.engine.lookup = &lookup;
  request.engine.hosts = input.hosts;
  request.schemas = input.schemas;
  request.engine.clock = input.clock;
  request.engine.random = &random;
  request.post_render = make_post_renderer(*input.spec, input.owner);
  const helm::TablePtr values =
      helm::Table::from_value(input.values.is_null() ? Value::object() : input.values);
  return helm::render_chart(*input.charts, *values, request);
}

}  // namespace weir::reconcile
