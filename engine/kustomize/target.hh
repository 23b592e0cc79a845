// One kustomization on its way through a build: everything between its file and the resources it
// gives.
//
// A Target lives on the stack of the build that made it; bases and components are Targets of their
// own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/kustomize/kustomization.hh"
#include "engine/kustomize/loader.hh"
#include "engine/kustomize/openapi.hh"
#include "engine/kustomize/provenance.hh"
#include "engine/kustomize/res_map.hh"
#include "engine/kustomize/transformer_config.hh"
#include "engine/kustomize/transformers.hh"
#include "engine/kustomize/vars.hh"

namespace weir::kustomize {

// What the whole build shares.
struct BuildState {
  const BuildOptions* options;
  OpenApi types;
  std::vector<std::string> warnings;
  std::size_t directories = 0;
  std::unique_ptr<Tracer> tracer;  // null unless the build is traced
};

// What accumulates: resources, and the rules and vars to finish them by.
struct Accumulator {
  ResMap resources;
  ConfigPtr config;
  VarSet vars;
};

class Target {
 public:
  // Reads the kustomization in the loader's directory and takes its openapi field. Errors as the
  // loader's and load_kustomization's.
  static Result<Target> open(Loader loader, BuildState& state);

  const Kustomization& kustomization() const { return kustomization_; }
  void track_origin(const Origin& origin) { origin_ = origin; }

  // The passes of one kustomization, onto what is accumulated so far (nothing, or a component's
  // parent).
  Result<void> accumulate(Accumulator& result);

 private:
  struct Step {
    Transform run;
    std::optional<Origin> origin;
    CauseOf cause;  // empty unless the build is traced
  };
  struct Made {
    ResMap resources;
    std::optional<Origin> origin;
    CauseOf cause;
  };

  Target(Loader loader, BuildState& state) : loader_(std::move(loader)), state_(&state) {}

  Result<void> add_resources(Accumulator& result, const Value& paths);
  Result<void> add_configuration(Accumulator& result);
  Result<void> run_generators(Accumulator& result);
  Result<void> add_components(Accumulator& result);
  Result<void> run_transformers(Accumulator& result);
  Result<void> run_validators(Accumulator& result);

  Result<void> add_resource(Accumulator& result, std::string_view path);
  Result<void> add_file(Accumulator& result, std::string_view path);
  Result<void> add_directory(Accumulator& result, Loader loader, std::string_view path,
                             bool component);
  Result<void> accumulate_directory(Accumulator& result, Loader loader,
                                    const std::optional<Origin>& origin, bool component);
  Result<Accumulator> load_plugins(const Value& entries);
  Result<std::vector<Step>> plugin_steps(const Value& entries);
  Result<std::vector<Step>> field_steps(const TransformerConfig& config);
  Result<ResMap> run_generator(std::string_view kind, const Value& config);
  Result<ResMap> inflate_chart(const Value& chart);
  Result<void> add_step(std::vector<Step>& steps, std::string_view kind, const Value& config,
                        const FieldSpecs& specs);
  Result<void> add_label_steps(std::vector<Step>& steps, const TransformerConfig& config);
  Result<void> add_image_steps(std::vector<Step>& steps, const TransformerConfig& config);
  Result<void> run_steps(ResMap& resources, const std::vector<Step>& steps);
  void trace_open();
  std::string shown(std::string_view file) const;
  CauseOf field_cause(std::string_view kind, const std::string& pointer) const;
  CauseOf patch_cause(std::string_view kind, const std::string& pointer, const Value& config) const;
  CauseOf plugin_cause(const Resource& plugin) const;
  std::optional<Origin> builtin_origin(std::string_view kind) const;
  PluginContext context() const { return {&loader_, &state_->types}; }

  Loader loader_;
  BuildState* state_;
  Kustomization kustomization_;
  std::optional<Origin> origin_;
  base::FileBytes text_;                      // of the kustomization; these two in a traced
  std::shared_ptr<const PlacedText> places_;  // build only
};

}  // namespace weir::kustomize
