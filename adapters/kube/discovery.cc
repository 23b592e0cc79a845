#include "adapters/kube/discovery.hh"

#include "engine/value/json.hh"

namespace weir::kube {

using reconcile::ApiResource;

namespace {

constexpr std::string_view aggregated =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json";

std::vector<std::string> strings(const Value& list) {
  std::vector<std::string> out;
  out.reserve(list.size());
  for (const Value& item : list.items()) out.emplace_back(item.get_string());
  return out;
}

Error no_match(const model::Gvk& gvk) {
  return make_error(
      Code::not_found,
      "no matches for kind \"" + gvk.kind + "\" in version \"" + gvk.api_version() + "\"",
      "NoMatch");
}

}  // namespace

Result<std::vector<ApiResource>> parse_aggregated_discovery(const Value& document) {
  if (document["kind"].get_string() != "APIGroupDiscoveryList") {
    return make_error(Code::invalid, "discovery: expected an APIGroupDiscoveryList");
  }
  std::vector<ApiResource> out;
  for (const Value& group : document["items"].items()) {
    std::string group_name(group.path("metadata", "name").get_string());
    for (const Value& version : group["versions"].items()) {
      for (const Value& resource : version["resources"].items()) {
        // responseKind.group and .version are empty where they equal the list's own.
        const Value& kind = resource["responseKind"];
        ApiResource entry;
        entry.gvk.group = group_name;
        entry.gvk.version = version["version"].get_string();
        entry.gvk.kind = kind["kind"].get_string();
        entry.plural = resource["resource"].get_string();
        if (entry.gvk.kind.empty() || entry.plural.empty()) continue;
        entry.singular = resource["singularResource"].get_string();
        entry.short_names = strings(resource["shortNames"]);
        entry.categories = strings(resource["categories"]);
        entry.verbs = strings(resource["verbs"]);
        entry.namespaced = resource["scope"].get_string() == "Namespaced";
        out.push_back(std::move(entry));
      }
    }
  }
  return out;
}

Result<std::vector<ApiResource>> parse_resource_list(const Value& document) {
  if (document["kind"].get_string() != "APIResourceList") {
    return make_error(Code::invalid, "discovery: expected an APIResourceList");
  }
  auto gv = model::Gvk::from(document["groupVersion"].get_string(), "");
  std::vector<ApiResource> out;
  for (const Value& resource : document["resources"].items()) {
    std::string_view plural = resource["name"].get_string();
    if (plural.empty() || plural.find('/') != std::string_view::npos) continue;
    ApiResource entry;
    entry.gvk = gv;
    entry.gvk.kind = resource["kind"].get_string();
    entry.plural = plural;
    entry.singular = resource["singularName"].get_string();
    entry.short_names = strings(resource["shortNames"]);
    entry.categories = strings(resource["categories"]);
    entry.verbs = strings(resource["verbs"]);
    entry.namespaced = resource["namespaced"].get_bool();
    if (!entry.gvk.kind.empty()) out.push_back(std::move(entry));
  }
  return out;
}

Discovery::SnapshotPtr Discovery::current(std::uint64_t& generation) {
  std::lock_guard lock(mutex_);
  generation = generation_;
  return snapshot_;
}

Result<ApiResource> Discovery::resolve(const model::Gvk& gvk) {
  std::uint64_t generation = 0;
  SnapshotPtr snapshot = current(generation);
  bool fresh = false;
  while (true) {
    if (snapshot) {
      auto found = snapshot->by_gvk.find(gvk);
      if (found != snapshot->by_gvk.end()) return snapshot->all[found->second];
    }
    if (fresh) return no_match(gvk);
    WEIR_TRY(snapshot, refresh(generation));
    fresh = true;
  }
}

Result<std::vector<ApiResource>> Discovery::resources() {
  std::uint64_t generation = 0;
  SnapshotPtr snapshot = current(generation);
  WEIR_TRY(snapshot, refresh(generation));
  return snapshot->all;
}

void Discovery::invalidate() {
  std::lock_guard lock(mutex_);
  snapshot_ = nullptr;
}

Result<Discovery::SnapshotPtr> Discovery::refresh(std::uint64_t seen) {
  std::lock_guard turn(refreshing_);
  std::uint64_t generation = 0;
  SnapshotPtr snapshot = current(generation);
  // Two steps on: that refresh began after this caller came, so its answer is recent enough.
  if (snapshot && generation >= seen + 2) return snapshot;
  WEIR_CHECK(fetch("/api", parts_[0]));
  WEIR_CHECK(fetch("/apis", parts_[1]));
  auto made = std::make_shared<Snapshot>();
  for (const Part& part : parts_) {
    made->all.insert(made->all.end(), part.resources.begin(), part.resources.end());
  }
  for (std::size_t i = 0; i < made->all.size(); ++i) made->by_gvk.emplace(made->all[i].gvk, i);
  std::lock_guard lock(mutex_);
  snapshot_ = made;
  ++generation_;
  return snapshot_;
}

Result<void> Discovery::fetch(const std::string& root, Part& part) {
  Call call;
  call.verb = Verb::discovery;
  call.target = root;
  call.accept = aggregated;
  call.etag = part.etag;
  WEIR_TRY(net::HttpResponse response, transport_.call(call));
  if (response.status == 304) return {};
  WEIR_TRY(Value document, value::parse_json(response.body).with_context("discovery of " + root));
  if (document["kind"].get_string() != "APIGroupDiscoveryList") {
    WEIR_TRY(part.resources, fetch_old_form(root, document));
    return {};
  }
  WEIR_TRY(part.resources, parse_aggregated_discovery(document));
  const std::string* etag = net::find_header(response.headers, "ETag");
  part.etag = etag == nullptr ? "" : *etag;
  return {};
}

Result<std::vector<ApiResource>> Discovery::fetch_old_form(const std::string& root,
                                                           const Value& document) {
  std::vector<std::string> paths;
  for (const Value& version : document["versions"].items()) {  // APIVersions, of /api
    paths.push_back(root + "/" + std::string(version.get_string()));
  }
  for (const Value& group : document["groups"].items()) {  // APIGroupList, of /apis
    std::string_view preferred = group.path("preferredVersion", "groupVersion").get_string();
    if (!preferred.empty()) paths.push_back(root + "/" + std::string(preferred));
    for (const Value& version : group["versions"].items()) {
      std::string_view name = version["groupVersion"].get_string();
      if (name != preferred) paths.push_back(root + "/" + std::string(name));
    }
  }
  std::vector<ApiResource> out;
  for (const std::string& path : paths) {
    Call call;
    call.verb = Verb::discovery;
    call.target = path;
    auto response = transport_.call(call);
    // An aggregated API whose server is away must not hide all others.
    if (!response.ok() && response.error().code == Code::unavailable &&
        !response.error().reason.empty()) {
      continue;
    }
    if (!response.ok()) return std::move(response).error();
    WEIR_TRY(Value list, value::parse_json(response->body).with_context("discovery of " + path));
    WEIR_TRY(auto resources, parse_resource_list(list));
    out.insert(out.end(), std::make_move_iterator(resources.begin()),
               std::make_move_iterator(resources.end()));
  }
  return out;
}

}  // namespace weir::kube
