#include "engine/helm/engine.hh"

#include <algorithm>
#include <vector>

#include "engine/base/limits.hh"
#include "engine/helm/engine_errors.hh"
#include "engine/helm/engine_functions.hh"
#include "engine/helm/text.hh"
#include "engine/template/functions/functions.hh"
#include "engine/template/parse_cache.hh"
#include "engine/template/template.hh"

namespace weir::helm {

namespace {

namespace limits = base::limits;

// Some thirty of the largest charts known, whose templates take 2 MB parsed. Never destroyed: at
// the end of the process there is nothing left to gain from it.
constexpr std::size_t parsed_bytes_max = 64u << 20;

// What all renders of this process have parsed.
tmpl::ParseCache& parsed_templates() {
  static auto& cache = *new tmpl::ParseCache(parsed_bytes_max);
  return cache;
}

const tmpl::FunctionMap& all_functions() {
  static const tmpl::FunctionMap map = [] {
    tmpl::FunctionMap functions;
    tmpl::add_helm_functions(functions);
    functions.add(engine_functions());
    return functions;
  }();
  return map;
}

// Deepest charts first, names backwards: the order Helm parses and executes in, which decides
// whose `define` of a name wins and what earlier templates have set in .Values.
std::vector<const Renderables::value_type*> in_order(const Renderables& renderables) {
  std::vector<std::pair<std::ptrdiff_t, const Renderables::value_type*>> keyed;
  for (const auto& entry : renderables)
    keyed.emplace_back(std::count(entry.first.begin(), entry.first.end(), '/'), &entry);
  std::sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second->first > b.second->first;
  });
  std::vector<const Renderables::value_type*> out;
  for (const auto& [slashes, entry] : keyed) out.push_back(entry);
  return out;
}

}  // namespace

Result<RenderedFiles> render_templates(const Renderables& renderables,
                                       const EngineOptions& options) {
  const auto order = in_order(renderables);
  tmpl::Set set;
  for (const auto* entry : order) {
    auto parsed =
        set.parse(entry->first, *entry->second.text, all_functions(), parsed_templates());
    if (!parsed.ok()) return parse_error(entry->first, std::move(parsed).error());
  }
  RenderState render;
  render.functions = &all_functions();
  render.parsed = &parsed_templates();
  render.lookup = options.lookup;
  render.hosts = options.hosts;
  tmpl::Budget fresh;
  if (options.clock)
    fresh.deadline =
        options.clock->monotonic() + std::chrono::seconds(limits::template_seconds_max);
  tmpl::ExecuteOptions execute;
  execute.missing_key = tmpl::MissingKey::zero;
  execute.ports = {options.clock, options.random, &render};
  execute.budget = options.budget ? options.budget : &fresh;
  RenderedFiles out;
  for (const auto* entry : order) {
    const auto& [name, renderable] = *entry;
    if (base::base_name(name).starts_with('_')) continue;
    renderable.data.set("Template", template_datum(name, renderable.base_path));
    auto text = set.execute(name, renderable.data, execute);
    if (!text.ok()) return execution_error(name, std::move(text).error());
    out[name] = without_no_value(*std::move(text));
  }
  return out;
}

}  // namespace weir::helm
