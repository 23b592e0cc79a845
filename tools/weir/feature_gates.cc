#include "tools/weir/feature_gates.hh"

#include <algorithm>
#include <string>

namespace weir::cli {
namespace {

using Options = reconcile::EngineOptions;

struct Gate {
  std::string_view name;
  void (*set)(Options& options, FeatureGates& gates, bool on);
};

constexpr Gate gates[] = {
    {"AdditiveCELDependencyCheck",
     [](Options& o, FeatureGates&, bool on) { o.additive_ready_expr = on; }},
    {"AllowDNSLookups", [](Options&, FeatureGates& g, bool on) { g.dns_lookups = on; }},
    {"DefaultToRetryOnFailure",
     [](Options& o, FeatureGates&, bool on) { o.helm_defaults.retry_on_failure = on; }},
    {"DisableChartDigestTracking",
     [](Options& o, FeatureGates&, bool on) { o.chart_digest_in_version = !on; }},
    {"StrictPostBuildSubstitutions",
     [](Options& o, FeatureGates&, bool on) { o.strict_substitution = on; }},
    {"UseHelm3Defaults",
     [](Options& o, FeatureGates&, bool on) { o.helm_defaults.helm3 = on; }},
};

// Nothing here changes by them: what they ask for is so anyway, or answers a need that a process
// of another make has.
constexpr std::string_view idle_gates[] = {
    "AdoptLegacyReleases",   "CacheSecretsAndConfigMaps", "CancelHealthCheckOnNewRevision",
    "CorrectDrift",          "DetectDrift",               "DirectSourceFetch",
    "DisableConfigWatchers", "DisableStatusPollerCache",  "ExternalArtifact",
    "OOMWatch"};

Result<bool> read_switch(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
    if (text == yes) return true;
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
    if (text == no) return false;
  return make_error(Code::invalid, "'" + std::string(text) + "' is not true or false");
}

Result<void> read_gate(std::string_view text, Options& options, FeatureGates& out) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  if (equals == std::string_view::npos)
    return make_error(Code::invalid, "'" + std::string(text) + "' must be NAME=true or NAME=false");
  auto on = read_switch(text.substr(equals + 1));
  if (!on.ok()) return std::move(on).error().with_context(std::string(name));
  for (const Gate& gate : gates)
    if (gate.name == name) {
      gate.set(options, out, *on);
      return {};
    }
  if (std::find(std::begin(idle_gates), std::end(idle_gates), name) != std::end(idle_gates))
    return {};
  return make_error(Code::invalid, "feature-gate '" + std::string(name) + "' not supported");
}

}  // namespace

Result<FeatureGates> read_feature_gates(std::string_view text, Options& options) {
  FeatureGates out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    WEIR_CHECK(read_gate(text.substr(0, comma), options, out));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

}  // namespace weir::cli
