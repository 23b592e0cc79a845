#include "engine/helm/capabilities.hh"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>

#include "engine/base/limits.hh"
#include "engine/helm/text.hh"
#include "engine/template/format.hh"

namespace weir::helm {

namespace {

// An API version that client-go's scheme knows, and in which of the two releases: 0.35 behind Helm
// 4.1, 0.36 behind Helm 4.2.
struct KnownVersion {
  std::string_view name;
  bool in_4_1 = true;
  bool in_4_2 = true;
};

constexpr KnownVersion known_versions[] = {
    {"v1"},
    {"admissionregistration.k8s.io/v1"},
    {"admissionregistration.k8s.io/v1alpha1"},
    {"admissionregistration.k8s.io/v1beta1"},
    {"internal.apiserver.k8s.io/v1alpha1"},
    {"apps/v1"},
    {"apps/v1beta1"},
    {"apps/v1beta2"},
    {"authentication.k8s.io/v1"},
    {"authentication.k8s.io/v1alpha1"},
    {"authentication.k8s.io/v1beta1"},
    {"authorization.k8s.io/v1"},
    {"authorization.k8s.io/v1beta1"},
    {"autoscaling/v1"},
    {"autoscaling/v2"},
    {"autoscaling/v2beta1", true, false},
    {"autoscaling/v2beta2", true, false},
    {"batch/v1"},
    {"batch/v1beta1"},
    {"certificates.k8s.io/v1"},
    {"certificates.k8s.io/v1beta1"},
    {"certificates.k8s.io/v1alpha1"},
    {"coordination.k8s.io/v1alpha2"},
    {"coordination.k8s.io/v1beta1"},
    {"coordination.k8s.io/v1"},
    {"discovery.k8s.io/v1"},
    {"discovery.k8s.io/v1beta1"},
    {"events.k8s.io/v1"},
    {"events.k8s.io/v1beta1"},
    {"extensions/v1beta1"},
    {"flowcontrol.apiserver.k8s.io/v1"},
    {"flowcontrol.apiserver.k8s.io/v1beta1"},
    {"flowcontrol.apiserver.k8s.io/v1beta2"},
    {"flowcontrol.apiserver.k8s.io/v1beta3"},
    {"networking.k8s.io/v1"},
    {"networking.k8s.io/v1beta1"},
    {"node.k8s.io/v1"},
    {"node.k8s.io/v1alpha1"},
    {"node.k8s.io/v1beta1"},
    {"policy/v1"},
    {"policy/v1beta1"},
    {"rbac.authorization.k8s.io/v1"},
    {"rbac.authorization.k8s.io/v1beta1"},
    {"rbac.authorization.k8s.io/v1alpha1"},
    {"resource.k8s.io/v1"},
    {"resource.k8s.io/v1beta2"},
    {"resource.k8s.io/v1beta1"},
    {"resource.k8s.io/v1alpha3"},
    {"scheduling.k8s.io/v1alpha1", true, false},
    {"scheduling.k8s.io/v1alpha2", false, true},
    {"scheduling.k8s.io/v1beta1"},
    {"scheduling.k8s.io/v1"},
    {"storage.k8s.io/v1beta1"},
    {"storage.k8s.io/v1"},
    {"storage.k8s.io/v1alpha1"},
    {"storagemigration.k8s.io/v1beta1"},
    {"apiextensions.k8s.io/v1beta1"},
    {"apiextensions.k8s.io/v1"},
};

// The dotted numbers at the front, behind blanks and a 'v'; empty when there are none.
std::string_view leading_numbers(std::string_view text) {
  text = trim_space_left(text);
  if (text.starts_with('v')) text.remove_prefix(1);
  std::size_t end = text.find_first_not_of("0123456789.");
  if (end == std::string_view::npos) end = text.size();
  if (text.starts_with('.')) return {};
  // A dot belongs to the numbers only between two digits.
  end = std::min(end, text.find(".."));
  while (end > 0 && text[end - 1] == '.') --end;
  return text.substr(0, end);
}

}  // namespace

Result<KubeVersion> KubeVersion::parse(std::string_view text) {
  const std::string_view numbers = leading_numbers(text);
  if (numbers.empty())
    return make_error(Code::invalid, "could not parse " + tmpl::quoted(text) + " as version");
  const auto parts = split(numbers, '.');
  if (parts.size() < 2 || numbers.size() > base::limits::version_bytes_max)
    return make_error(Code::invalid, "illegal version string " + tmpl::quoted(text));
  if (parts[0].size() > 1 && parts[0].front() == '0')
    return make_error(Code::invalid, "illegal zero-prefixed version component " +
                                         tmpl::quoted(parts[0]) + " in " + tmpl::quoted(text));
  KubeVersion out;
  out.normalized = "v";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(parts[i].data(), parts[i].data() + parts[i].size(), number);
    if (parsed.ec != std::errc())
      return make_error(Code::invalid, "illegal non-numeric version component " +
                                           tmpl::quoted(parts[i]) + " in " + tmpl::quoted(text));
    if (i > 0) out.normalized += '.';
    out.normalized += std::to_string(number);
    if (i == 0) out.major = std::to_string(number);
    if (i == 1) out.minor = std::to_string(number);
  }
  out.version = text.starts_with('v') ? std::string(text) : "v" + std::string(text);
  return out;
}

Capabilities Capabilities::defaults(Compat compat) {
  const bool old = compat == Compat::helm_4_1;
  Capabilities out;
  out.kube_version = old ? KubeVersion{"v1.35.0", "v1.35.0", "1", "35"}
                         : KubeVersion{"v1.36.0", "v1.36.0", "1", "36"};
  out.helm_version = old ? HelmVersion{"v4.1.4", "05fa37973dc9e42b76e1d2883494c87174b6074f",
                                       "clean", "go1.25.9", "v1.35"}
                         : HelmVersion{"v4.2", "", "", "go1.26.8", "v1.36"};
  out.api_versions.reserve(std::size(known_versions));
  for (const KnownVersion& known : known_versions)
    if (old ? known.in_4_1 : known.in_4_2) out.api_versions.emplace_back(known.name);
  return out;
}

}  // namespace weir::helm
