#include "tests/sim/releases.hh"

#include "engine/helm/release.hh"
#include "engine/model/kinds/helm_release.hh"
#include "engine/reconcile/status.hh"

namespace weir::sim {
namespace {

const Gvk config_map{"", "v1", "ConfigMap"};
const Gvk secret{"", "v1", "Secret"};

ObjectId settings_of(const std::string& name) {
  return {config_map, "default", name + "-settings"};
}

Value values_of(const std::string& message, bool broken) {
  Value values = Value::object({{"message", message}});
  // A key that no ConfigMap may have: the API refuses the object.
  values.set("key", broken ? "not a key" : "key");
  return values;
}

}  // namespace

Releases::Releases(std::uint64_t seed, bool on) : random_(seed ^ 0x5eedull) {
  if (!on) return;
  for (std::uint64_t i = 1 + random_.below(3); i > 0; --i)
    values_["release-" + std::to_string(i)] = {"first", false};
}

void Releases::add_to(base::MemoryFileTree& tree) const {
  if (!any()) return;
  tree.add("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n");
  tree.add("chart/values.yaml", "message: hello\nkey: key\n");
  tree.add("chart/templates/settings.yaml",
           "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}-settings'}\n"
           "data:\n  message: {{ .Values.message | quote }}\n  chart: 'c" +
               std::to_string(chart_) + "'\n");
  tree.add("chart/templates/other.yaml",
           "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}-other'}\n"
           "data: {{ dict .Values.key .Values.message | toJson }}\n");
  tree.add("chart/templates/hook.yaml",
           "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: '{{ .Release.Name }}-hook'\n"
           "  annotations: {helm.sh/hook: 'pre-install,post-upgrade'}\n");
}

std::vector<Value> Releases::objects() const {
  std::vector<Value> out;
  const Value forever = Value::object({{"remediation", Value::object({{"retries", -1}})}});
  for (const auto& [name, wanted] : values_) {
    const Value source = Value::object({{"kind", "GitRepository"}, {"name", "repo"}});
    const Value chart = Value::object(
        {{"chart", "./chart"}, {"reconcileStrategy", "Revision"}, {"sourceRef", source}});
    const Value spec = Value::object({{"interval", "10m"},
                                      {"targetNamespace", "default"},
                                      {"releaseName", name},
                                      {"install", forever},
                                      {"upgrade", forever},
                                      {"driftDetection", Value::object({{"mode", "enabled"}})},
                                      {"chart", Value::object({{"spec", chart}})},
                                      {"values", values_of(wanted.message, wanted.broken)}});
    out.push_back(Value::object(
        {{"apiVersion", model::helm_release_gvk.api_version()},
         {"kind", model::helm_release_gvk.kind},
         {"metadata", Value::object({{"name", name}, {"namespace", "flux-system"}})},
         {"spec", spec}}));
  }
  return out;
}

void Releases::write_values(reconcile::KubeApi& kube, const std::string& name) const {
  const Wanted& wanted = values_.at(name);
  const Value spec = Value::object({{"values", values_of(wanted.message, wanted.broken)}});
  static_cast<void>(kube.patch({model::helm_release_gvk, "flux-system", name},
                               reconcile::PatchType::merge, Value::object({{"spec", spec}}), {}));
}

bool Releases::edit(reconcile::KubeApi& kube) {
  auto at = values_.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(random_.below(values_.size())));
  switch (random_.below(4)) {
    case 0: ++chart_; return true;
    case 1: at->second.broken = !at->second.broken; break;
    default: at->second.message = "m" + std::to_string(random_.below(1000)); break;
  }
  write_values(kube, at->first);
  return false;
}

void Releases::meddle(reconcile::KubeApi& kube) {
  auto at = values_.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(random_.below(values_.size())));
  const ObjectId id = settings_of(at->first);
  if (random_.one_in(2)) {
    static_cast<void>(kube.remove(id, {}));
    return;
  }
  const Value data = Value::object({{"message", "meddled"}});
  static_cast<void>(
      kube.patch(id, reconcile::PatchType::merge, Value::object({{"data", data}}), {}));
}

void Releases::repair(reconcile::KubeApi& kube) {
  for (auto& [name, wanted] : values_) {
    wanted.broken = false;
    write_values(kube, name);
  }
}

std::string Releases::compare_one(reconcile::KubeApi& kube, const std::string& name) const {
  auto object = kube.get({model::helm_release_gvk, "flux-system", name});
  if (!object.ok()) return name + ": " + object.error().message + "\n";
  const Value& status = (*object)["status"];
  if (!reconcile::is_ready(status))
    return name + " is not ready: " +
           std::string(reconcile::condition_text(status, "Ready", "message")) + "\n";
  if (status["observedGeneration"].get_int(-1) != object->path("metadata", "generation").get_int())
    return name + " has not seen its spec\n";
  auto live = kube.get(settings_of(name));
  if (!live.ok()) return name + "-settings is missing\n";
  const Value& data = (*live)["data"];
  if (data["message"].get_string() != values_.at(name).message ||
      data["chart"].get_string() != "c" + std::to_string(chart_))
    return name + "-settings is of another release\n";
  return {};
}

std::string Releases::compare(reconcile::KubeApi& kube) const {
  std::string out;
  for (const auto& [name, wanted] : values_) out += compare_one(kube, name);
  std::map<std::string, int> deployed;
  std::map<std::string, std::pair<int, std::string>> newest;  // version and status
  auto records = kube.list(secret, {{}, "flux-system", "owner=helm", ""});
  if (!records.ok()) return records.error().message;
  for (const Value& item : records->items) {
    auto release = helm::read_release_secret(item);
    if (!release.ok()) return "a record that cannot be read: " + release.error().message;
    if (release->status == "deployed") ++deployed[release->name];
    // An uninstall that was broken off stays in the history, as Helm leaves it; what locks a
    // release is its last record.
    if (release->pending())
      out += release->name + ".v" + std::to_string(release->version) + " is " + release->status +
             "\n";
    auto& last = newest[release->name];
    last = std::max(last, {release->version, release->status});
  }
  for (const auto& [name, last] : newest)
    if (last.second == "uninstalling") out += name + " is left uninstalling\n";
  for (const auto& [name, wanted] : values_)
    if (deployed[name] != 1)
      out += name + " is deployed " + std::to_string(deployed[name]) + " times\n";
  return out;
}

}  // namespace weir::sim
