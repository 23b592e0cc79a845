#include "engine/model/kinds/helm_chart.hh"

namespace weir::model {
namespace {

std::vector<Field> spec_fields() {
  return {
      required(text_field("chart",
                          "Name of the chart in the repository, or its path in the "
                          "source.")),
      flag_field("ignoreMissingValuesFiles", "Skips values files that do not exist."),
      required(interval_field("How often the source is checked for updates.")),
      with_default(with_enum(text_field("reconcileStrategy", "What makes a new artifact."),
                             {"ChartVersion", "Revision"}),
                   "ChartVersion"),
      required(group_field("sourceRef", "The source of the chart.",
                           {text_field("apiVersion", "API version of the referent."),
                            required(with_enum(text_field("kind", "Kind of the referent."),
                                               {"HelmRepository", "GitRepository", "Bucket"})),
                            required(text_field("name", "Name of the referent."))})),
      suspend_field(),
      list_field("valuesFiles", "Values files that replace the chart's own, merged in order.",
                 text_field("", "")),
      verify_field(false),
      with_default(text_field("version",
                              "Range of versions, ignored for charts from Git and "
                              "buckets."),
                   "*"),
  };
}

KindDeclaration make_declaration() {
  KindDeclaration kind = source_declaration("HelmChart", "helmchart", "helmcharts");
  kind.short_names = {"hc"};
  kind.columns = {{"Chart", "string", ".spec.chart"},
                  {"Version", "string", ".spec.version"},
                  {"Source Kind", "string", ".spec.sourceRef.kind"},
                  {"Source Name", "string", ".spec.sourceRef.name"},
                  age_column(),
                  ready_column(),
                  message_column()};
  kind.description = "HelmChart makes a Helm chart available as an artifact.";
  kind.spec = spec_fields();
  kind.spec_rules = {
      {"!has(self.verify) || self.sourceRef.kind == 'HelmRepository'",
       "spec.verify is only supported when spec.sourceRef.kind is 'HelmRepository'"}};
  kind.status = source_status(
      {text_field("observedChartName", "Name of the last resolved chart."),
       text_field("observedSourceArtifactRevision", "Revision of the source last used."),
       list_field("observedValuesFiles", "Values files of the current artifact.",
                  text_field("", "")),
       text_field("url", "Download link of the latest chart.")});
  return kind;
}

}  // namespace

const KindDeclaration& helm_chart_declaration() {
  static const KindDeclaration declaration = make_declaration();
  return declaration;
}

Result<HelmChartSpec> decode_helm_chart(const Value& object) {
  const Value& spec = object["spec"];
  HelmChartSpec out;
  WEIR_CHECK(decode_common(spec, out));
  out.chart = spec["chart"].get_string();
  out.version = spec["version"].get_string("*");
  out.source_kind = spec.path("sourceRef", "kind").get_string();
  out.source_name = spec.path("sourceRef", "name").get_string();
  out.on_revision = spec["reconcileStrategy"].get_string() == "Revision";
  for (const Value& file : spec["valuesFiles"].items())
    out.values_files.emplace_back(file.get_string());
  out.ignore_missing_values_files = spec["ignoreMissingValuesFiles"].get_bool();
  out.unsupported = first_unsupported(spec, {"verify"});
  return out;
}

}  // namespace weir::model
