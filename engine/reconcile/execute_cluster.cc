// The cluster that an owner's objects go to: read from its Secret or ConfigMap with weir's own
// identity, each time anew, so that rotated credentials count at once (contract K12.2, K12.3).
#include <algorithm>

#include "engine/base/digest.hh"
#include "engine/reconcile/executor.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view https = "https://";

std::string quoted(const std::string& ns, const std::string& name) {
  return "'" + ns + "/" + name + "'";
}

Result<std::string> find_kubeconfig(const Value& secret, const std::string& named,
                                    const std::string& what, std::string& key) {
  const Value& data = secret["data"];
  std::vector<std::string> keys = {named};
  if (named.empty()) keys = {"value", "value.yaml"};
  for (const std::string& candidate : keys) {
    const Value& value = data[candidate];
    if (!value.is_string()) continue;
    key = candidate;
    auto text = base::base64_decode(value.as_string());
    if (text.ok() && !text->empty()) return text;
    return make_error(Code::invalid, what + " has no kubeconfig under key '" + key + "'");
  }
  if (!named.empty())
    return make_error(Code::invalid,
                      what + " does not contain a '" + named + "' key with a kubeconfig");
  return make_error(Code::invalid,
                    what + " does not contain a 'value' nor 'value.yaml' key with a kubeconfig");
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    line.erase(std::remove_if(line.begin(), line.end(),
                              [](char c) { return c == ' ' || c == '\r' || c == '\t'; }),
               line.end());
    if (!line.empty()) out.push_back(std::move(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// "https://host" -> "https://host:443"; the path, if any, stays. Error: invalid.
Result<std::string> checked_address(std::string address, const std::string& what) {
  if (address.empty())
    return make_error(Code::invalid, what + ": address: it is required for provider 'generic'");
  if (!address.starts_with(https))
    return make_error(Code::invalid, what + ": address: must start with https://");
  const std::size_t slash = std::min(address.find('/', https.size()), address.size());
  const std::string_view authority =
      std::string_view(address).substr(https.size(), slash - https.size());
  const std::size_t bracket = authority.rfind(']');
  const std::size_t from = bracket == std::string_view::npos ? 0 : bracket;
  if (authority.find(':', from) == std::string_view::npos) address.insert(slash, ":443");
  return address;
}

Result<ClusterDescription> describe(const Value& config, const std::string& ns,
                                    const std::string& what) {
  const Value& data = config["data"];
  const std::string provider(data["provider"].get_string());
  if (provider == "aws" || provider == "azure" || provider == "gcp")
    return make_error(Code::unsupported, what + ": provider '" + provider +
                                             "' is not supported by this version of weir: use "
                                             "'generic', or a Secret with a kubeconfig");
  if (provider != "generic")
    return make_error(Code::invalid,
                      what + ": provider: must be one of aws, azure, gcp, generic, not '" +
                          provider + "'");
  ClusterDescription out;
  out.where = what;
  WEIR_TRY(out.server, checked_address(std::string(data["address"].get_string()), what));
  out.ca_pem = data["ca.crt"].get_string();
  out.account.audiences = split_lines(data["audiences"].get_string());
  if (out.account.audiences.empty()) out.account.audiences = {out.server};
  out.account.name = data["serviceAccountName"].get_string();
  out.account.ns = ns;
  return out;
}

}  // namespace

Result<KubeApiPtr> Executor::connect(const ObjectId& owner,
                                     const std::optional<model::KubeConfigReference>& to) {
  if (!to) return KubeApiPtr();
  if (ports_.clusters == nullptr)
    return make_error(Code::unsupported, "spec.kubeConfig: other clusters cannot be reached here");
  const bool secret = !to->secret.empty();
  const bool for_release = owner.gvk.kind == "HelmRelease";  // Flux's controllers say it each so
  const ObjectId id{{"", "v1", secret ? "Secret" : "ConfigMap"}, owner.ns, to->name()};
  const std::string what =
      std::string(secret ? "KubeConfig secret " : "KubeConfig ConfigMap ") + quoted(id.ns, id.name);
  auto object = ports_.kube->get(id);
  if (!object.ok())
    return std::move(object).error().with_context(
        (secret && for_release ? "could not get " : "unable to read ") + what);
  if (!secret) {
    WEIR_TRY(const ClusterDescription cluster, describe(*object, owner.ns, what));
    return ports_.clusters->connect(cluster);
  }
  ClusterDescription cluster;
  std::string key;
  auto kubeconfig = find_kubeconfig(*object, to->key, what, key);
  if (!kubeconfig.ok() && for_release && key.empty()) {
    const std::string keys = to->key.empty() ? "'value' or 'value.yaml'" : "'" + to->key + "'";
    return make_error(Code::invalid, what + " does not contain a " + keys + " key with data");
  }
  WEIR_TRY(cluster.kubeconfig, std::move(kubeconfig));
  cluster.where = what + ", key '" + key + "'";
  return ports_.clusters->connect(cluster);
}

OutcomeBody Executor::run(const ObjectId& owner, const ReachCluster& reach) {
  auto cluster = connect(owner, reach.to);
  if (!cluster.ok()) {
    const Error& error = cluster.error();
    const bool refused = error.code == Code::unsupported;
    return StepError{error.code, refused ? "UnsupportedField" : "ReconciliationFailed",
                     "failed to build kube client: " + error.message, refused};
  }
  auto version = (*cluster)->server_version();
  if (version.ok()) return ClusterReached{*std::move(cluster)};
  // That a cluster has no such address is no reason to think that nothing is there.
  const bool nothing = version.error().code == Code::not_found;
  const Code code = nothing ? Code::unavailable : version.error().code;
  return StepError{code, "ReconciliationFailed",
                   "failed to build kube client: " + version.error().message, false};
}

}  // namespace weir::reconcile
