#include "adapters/kube/lister.hh"

#include "adapters/kube/api_path.hh"
#include "engine/value/json.hh"

namespace weir::kube {

namespace {

// Items of a list come without the apiVersion and kind that every object has elsewhere.
Value typed(const Value& item, const Value& api_version, const Value& kind) {
  if (item.contains("kind")) return item;
  Value out = Value::object();
  out.reserve(item.size() + 2);
  out.set("apiVersion", api_version);
  out.set("kind", kind);
  for (const value::Member& member : item.members()) {
    if (member.name() != "apiVersion") out.append_member(member.key, member.value);
  }
  return out;
}

}  // namespace

Result<ListPage> Lister::page(const model::Gvk& gvk, const reconcile::ListOptions& options,
                              const std::string& next, bool whole) {
  WEIR_TRY(auto resource, discovery_.resolve(gvk));
  Query query;
  query.add("labelSelector", options.label_selector).add("fieldSelector", options.field_selector);
  if (!whole) query.add("limit", "500");
  query.add("continue", next);
  Call call;
  call.verb = Verb::list;
  call.target = collection_path(resource, options.ns) + query.text();
  call.as = options.as.user;
  call.what = qualified_name(resource);
  auto response = transport_.call(call);
  if (!response.ok()) {
    if (response.error().code == Code::not_found) discovery_.invalidate();
    return std::move(response).error();
  }
  WEIR_TRY(Value body, value::parse_json(response->body).with_context("list of " + call.what));
  response->body = {};
  ListPage page;
  const Value& metadata = body["metadata"];
  page.resource_version = metadata["resourceVersion"].get_string();
  page.next = metadata["continue"].get_string();
  Value api_version(gvk.api_version());
  Value kind(gvk.kind);
  const Value& items = body["items"];
  page.items.reserve(items.size());
  for (const Value& item : items.items()) page.items.push_back(typed(item, api_version, kind));
  return page;
}

Result<reconcile::ListResult> Lister::all(const model::Gvk& gvk,
                                          const reconcile::ListOptions& options) {
  reconcile::ListResult out;
  std::string next;
  bool whole = false;
  while (true) {
    auto page = this->page(gvk, options, next, whole);
    if (!page.ok() && page.error().code == Code::gone && !whole) {
      // The snapshot behind the token was compacted away; one unpaged list cannot meet that again.
      whole = true;
      next.clear();
      out.items.clear();
      continue;
    }
    if (!page.ok()) return std::move(page).error();
    if (out.items.empty()) {
      out.items = std::move(page->items);
    } else {
      out.items.insert(out.items.end(), std::make_move_iterator(page->items.begin()),
                       std::make_move_iterator(page->items.end()));
    }
    out.resource_version = page->resource_version;
    next = page->next;
    if (next.empty()) return out;
  }
}

Result<std::unique_ptr<net::HttpStream>> Lister::watch(const reconcile::WatchOptions& options,
                                                       const std::string& resource_version,
                                                       std::chrono::seconds lifetime) {
  WEIR_TRY(auto resource, discovery_.resolve(options.gvk));
  Query query;
  query.add("watch", "true").add("allowWatchBookmarks", "true");
  query.add("resourceVersion", resource_version);
  query.add("timeoutSeconds", std::to_string(lifetime.count()));
  query.add("labelSelector", options.label_selector).add("fieldSelector", options.field_selector);
  Call call;
  call.verb = Verb::watch;
  call.target = collection_path(resource, options.ns) + query.text();
  call.what = qualified_name(resource);
  auto stream = transport_.open(call);
  if (!stream.ok() && stream.error().code == Code::not_found) discovery_.invalidate();
  return stream;
}

}  // namespace weir::kube
