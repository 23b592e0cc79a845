// Renders the templates of a chart: every file is parsed first, then executed, the deepest charts
// first, with the functions that need the engine: include, tpl, required, fail, lookup.
//
// One render runs in one thread; several may run at once. Faults of a chart end in Helm's own
// error texts, which name file and line; a cap that was hit (steps, bytes, depth) in Code::limit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/result.hh"
#include "engine/helm/manifests.hh"
#include "engine/helm/render_data.hh"
#include "engine/template/function.hh"

namespace weir::helm {

// Objects of the cluster for the function `lookup`. Implementations: the API client of the release;
// without one, lookup finds nothing.
class Lookup {
 public:
  virtual ~Lookup() = default;
  // The object, or the list when `name` is empty; an empty object when it is not found.
  virtual Result<Value> lookup(std::string_view api_version, std::string_view kind,
                               std::string_view ns, std::string_view name) = 0;
};

// Addresses of hosts for the function `getHostByName`, which finds nothing without.
class HostNames {
 public:
  virtual ~HostNames() = default;
  // As text, in the order they are to be tried; empty when the name is not known.
  virtual std::vector<std::string> addresses(const std::string& name) = 0;
};

struct EngineOptions {
  Lookup* lookup = nullptr;
  HostNames* hosts = nullptr;
  const base::Clock* clock = nullptr;
  tmpl::RandomSource* random = nullptr;
  tmpl::Budget* budget = nullptr;  // null: the caps of engine/base/limits.hh
};

// The text of every template but partials. Errors: invalid, limit.
Result<RenderedFiles> render_templates(const Renderables& renderables,
                                       const EngineOptions& options);

}  // namespace weir::helm
