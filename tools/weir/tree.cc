// weir tree ks: the objects that a Kustomization has applied, with what its children have applied
// below. weir tree hr: those of a HelmRelease.
#include <algorithm>

#include "adapters/net/gunzip.hh"
#include "engine/base/digest.hh"
#include "engine/base/limits.hh"
#include "engine/model/inventory.hh"
#include "engine/model/kinds/helm_release.hh"
#include "engine/model/kinds/kustomization.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/connection.hh"
#include "tools/weir/flux_kinds.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

struct Node {
  ObjectId id;
  std::vector<Node> children;
};

struct Walk {
  const Connection& connection;
  bool compact = false;
  std::vector<ObjectId> ancestors;  // of the Kustomization being read; ends cycles
};

bool is_hidden(const Walk& walk, const ObjectId& id) {
  return walk.compact && id.gvk.group.find("toolkit.fluxcd.io") == std::string::npos;
}

// What the release's storage Secret says was installed. Errors: corrupt.
Result<std::vector<Value>> stored_manifests(const Value& secret, const ObjectId& release) {
  const std::string what = "failed to decode the Helm storage object for HelmRelease '" +
                           release.ns + "/" + release.name + "'";
  WEIR_TRY(std::string text, base::base64_decode(secret.path("data", "release").get_string()));
  WEIR_TRY(text, base::base64_decode(text));
  if (text.starts_with("\x1f\x8b\x08")) {
    std::string unpacked;
    net::Gunzip gunzip;
    auto fed = gunzip.feed(text, unpacked, base::limits::file_bytes_max);
    if (!fed.ok()) return std::move(fed).error().with_context(what);
    text = std::move(unpacked);
  }
  auto stored = value::parse_json(text);
  if (!stored.ok()) return std::move(stored).error().with_context(what);
  auto documents = value::parse_yaml_documents((*stored)["manifest"].get_string());
  if (!documents.ok()) return std::move(documents).error().with_context(what);
  std::vector<Value> objects;
  for (auto& document : *documents)
    if (!document.value["kind"].get_string().empty()) objects.push_back(std::move(document.value));
  return objects;
}

Result<void> add_release(Walk& walk, Node& node, const Value& release) {
  reconcile::KubeApi& kube = walk.connection.kube();
  const std::string ns(release.path("status", "storageNamespace").get_string());
  const Value& history = release.path("status", "history");
  if (release.path("spec", "kubeConfig").is_object() || ns.empty() || !history.is_array() ||
      history.empty())
    return {};
  const Value& latest = history.at(0);
  const std::string name = "sh.helm.release.v1." + std::string(latest["name"].get_string()) + ".v" +
                           std::to_string(latest["version"].get_int());
  const auto secret = kube.get({{"", "v1", "Secret"}, ns, name});
  if (!secret.ok() && secret.error().code == Code::not_found) return {};
  if (!secret.ok()) return secret.error();
  WEIR_TRY(const std::vector<Value> objects, stored_manifests(*secret, node.id));
  for (const Value& object : objects) {
    ObjectId id = ObjectId::of(object);
    const auto resource = kube.resolve(id.gvk);
    if (id.ns.empty() && resource.ok() && resource->namespaced)
      id.ns = std::string(latest["namespace"].get_string());
    if (!is_hidden(walk, id)) node.children.push_back({id, {}});
  }
  return {};
}

Result<void> add_inventory(Walk& walk, Node& node, const Value& kustomization);

Result<void> add_child(Walk& walk, Node& node) {
  const Gvk gvk = model::kustomization_gvk;
  auto child = walk.connection.kube().get({gvk, node.id.ns, node.id.name});
  if (!child.ok()) return std::move(child).error().with_context("failed to find object");
  return add_inventory(walk, node, *child);
}

Result<void> add_inventory(Walk& walk, Node& node, const Value& kustomization) {
  const auto seen = [&](const ObjectId& id) {
    return std::any_of(walk.ancestors.begin(), walk.ancestors.end(),
                       [&](const ObjectId& other) { return model::same_object(id, other); });
  };
  walk.ancestors.push_back(ObjectId::of(kustomization));
  WEIR_TRY(const auto ids, model::parse_inventory(kustomization.path("status", "inventory")));
  const bool remote = kustomization.path("spec", "kubeConfig").is_object();
  for (const ObjectId& id : ids) {
    if (is_hidden(walk, id) || model::same_object(id, walk.ancestors.back())) continue;
    Node child{id, {}};
    if (id.gvk.group == model::helm_release_gvk.group &&
        id.gvk.kind == model::helm_release_gvk.kind) {
      WEIR_TRY(const Value release, walk.connection.kube().get(
                                        {model::helm_release_gvk, child.id.ns, child.id.name}));
      WEIR_CHECK(add_release(walk, child, release));
    }
    if (id.gvk.group == model::kustomization_gvk.group && id.gvk.kind == "Kustomization" &&
        !remote && !seen(id))
      WEIR_CHECK(add_child(walk, child));
    node.children.push_back(std::move(child));
  }
  walk.ancestors.pop_back();
  return {};
}

void append_lines(std::string& out, const std::vector<Node>& nodes, const std::string& indent) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const bool last = i + 1 == nodes.size();
    out += indent + (last ? "└── " : "├── ") + nodes[i].id.subject() + "\n";
    append_lines(out, nodes[i].children, indent + (last ? "    " : "│   "));
  }
}

Value to_value(const Node& node) {
  Value resource = Value::object(
      {{"Namespace", node.id.ns},
       {"Name", node.id.name},
       {"GroupKind", Value::object({{"Group", node.id.gvk.group}, {"Kind", node.id.gvk.kind}})}});
  Value value = Value::object({{"resource", resource}});
  if (node.children.empty()) return value;
  Value children = Value::array();
  for (const Node& child : node.children) children.push_back(to_value(child));
  value.set("resources", children);
  return value;
}

// What differs between the owners that have a tree.
struct Owner {
  Gvk gvk;
  std::string_view usage, about, name_about;
  Result<void> (*add)(Walk& walk, Node& node, const Value& root);
};

std::string format(const Node& node, const std::string& output) {
  if (output == "json")
    return value::write_json(to_value(node),
                             {.sort_keys = false, .escape_html = true, .indent = 2});
  if (output == "yaml") return value::write_yaml(to_value(node));
  std::string out = node.id.subject() + "\n";
  append_lines(out, node.children, "");
  return out;
}

int run_tree_of(const Owner& owner, int argc, char** argv) {
  Connection connection;
  std::string name, output;
  bool compact = false;
  Args args(std::string(owner.usage), std::string(owner.about));
  connection.add_to(args);
  args.positional("name", name, std::string(owner.name_about));
  args.flag("--compact", compact, "Flux objects only.");
  args.choice("-o,--output", output, {"json", "yaml"}, "json or yaml instead of lines.");
  if (const auto code = args.parse(argc, argv)) return *code;
  auto opened = connection.open();
  if (!opened.ok()) return failed(opened.error());
  auto root = connection.kube().get({owner.gvk, connection.ns(), name});
  if (!root.ok()) return failed(root.error().message);
  Walk walk{connection, compact, {}};
  Node node{ObjectId::of(*root), {}};
  auto added = owner.add(walk, node, *root);
  if (!added.ok()) return failed(added.error().message);
  print(format(node, output) + "\n");
  return 0;
}

int tree_kustomization(int argc, char** argv) {
  return run_tree_of({model::kustomization_gvk, "tree kustomization",
                      "Prints the objects that a Kustomization has applied.",
                      "Name of the Kustomization.", add_inventory},
                     argc, argv);
}

int tree_release(int argc, char** argv) {
  return run_tree_of({model::helm_release_gvk, "tree helmrelease",
                      "Prints the objects of a HelmRelease's latest release, as its record in the "
                      "cluster has them; hooks are not among them.",
                      "Name of the HelmRelease.", add_release},
                     argc, argv);
}

}  // namespace

int run_tree(int argc, char** argv) {
  static const std::vector<Verb> verbs = {
      {"kustomization", "The objects that a Kustomization has applied.", tree_kustomization},
      {"ks", "The same.", tree_kustomization},
      {"kustomizations", "The same.", tree_kustomization},
      {"helmrelease", "The objects of a HelmRelease.", tree_release},
      {"hr", "The same.", tree_release},
      {"helmreleases", "The same.", tree_release}};
  return dispatch("tree", verbs, argc, argv);
}

}  // namespace weir::cli
