// Who may do what (RBAC), the addresses Services get, and the objects a fresh cluster starts with.
#include <algorithm>

#include "api/kube/core.hh"

namespace weir::api::kube {

namespace {

constexpr std::string_view rbac = "rbac.authorization.k8s.io";

std::string_view verb_word(const Call& call) {
  switch (call.verb) {
    case Verb::get: return "get";
    case Verb::list: return "list";
    case Verb::watch: return "watch";
    case Verb::create: return "create";
    case Verb::update: return "update";
    case Verb::patch: return "patch";
    case Verb::remove: return "delete";
    case Verb::remove_collection: return "deletecollection";
  }
  return "";
}

bool lists(const Value& list, std::string_view wanted) {
  for (const Value& item : list.items()) {
    if (item.get_string() == "*" || item.get_string() == wanted) return true;
  }
  return false;
}

struct Wanted {
  std::string_view verb, group, resource, name;
};

bool rule_allows(const Value& rule, const Wanted& wanted) {
  if (!lists(rule["verbs"], wanted.verb) || !lists(rule["apiGroups"], wanted.group)) return false;
  if (!lists(rule["resources"], wanted.resource)) {
    const std::size_t slash = wanted.resource.find('/');
    if (slash == std::string_view::npos ||
        !lists(rule["resources"], "*" + std::string(wanted.resource.substr(slash)))) {
      return false;
    }
  }
  const Value& names = rule["resourceNames"];
  return names.empty() || lists(names, wanted.name);
}

bool is_master(const User& user) {
  return std::find(user.groups.begin(), user.groups.end(), "system:masters") != user.groups.end();
}

bool is_subject(const Value& subject, const User& user, std::string_view binding_ns) {
  const std::string_view kind = subject["kind"].get_string();
  const std::string_view name = subject["name"].get_string();
  if (kind == "User") return name == user.name;
  if (kind == "Group") {
    return std::find(user.groups.begin(), user.groups.end(), name) != user.groups.end();
  }
  const std::string_view ns = subject["namespace"].get_string(binding_ns);
  return user.name == "system:serviceaccount:" + std::string(ns) + ":" + std::string(name);
}

}  // namespace

bool Core::visit_rules(const User& user, std::string_view ns,
                       const std::function<bool(const Value& rule)>& take) const {
  const auto visit = [&](const Value& binding, const std::string& binding_ns) {
    const auto subjects = binding["subjects"].items();
    if (std::none_of(subjects.begin(), subjects.end(),
                     [&](const Value& subject) { return is_subject(subject, user, binding_ns); })) {
      return false;
    }
    const Value& reference = binding["roleRef"];
    const bool cluster = reference["kind"].get_string() == "ClusterRole";
    const Value* role =
        storage.find({(cluster ? "clusterroles." : "roles.") + std::string(rbac),
                      cluster ? "" : binding_ns, std::string(reference["name"].get_string())});
    if (role == nullptr) return false;
    const auto rules = (*role)["rules"].items();
    return std::any_of(rules.begin(), rules.end(), take);
  };
  for (const auto& [key, binding] : storage.all("clusterrolebindings." + std::string(rbac))) {
    if (visit(binding, "")) return true;
  }
  for (const auto& [key, binding] : storage.all("rolebindings." + std::string(rbac))) {
    if (!ns.empty() && key.first == ns && visit(binding, key.first)) return true;
  }
  return false;
}

bool Core::may_reach(const User& user, std::string_view verb, std::string_view path) const {
  if (is_master(user)) return true;
  return visit_rules(user, "", [&](const Value& rule) {
    if (!lists(rule["verbs"], verb)) return false;
    const auto urls = rule["nonResourceURLs"].items();
    return std::any_of(urls.begin(), urls.end(), [&](const Value& url) {
      std::string_view text = url.get_string();
      if (!text.ends_with('*')) return text == path;
      text.remove_suffix(1);
      return path.starts_with(text);
    });
  });
}

Result<void> Core::authorize_named(const User& user, std::string_view verb, std::string_view group,
                                   std::string_view resource, std::string_view subresource,
                                   std::string_view ns, std::string_view name) const {
  if (is_master(user)) return {};
  std::string full(resource);
  if (!subresource.empty()) full += "/" + std::string(subresource);
  const Wanted wanted{verb, group, full, name};
  if (visit_rules(user, ns, [&](const Value& rule) { return rule_allows(rule, wanted); }))
    return {};
  const std::string target =
      std::string(resource) + (group.empty() ? "" : "." + std::string(group));
  std::string text = target + (name.empty() ? "" : " \"" + std::string(name) + "\"") +
                     " is forbidden: User \"" + user.name + "\" cannot " + std::string(verb) +
                     " resource \"" + full + "\" in API group \"" + std::string(group) + "\"";
  text += ns.empty() ? " at the cluster scope" : " in the namespace \"" + std::string(ns) + "\"";
  return make_error(Code::forbidden, std::move(text), "Forbidden");
}

Result<void> Core::authorize(const Call& call) const {
  if (call.kind == nullptr) return {};
  // Everybody may ask what they may do.
  if (call.kind->gvk.kind.starts_with("SelfSubject")) return {};
  return authorize_named(call.user, verb_word(call), call.kind->gvk.group, call.kind->plural,
                         call.subresource, call.ns, call.verb == Verb::create ? "" : call.name);
}

void Core::assign_addresses(const Value& live, Value& service) {
  Value& spec = service.entry("spec");
  if (!spec.is_object() || spec["type"].get_string() == "ExternalName") return;
  const Value& was = live["spec"];
  for (const char* field : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}) {
    if (!spec.contains(field) && was.contains(field)) spec.set(field, was[field]);
  }
  std::set<std::string> used;
  std::set<std::int64_t> ports;
  for (const auto& [key, other] : storage.all("services")) {
    used.emplace(other["spec"]["clusterIP"].get_string());
    for (const Value& port : other["spec"]["ports"].items())
      ports.insert(port["nodePort"].get_int());
  }
  if (spec["clusterIP"].get_string().empty()) {
    std::string address;
    do {
      const auto number = random_() % 65'000 + 256;
      address = "10.96." + std::to_string(number / 256) + "." + std::to_string(number % 256);
    } while (used.contains(address));
    spec.set("clusterIP", address);
  }
  if (!spec.contains("clusterIPs")) spec.set("clusterIPs", Value::array({spec["clusterIP"]}));
  if (!spec.contains("ipFamilies")) spec.set("ipFamilies", Value::array({"IPv4"}));
  if (!spec.contains("ipFamilyPolicy")) spec.set("ipFamilyPolicy", "SingleStack");
  const std::string_view type = spec["type"].get_string();
  if (type != "NodePort" && type != "LoadBalancer") return;
  Value& list = spec.entry("ports");
  for (std::size_t i = 0; i < list.size(); ++i) {
    Value& port = list.item_mut(i);
    if (port["nodePort"].get_int() != 0) continue;
    for (const Value& old : was["ports"].items()) {
      if (old["port"] == port["port"] && old["protocol"] == port["protocol"])
        port.set("nodePort", old["nodePort"]);
    }
    if (port["nodePort"].get_int() != 0) continue;
    std::int64_t number = 0;
    do {
      number = 30'000 + static_cast<std::int64_t>(random_() % 2'768);
    } while (ports.contains(number));
    port.set("nodePort", number);
    ports.insert(number);
  }
}

namespace {

Value named(std::string_view api_version, std::string_view kind, std::string_view name,
            std::string_view ns = {}) {
  Value metadata = Value::object({{"name", name}});
  if (!ns.empty()) metadata.set("namespace", ns);
  return Value::object(
      {{"apiVersion", api_version}, {"kind", kind}, {"metadata", std::move(metadata)}});
}

Value texts(std::initializer_list<std::string_view> list) {
  Value out = Value::array();
  for (const std::string_view text : list) out.push_back(Value(text));
  return out;
}

Value rule(Value groups, Value resources, Value verbs) {
  return Value::object({{"apiGroups", std::move(groups)},
                        {"resources", std::move(resources)},
                        {"verbs", std::move(verbs)}});
}

Value cluster_role(std::string_view name, Value rules) {
  Value role = named("rbac.authorization.k8s.io/v1", "ClusterRole", name);
  role.set("rules", std::move(rules));
  return role;
}

std::vector<Value> first_objects() {
  std::vector<Value> objects;
  for (const char* ns : {"default", "kube-node-lease", "kube-public", "kube-system"}) {
    objects.push_back(named("v1", "Namespace", ns));
  }
  const Value every = texts({"*"});
  Value admin_rules = Value::array({rule(every, every, every)});
  admin_rules.push_back(Value::object({{"nonResourceURLs", every}, {"verbs", every}}));
  objects.push_back(cluster_role("cluster-admin", std::move(admin_rules)));
  const Value groups = texts(
      {"", "apps", "batch", "autoscaling", "networking.k8s.io", "policy", "discovery.k8s.io"});
  objects.push_back(cluster_role(
      "admin",
      Value::array({rule(groups, every, every), rule(texts({"rbac.authorization.k8s.io"}),
                                                     texts({"roles", "rolebindings"}), every)})));
  objects.push_back(cluster_role("edit", Value::array({rule(groups, every, every)})));
  objects.push_back(
      cluster_role("view", Value::array({rule(groups, every, texts({"get", "list", "watch"}))})));
  Value binding = named("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "cluster-admin");
  binding.set("roleRef", Value::object({{"apiGroup", "rbac.authorization.k8s.io"},
                                        {"kind", "ClusterRole"},
                                        {"name", "cluster-admin"}}));
  binding.set("subjects", Value::array({Value::object({{"apiGroup", "rbac.authorization.k8s.io"},
                                                       {"kind", "Group"},
                                                       {"name", "system:masters"}})}));
  objects.push_back(std::move(binding));
  Value service = named("v1", "Service", "kubernetes", "default");
  service.set(
      "spec",
      Value::object({{"clusterIP", "10.96.0.1"},
                     {"ports", Value::array({Value::object(
                                   {{"name", "https"}, {"port", 443}, {"targetPort", 6443}})})}}));
  objects.push_back(std::move(service));
  Value node = named("v1", "Node", "weir-node");
  node.entry("metadata")
      .set("labels", Value::object({{"kubernetes.io/arch", "amd64"},
                                    {"kubernetes.io/hostname", "weir-node"},
                                    {"kubernetes.io/os", "linux"}}));
  objects.push_back(std::move(node));
  Value storage_class = named("storage.k8s.io/v1", "StorageClass", "standard");
  storage_class.entry("metadata")
      .set("annotations", Value::object({{"storageclass.kubernetes.io/is-default-class", "true"}}));
  storage_class.set("provisioner", "weir.dev/simulated");
  objects.push_back(std::move(storage_class));
  return objects;
}

Value node_status(const std::string& now) {
  const Value size = Value::object({{"cpu", "64"}, {"memory", "256Gi"}, {"pods", "11000"}});
  const auto condition = [&](std::string_view type, std::string_view status,
                             std::string_view reason, std::string_view message) {
    return Value::object({{"type", type},
                          {"status", status},
                          {"reason", reason},
                          {"message", message},
                          {"lastHeartbeatTime", now},
                          {"lastTransitionTime", now}});
  };
  return Value::object(
      {{"allocatable", size},
       {"capacity", size},
       {"addresses",
        Value::array({Value::object({{"address", "127.0.0.1"}, {"type", "InternalIP"}}),
                      Value::object({{"address", "weir-node"}, {"type", "Hostname"}})})},
       {"conditions",
        Value::array({condition("MemoryPressure", "False", "KubeletHasSufficientMemory",
                                "kubelet has sufficient memory available"),
                      condition("DiskPressure", "False", "KubeletHasNoDiskPressure",
                                "kubelet has no disk pressure"),
                      condition("Ready", "True", "KubeletReady",
                                "the simulated kubelet is posting ready status")})},
       {"nodeInfo", Value::object({{"architecture", "amd64"},
                                   {"bootID", ""},
                                   {"containerRuntimeVersion", "weir"},
                                   {"kernelVersion", ""},
                                   {"kubeProxyVersion", ""},
                                   {"machineID", ""},
                                   {"kubeletVersion", model::schema_version()},
                                   {"operatingSystem", "linux"},
                                   {"osImage", "simulated"},
                                   {"systemUUID", ""}})}});
}

}  // namespace

Result<void> Core::bootstrap() {
  if (storage.revision() != 0) return {};
  for (const Value& object : first_objects()) {
    const Kind kind = registry.find(Gvk::of(object));
    WEIR_ASSERT(kind != nullptr);
    Call call = internal(Verb::create, kind,
                         {"", std::string(object["metadata"]["namespace"].get_string()), ""});
    call.field_manager = "kube-apiserver";
    call.body = object;
    WEIR_CHECK(create(call));
  }
  const Kind nodes = registry.find("", "v1", "nodes");
  Call call = internal(Verb::update, nodes, {"nodes", "", "weir-node"});
  call.subresource = "status";
  call.body = *storage.find({"nodes", "", "weir-node"});
  call.body.set("status", node_status(now_text()));
  WEIR_CHECK(update(call));
  return {};
}

}  // namespace weir::api::kube
