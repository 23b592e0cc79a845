#include "engine/reconcile/helm_render.hh"

#include "engine/helm/coalesce.hh"
#include "engine/reconcile/helm_cluster.hh"
#include "engine/reconcile/helm_post_render.hh"
#include "engine/reconcile/helm_values.hh"

namespace weir::reconcile {
namespace {

helm::TablePtr table_of(const Value& value) {
  return helm::Table::from_value(value.is_object() ? value : Value::object());
}

// The chart with all that the former release had for values as its defaults: what this chart says
// of its own does not count, as Helm has it (--reuse-values).
Result<helm::ChartSet> with_former_defaults(const helm::ChartSet& charts,
                                            const helm::Release& former) {
  helm::Chart before;
  before.metadata.name = former.chart_name();
  before.values = table_of(former.chart["values"]);
  std::vector<std::string> warnings;
  helm::Coalescer coalescer(helm::Compat::helm_4_2_4, warnings);
  WEIR_TRY(helm::ChartSet out, charts.copy());
  WEIR_TRY(out.root().values, coalescer.coalesce(before, *table_of(former.config)));
  return out;
}

}  // namespace

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
  if (input.kept == nullptr)
    return helm::render_chart(*input.charts, *table_of(input.values), request);
  WEIR_TRY(const helm::ChartSet charts, with_former_defaults(*input.charts, *input.kept));
  const Value values = merge_maps(input.kept->config, input.values);
  return helm::render_chart(charts, *table_of(values), request);
}

}  // namespace weir::reconcile
