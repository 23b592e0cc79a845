#include "tests/sim/workload.hh"

#include "engine/model/kinds/kustomization.hh"
#include "engine/reconcile/flows.hh"

namespace weir::sim {
namespace {

constexpr const char* owner_label = "kustomize.toolkit.fluxcd.io/name";
const Gvk config_map{"", "v1", "ConfigMap"};
const Gvk deployment{"apps", "v1", "Deployment"};

std::string config_yaml(const std::string& name, const std::string& text) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name +
         "\n  namespace: default\ndata:\n  key: \"" + text + "\"\n";
}

std::string deployment_yaml(const std::string& name, int replicas) {
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: " + name +
         "\n  namespace: default\nspec:\n  replicas: " + std::to_string(replicas) +
         "\n  selector:\n    matchLabels:\n      app: " + name +
         "\n  template:\n    metadata:\n      labels:\n        app: " + name +
         "\n    spec:\n      containers:\n      - name: main\n        image: example.com/app:1.0\n";
}

std::string space_yaml(const std::string& name) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: inner\n  namespace: space-" + name +
         "\ndata:\n  key: value\n---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: space-" +
         name + "\n";
}

}  // namespace

Workload::Workload(Random& random) : random_(random) {
  const std::uint64_t count = 1 + random_.below(5);
  for (std::uint64_t i = 0; i < count; ++i) {
    App app;
    app.config["cm-" + std::to_string(names_++)] = "first";
    if (random_.one_in(2)) app.replicas = 1 + static_cast<int>(random_.below(2));
    apps_["app-" + std::to_string(i)] = app;
  }
}

std::shared_ptr<base::MemoryFileTree> Workload::tree() const {
  auto tree = std::make_shared<base::MemoryFileTree>();
  for (const auto& [name, app] : apps_) {
    const std::string folder = "apps/" + name + "/";
    std::string resources;
    for (const auto& [config, text] : app.config) {
      tree->add(folder + config + ".yaml", config_yaml(config, text));
      resources += "- " + config + ".yaml\n";
    }
    if (app.replicas > 0) {
      tree->add(folder + "deployment.yaml", deployment_yaml(name, app.replicas));
      resources += "- deployment.yaml\n";
    }
    if (app.space) {
      tree->add(folder + "space.yaml", space_yaml(name));
      resources += "- space.yaml\n";
    }
    if (app.broken) resources += "- missing.yaml\n";
    tree->add(folder + "kustomization.yaml",
              resources.empty() ? "resources: []\n" : "resources:\n" + resources);
  }
  return tree;
}

void Workload::edit() {
  auto at = apps_.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(random_.below(apps_.size())));
  App& app = at->second;
  switch (random_.below(8)) {
    case 0: app.config["cm-" + std::to_string(names_++)] = "new"; break;
    case 1:
      if (!app.config.empty()) app.config.erase(app.config.begin());
      break;
    case 2:
      for (auto& [name, text] : app.config) text = "v" + std::to_string(random_.below(1000));
      break;
    case 3: app.replicas = static_cast<int>(random_.below(4)); break;
    case 4: app.broken = true; break;
    case 5: app.space = !app.space; break;
    case 6: static_cast<void>(move_config()); break;
    default: app.broken = false; break;
  }
}

void Workload::repair() {
  for (auto& [name, app] : apps_) app.broken = false;
}

std::string Workload::move_config() {
  const std::size_t count = apps_.size();
  auto from = apps_.begin(), to = apps_.begin();
  std::advance(from, static_cast<std::ptrdiff_t>(random_.below(count)));
  std::advance(to, static_cast<std::ptrdiff_t>(random_.below(count)));
  if (from == to || from->second.config.empty()) return {};
  const auto moved = from->second.config.extract(from->second.config.begin());
  to->second.config[moved.key()] = moved.mapped();
  return moved.key();
}

void Workload::toggle_suspend(reconcile::KubeApi& kube) {
  auto list = kube.list(model::kustomization_gvk, {});
  if (!list.ok() || list->items.empty()) return;
  const Value& chosen = list->items[random_.below(list->items.size())];
  const bool suspend = !chosen.path("spec", "suspend").get_bool();
  static_cast<void>(kube.patch(ObjectId::of(chosen), reconcile::PatchType::merge,
                               Value::object({{"spec", Value::object({{"suspend", suspend}})}}),
                               {}));
}

void Workload::resume_all(reconcile::KubeApi& kube) {
  auto list = kube.list(model::kustomization_gvk, {});
  if (!list.ok()) return;
  for (const Value& item : list->items)
    if (item.path("spec", "suspend").get_bool())
      static_cast<void>(kube.patch(ObjectId::of(item), reconcile::PatchType::merge,
                                   Value::object({{"spec", Value::object({{"suspend", false}})}}),
                                   {}));
}

void Workload::meddle(reconcile::KubeApi& kube) {
  auto list = kube.list(config_map, {{}, "default", owner_label, ""});
  if (!list.ok() || list->items.empty()) return;
  const Value& chosen = list->items[random_.below(list->items.size())];
  const ObjectId id = ObjectId::of(chosen);
  reconcile::WriteOptions options;
  options.field_manager = random_.one_in(2) ? "kubectl-edit" : "somebody";
  switch (random_.below(3)) {
    case 0: static_cast<void>(kube.remove(id, {})); break;
    case 1:
      static_cast<void>(kube.patch(id, reconcile::PatchType::merge,
                                   Value::object({{"data", Value::object({{"key", "meddled"}})}}),
                                   options));
      break;
    default:
      static_cast<void>(kube.patch(
          id, reconcile::PatchType::merge,
          Value::object(
              {{"metadata", Value::object({{"labels", Value::object({{"hand", "made"}})}})}}),
          options));
      break;
  }
}

std::vector<Value> Workload::kustomizations() const {
  std::vector<Value> out;
  // These applications lose all they have now and then; what holds a prune is tested elsewhere.
  const Value may_prune = Value::object({{reconcile::allow_prune_annotation, "always"}});
  std::string before;
  int index = 0;
  for (const auto& [name, app] : apps_) {
    Value spec = Value::object(
        {{"interval", "10m"},
         {"retryInterval", "30s"},
         {"prune", true},
         {"path", "./apps/" + name},
         {"sourceRef", Value::object({{"kind", "GitRepository"}, {"name", "repo"}})}});
    if (index % 2 == 1) spec.set("wait", true);
    if (index % 3 == 2) spec.set("dependsOn", Value::array({Value::object({{"name", before}})}));
    out.push_back(Value::object({{"apiVersion", "kustomize.toolkit.fluxcd.io/v1"},
                                 {"kind", "Kustomization"},
                                 {"metadata", Value::object({{"name", name},
                                                             {"namespace", "flux-system"},
                                                             {"annotations", may_prune}})},
                                 {"spec", std::move(spec)}}));
    before = name;
    ++index;
  }
  return out;
}

std::string compare(const Workload& workload, reconcile::KubeApi& kube) {
  std::map<std::string, std::string> want;
  std::map<std::string, int> want_deployments;
  for (const auto& [name, app] : workload.apps()) {
    want.insert(app.config.begin(), app.config.end());
    if (app.replicas > 0) want_deployments[name] = app.replicas;
  }
  std::string out;
  auto configs = kube.list(config_map, {{}, "default", owner_label, ""});
  if (!configs.ok()) return configs.error().message;
  for (const Value& item : configs->items) {
    const std::string name(item.path("metadata", "name").get_string());
    const auto found = want.find(name);
    if (found == want.end()) {
      out += "ConfigMap " + name + " is an orphan\n";
      continue;
    }
    if (item.path("data", "key").get_string() != found->second)
      out += "ConfigMap " + name + " has another value\n";
    want.erase(found);
  }
  for (const auto& [name, text] : want) out += "ConfigMap " + name + " is missing\n";
  auto deployments = kube.list(deployment, {{}, "default", owner_label, ""});
  if (!deployments.ok()) return deployments.error().message;
  for (const Value& item : deployments->items) {
    const std::string name(item.path("metadata", "name").get_string());
    const auto found = want_deployments.find(name);
    if (found == want_deployments.end()) {
      out += "Deployment " + name + " is an orphan\n";
      continue;
    }
    if (item.path("spec", "replicas").get_int() != found->second)
      out += "Deployment " + name + " has other replicas\n";
    want_deployments.erase(found);
  }
  for (const auto& [name, replicas] : want_deployments)
    out += "Deployment " + name + " is missing\n";
  for (const auto& [name, app] : workload.apps()) {
    const bool there = kube.get({config_map, "space-" + name, "inner"}).ok();
    if (there != app.space)
      out += "ConfigMap space-" + name + (there ? "/inner is an orphan\n" : "/inner is missing\n");
  }
  return out;
}

}  // namespace weir::sim
