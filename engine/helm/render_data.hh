// What a template of a chart sees: .Values, .Release, .Chart, .Capabilities, .Files, .Subcharts.
// The maps are shared between a chart and those below it as Helm shares them, so what one template
// sets in .Values the next one finds there.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/base/file_tree.hh"
#include "engine/helm/capabilities.hh"
#include "engine/helm/chart.hh"
#include "engine/helm/table.hh"
#include "engine/template/datum.hh"

namespace weir::helm {

struct ReleaseOptions {
  std::string name;
  std::string ns;
  int revision = 1;
  bool is_upgrade = false;
};

// A template file, and what it is rendered with.
struct Renderable {
  base::FileBytes text;
  tmpl::Datum data;       // the map that is its dot
  std::string base_path;  // "chart/templates"
};

// By template name ("root/charts/sub/templates/web.yaml"), for the chart and all below it.
using Renderables = std::map<std::string, Renderable, std::less<>>;

Renderables make_renderables(const Chart& root, const Table& values, const ReleaseOptions& release,
                             const Capabilities& capabilities);

// What .Template is while a template is rendered.
tmpl::Datum template_datum(std::string_view name, std::string_view base_path);

// A table as nested map[string]interface {}; integers stay int64.
tmpl::Datum to_datum(const Table& table);

}  // namespace weir::helm
