// Kustomization (kustomize.toolkit.fluxcd.io/v1): its declaration and its spec, decoded.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/duration.hh"
#include "engine/base/result.hh"
#include "engine/model/kinds/field.hh"
#include "engine/model/kinds/kube_config.hh"
#include "engine/value/value.hh"

namespace weir::model {

struct DependencyReference {
  std::string ns, name;    // ns filled in
  std::string ready_expr;  // CEL; "" = the built-in check
};

struct SubstituteReference {
  bool secret = false;  // else a ConfigMap
  std::string name;
  bool optional = false;
};

struct HealthCheckExpr {
  std::string group, kind;  // kind "" = the whole group
  std::string current, in_progress, failed;
};

enum class DeletionPolicy : unsigned char { mirror_prune, remove, wait_for_termination, orphan };

struct KustomizationSpec {
  base::Duration interval{};        // default 10m
  base::Duration retry_interval{};  // default: interval
  base::Duration timeout{};         // effective: given, else interval-30s, never under 30s
  bool prune = false, wait = false, force = false, suspend = false;
  bool validate_client = false;  // spec.validation: client|server: dry-run of everything first
  std::string path;
  ObjectId source;  // version empty; name "" when spec.sourceRef is absent
  std::string target_namespace;
  std::string service_account;
  std::optional<KubeConfigReference> kube_config;  // nothing: the cluster that weir runs against
  DeletionPolicy deletion_policy = DeletionPolicy::mirror_prune;
  std::vector<DependencyReference> depends_on;
  std::vector<ObjectId> health_checks;
  std::vector<HealthCheckExpr> health_check_exprs;
  Value common_labels, common_annotations;  // objects or null
  Value ignore;                             // array of {paths, target} or null
  bool has_post_build = false;
  bool substitute_always = false;
  std::vector<std::pair<std::string, std::string>> substitute;
  std::vector<SubstituteReference> substitute_from;
  std::string unsupported;  // as in GitRepositorySpec
};

inline const Gvk kustomization_gvk{"kustomize.toolkit.fluxcd.io", "v1", "Kustomization"};
const KindDeclaration& kustomization_declaration();

// From the whole object. Error: invalid, naming the field.
Result<KustomizationSpec> decode_kustomization(const Value& object);

}  // namespace weir::model
