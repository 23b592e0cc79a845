// Discovery in its three forms, /version, and OpenAPI documents small enough to be honest: what
// kubectl looks up in them (does a kind's PATCH take fieldValidation?) and no schemas.
#include <algorithm>

#include "api/kube/http.hh"
#include "engine/base/digest.hh"
#include "engine/value/json.hh"

namespace weir::api::kube {

namespace {

Value texts(const std::vector<std::string>& list) {
  Value out = Value::array();
  for (const std::string& text : list) out.push_back(Value(text));
  return out;
}

bool served(const Subresource& sub) {
  static const std::set<std::string_view> names = {"status", "scale", "token", "finalize",
                                                   "eviction"};
  return names.contains(sub.name);
}

Value version_info() {
  const std::string version(model::schema_version());
  const std::size_t dot = version.find('.');
  const std::string minor = version.substr(dot + 1, version.find('.', dot + 1) - dot - 1);
  return Value::object({{"major", version.substr(1, dot - 1)},
                        {"minor", minor},
                        {"gitVersion", version},
                        {"gitCommit", ""},
                        {"gitTreeState", "clean"},
                        {"buildDate", "1970-01-01T00:00:00Z"},
                        {"goVersion", ""},
                        {"compiler", "g++"},
                        {"platform", "linux/amd64"}});
}

Value api_resource_list(const Core& core, const std::string& group, const std::string& version) {
  Value resources = Value::array();
  for (const Kind& kind : core.registry.all()) {
    if (kind->gvk.group != group || kind->gvk.version != version) continue;
    Value entry = Value::object({{"name", kind->plural},
                                 {"singularName", kind->singular},
                                 {"namespaced", kind->namespaced},
                                 {"kind", kind->gvk.kind},
                                 {"verbs", texts(kind->verbs)}});
    if (!kind->short_names.empty()) entry.set("shortNames", texts(kind->short_names));
    if (!kind->categories.empty()) entry.set("categories", texts(kind->categories));
    const base::Digest hash = base::sha256(kind->group_resource());
    entry.set("storageVersionHash", base::base64_encode(hash.hex().substr(0, 8)));
    resources.push_back(std::move(entry));
    for (const Subresource& sub : kind->subresources) {
      if (!served(sub)) continue;
      Value below = Value::object({{"name", kind->plural + "/" + sub.name},
                                   {"singularName", ""},
                                   {"namespaced", kind->namespaced}});
      if (!(sub.gvk == kind->gvk)) {
        below.set("group", sub.gvk.group);
        below.set("version", sub.gvk.version);
      }
      below.set("kind", sub.gvk.kind);
      below.set("verbs", texts(sub.verbs));
      resources.push_back(std::move(below));
    }
  }
  const std::string gv = group.empty() ? version : group + "/" + version;
  return Value::object({{"kind", "APIResourceList"},
                        {"apiVersion", "v1"},
                        {"groupVersion", gv},
                        {"resources", std::move(resources)}});
}

// Groups in order, each with its versions in order.
std::vector<std::pair<std::string, std::vector<std::string>>> groups_of(const Core& core,
                                                                        bool core_group) {
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (const Kind& kind : core.registry.all()) {
    if (kind->gvk.group.empty() != core_group) continue;
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const auto& g) { return g.first == kind->gvk.group; });
    if (group == groups.end()) {
      groups.push_back({kind->gvk.group, {}});
      group = groups.end() - 1;
    }
    auto& versions = group->second;
    if (std::find(versions.begin(), versions.end(), kind->gvk.version) == versions.end()) {
      versions.push_back(kind->gvk.version);
    }
  }
  return groups;
}

Value api_group(const std::string& group, const std::vector<std::string>& versions) {
  Value list = Value::array();
  for (const std::string& version : versions) {
    list.push_back(Value::object({{"groupVersion", group + "/" + version}, {"version", version}}));
  }
  const Value preferred = list.at(0);
  return Value::object(
      {{"name", group}, {"versions", std::move(list)}, {"preferredVersion", preferred}});
}

Value aggregated(const Core& core, bool core_group) {
  Value items = Value::array();
  for (const auto& [group, versions] : groups_of(core, core_group)) {
    Value version_list = Value::array();
    for (const std::string& version : versions) {
      Value resources = Value::array();
      for (const Kind& kind : core.registry.all()) {
        if (kind->gvk.group != group || kind->gvk.version != version) continue;
        const auto kind_value = [](const Gvk& gvk) {
          return Value::object(
              {{"group", gvk.group}, {"version", gvk.version}, {"kind", gvk.kind}});
        };
        Value entry = Value::object({{"resource", kind->plural},
                                     {"responseKind", kind_value(kind->gvk)},
                                     {"scope", kind->namespaced ? "Namespaced" : "Cluster"},
                                     {"singularResource", kind->singular},
                                     {"verbs", texts(kind->verbs)}});
        if (!kind->short_names.empty()) entry.set("shortNames", texts(kind->short_names));
        if (!kind->categories.empty()) entry.set("categories", texts(kind->categories));
        for (const Subresource& sub : kind->subresources) {
          if (!served(sub)) continue;
          entry.entry("subresources")
              .push_back(Value::object({{"subresource", sub.name},
                                        {"responseKind", kind_value(sub.gvk)},
                                        {"verbs", texts(sub.verbs)}}));
        }
        resources.push_back(std::move(entry));
      }
      version_list.push_back(Value::object(
          {{"version", version}, {"resources", std::move(resources)}, {"freshness", "Current"}}));
    }
    Value metadata = Value::object();
    if (!group.empty()) metadata.set("name", group);
    items.push_back(
        Value::object({{"metadata", std::move(metadata)}, {"versions", std::move(version_list)}}));
  }
  return Value::object({{"kind", "APIGroupDiscoveryList"},
                        {"apiVersion", "apidiscovery.k8s.io/v2"},
                        {"metadata", Value::object()},
                        {"items", std::move(items)}});
}

Value open_api_index(const Core& core) {
  Value paths = Value::object();
  for (const bool core_group : {true, false}) {
    for (const auto& [group, versions] : groups_of(core, core_group)) {
      for (const std::string& version : versions) {
        const std::string at = group.empty() ? "api/" + version : "apis/" + group + "/" + version;
        const std::string hash =
            base::sha256(at + std::to_string(core.registry.all().size())).hex();
        paths.set(at,
                  Value::object({{"serverRelativeURL", "/openapi/v3/" + at + "?hash=" + hash}}));
      }
    }
  }
  return Value::object({{"paths", std::move(paths)}});
}

Value open_api_of(const Core& core, const std::string& group, const std::string& version) {
  const auto parameter = [](const char* name) {
    return Value::object({{"name", name},
                          {"in", "query"},
                          {"schema", Value::object({{"type", "string"}, {"uniqueItems", true}})}});
  };
  const Value parameters = Value::array({parameter("dryRun"), parameter("fieldManager"),
                                         parameter("fieldValidation"), parameter("force")});
  Value paths = Value::object();
  Value schemas = Value::object();
  for (const Kind& kind : core.registry.all()) {
    if (kind->gvk.group != group || kind->gvk.version != version || !kind->has_verb("patch"))
      continue;
    const Value gvk =
        Value::object({{"group", group}, {"kind", kind->gvk.kind}, {"version", version}});
    const std::string prefix = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
    const std::string path =
        prefix + (kind->namespaced ? "/namespaces/{namespace}/" : "/") + kind->plural + "/{name}";
    paths.set(path, Value::object(
                        {{"patch", Value::object({{"operationId", "patch" + kind->gvk.kind},
                                                  {"parameters", parameters},
                                                  {"responses", Value::object()},
                                                  {"x-kubernetes-group-version-kind", gvk}})}}));
    schemas.set((group.empty() ? "core" : group) + "." + version + "." + kind->gvk.kind,
                Value::object({{"type", "object"},
                               {"x-kubernetes-preserve-unknown-fields", true},
                               {"x-kubernetes-group-version-kind", Value::array({gvk})}}));
  }
  return Value::object(
      {{"openapi", "3.0.0"},
       {"info", Value::object({{"title", "Kubernetes"}, {"version", model::schema_version()}})},
       {"paths", std::move(paths)},
       {"components", Value::object({{"schemas", std::move(schemas)}})}});
}

Response document(const Value& body) {
  Response response;
  response.body =
      value::write_json(body, {.sort_keys = false, .escape_html = false, .indent = 0}) + "\n";
  return response;
}

}  // namespace

std::optional<Response> discover(const Core& core, const std::string& path,
                                 const Request& request) {
  const bool aggregate =
      request.header("accept").find("as=APIGroupDiscoveryList") != std::string_view::npos;
  std::string trimmed = path;
  while (trimmed.size() > 1 && trimmed.back() == '/') trimmed.pop_back();
  if (trimmed == "/version") return document(version_info());
  if (trimmed == "/api" || trimmed == "/apis") {
    if (aggregate) {
      Response response = document(aggregated(core, trimmed == "/api"));
      response.content_type =
          "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
      response.headers.emplace_back("Vary", "Accept");
      return response;
    }
    if (trimmed == "/api") {
      return document(Value::object({{"kind", "APIVersions"},
                                     {"versions", Value::array({"v1"})},
                                     {"serverAddressByClientCIDRs", Value::array()}}));
    }
    Value groups = Value::array();
    for (const auto& [group, versions] : groups_of(core, false))
      groups.push_back(api_group(group, versions));
    return document(Value::object(
        {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}}));
  }
  if (trimmed == "/openapi/v3") return document(open_api_index(core));
  if (trimmed == "/openapi/v2") {
    if (request.header("accept").find("protobuf") != std::string_view::npos) {
      // The same in the form kubectl asks for: field 1, swagger = "2.0".
      Response response;
      response.content_type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
      response.body =
          "\x0a\x03"
          "2.0";
      return response;
    }
    return document(Value::object(
        {{"swagger", "2.0"},
         {"info", Value::object({{"title", "Kubernetes"}, {"version", model::schema_version()}})},
         {"paths", Value::object()},
         {"definitions", Value::object()}}));
  }
  std::string_view rest = trimmed;
  const bool open_api = rest.starts_with("/openapi/v3/");
  if (open_api) rest.remove_prefix(11);
  std::string group;
  std::string version;
  if (rest.starts_with("/api/")) {
    version = rest.substr(5);
  } else if (rest.starts_with("/apis/")) {
    rest.remove_prefix(6);
    const std::size_t slash = rest.find('/');
    group = rest.substr(0, slash);
    if (slash != std::string_view::npos) version = rest.substr(slash + 1);
  }
  if (version.find('/') != std::string::npos) return std::nullopt;
  if (version.empty() && !group.empty() && core.registry.has_group(group)) {
    for (const auto& [name, versions] : groups_of(core, false)) {
      if (name != group) continue;
      Value body = Value::object({{"kind", "APIGroup"}, {"apiVersion", "v1"}});
      const Value described = api_group(name, versions);
      for (const value::Member& member : described.members()) body.set(member.name(), member.value);
      return document(body);
    }
  }
  if (!core.registry.has_version(group, version)) return std::nullopt;
  return document(open_api ? open_api_of(core, group, version)
                           : api_resource_list(core, group, version));
}

}  // namespace weir::api::kube
