#include "engine/reconcile/helm_cluster.hh"

#include <algorithm>
#include <random>

namespace weir::reconcile {

namespace {

// A version that is served without this kind has no such objects; one that is not served is an
// error, as Helm has it.
Result<Value> without_kind(KubeApi& kube, const Gvk& gvk, Error error) {
  if (error.code != Code::not_found) return error;
  WEIR_TRY(const auto resources, kube.resources());
  const auto is_served = [&](const ApiResource& one) {
    return one.gvk.group == gvk.group && one.gvk.version == gvk.version;
  };
  if (std::any_of(resources.begin(), resources.end(), is_served)) return Value::object();
  error.message = "unable to get apiresource from unstructured: " + gvk.api_version() +
                  ", Kind=" + gvk.kind + ": the server could not find the requested resource";
  return error;
}

}  // namespace

Result<helm::Capabilities> cluster_capabilities(KubeApi& kube, const std::string& version) {
  helm::Capabilities out = helm::Capabilities::defaults(helm::Compat::helm_4_2_4);
  WEIR_TRY(out.kube_version, helm::KubeVersion::parse(version));
  WEIR_TRY(const auto resources, kube.resources());
  out.api_versions.clear();
  for (const ApiResource& resource : resources) {
    const std::string group = resource.gvk.api_version();
    out.api_versions.push_back(group);
    out.api_versions.push_back(group + "/" + resource.gvk.kind);
  }
  std::sort(out.api_versions.begin(), out.api_versions.end());
  out.api_versions.erase(std::unique(out.api_versions.begin(), out.api_versions.end()),
                         out.api_versions.end());
  return out;
}

Result<Value> KubeLookup::lookup(std::string_view api_version, std::string_view kind,
                                 std::string_view ns, std::string_view name) {
  const Gvk gvk = Gvk::from(api_version, kind);
  auto resource = kube_.resolve(gvk);
  if (!resource.ok()) return without_kind(kube_, gvk, std::move(resource).error());
  const std::string space(resource->namespaced ? ns : std::string_view());
  if (!name.empty()) {
    auto object = kube_.get({gvk, space, std::string(name)}, as_);
    if (!object.ok() && object.error().code == Code::not_found) return Value::object();
    return object;
  }
  ListOptions options;
  options.as = as_;
  options.ns = space;
  auto list = kube_.list(gvk, options);
  if (!list.ok()) {
    if (list.error().code == Code::not_found) return Value::object();
    return std::move(list).error();
  }
  Value items = Value::array();
  for (Value& item : list->items) items.push_back(std::move(item));
  return Value::object({{"apiVersion", api_version},
                        {"kind", std::string(kind) + "List"},
                        {"metadata", Value::object({{"resourceVersion", list->resource_version}})},
                        {"items", std::move(items)}});
}

void SystemRandom::fill(std::span<std::uint8_t> bytes) {
  std::random_device device;
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(device());
}

}  // namespace weir::reconcile
