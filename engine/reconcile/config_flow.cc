// ConfigMaps and Secrets labelled `reconcile.fluxcd.io/watch: Enabled`: whoever takes values from
// one runs again when it changes (contract K2.3).
#include <algorithm>

#include "engine/reconcile/flows.hh"
#include "engine/reconcile/helm_flow.hh"

namespace weir::reconcile {
namespace {

bool leads_to_cluster(const std::optional<model::KubeConfigReference>& to, const ObjectId& config) {
  return to && to->name() == config.name && to->secret.empty() == (config.gvk.kind != "Secret");
}

bool takes_values_from(const KustomizationState& ks, const ObjectId& config) {
  if (leads_to_cluster(ks.spec.kube_config, config)) return true;
  return std::any_of(ks.spec.substitute_from.begin(), ks.spec.substitute_from.end(),
                     [&](const model::SubstituteReference& reference) {
                       return reference.name == config.name &&
                              reference.secret == (config.gvk.kind == "Secret");
                     });
}

bool uses(const model::HelmReleaseSpec& spec, const ObjectId& config) {
  const bool secret = config.gvk.kind == "Secret";
  if (leads_to_cluster(spec.kube_config, config)) return true;
  return std::any_of(spec.values_from.begin(), spec.values_from.end(),
                     [&](const model::ValuesReference& reference) {
                       return reference.name == config.name && reference.secret == secret;
                     });
}

}  // namespace

std::vector<WatchOptions> config_watches(const EngineOptions& options) {
  std::vector<WatchOptions> watches;
  for (const char* kind : {"ConfigMap", "Secret"})
    watches.push_back(
        {Gvk{"", "v1", kind}, options.watch_namespace, std::string(watch_config_selector), ""});
  return watches;
}

bool is_config_watch(std::string_view key) { return key.ends_with("/*config"); }

void observe_config(Context& ctx, std::string_view key, const Value& object, bool deleted) {
  const ObjectId id = ObjectId::of(object);
  std::string& known = ctx.state.configs[id];
  const std::string version =
      deleted ? "" : std::string(object.path("metadata", "resourceVersion").get_string());
  const auto watch = ctx.state.watches.find(std::string(key));
  const bool first_list = watch == ctx.state.watches.end() || !watch->second.synced;
  const bool changed = known != version && !first_list;
  known = version;
  if (deleted) ctx.state.configs.erase(id);
  if (!changed) return;
  for (auto& [owner, ks] : ctx.state.kustomizations) {
    if (ks.object.is_null() || owner.ns != id.ns || !takes_values_from(ks, id)) continue;
    request_kustomization(ctx, owner, ks, "config");
  }
  for (auto& [owner, hr] : ctx.state.helm_releases)
    if (hr.spec != nullptr && owner.ns == id.ns && uses(*hr.spec, id))
      request_helm_release(ctx, owner, hr, "config");
}

}  // namespace weir::reconcile
