#include "adapters/kube/client.hh"

#include "adapters/kube/api_error.hh"
#include "adapters/kube/api_path.hh"
#include "adapters/kube/lister.hh"
#include "adapters/kube/watch_reactor.hh"
#include "engine/value/json.hh"

namespace weir::kube {

using reconcile::ApiResource;
using reconcile::PatchType;
using reconcile::WriteOptions;

namespace {

constexpr value::JsonStyle wire{.sort_keys = false, .escape_html = false, .indent = 0};

constexpr std::string_view patch_types[] = {"application/json-patch+json",
                                            "application/merge-patch+json",
                                            "application/strategic-merge-patch+json"};

constexpr std::string_view propagations[] = {"Background", "Foreground", "Orphan"};

std::string write_query(const WriteOptions& options, bool apply) {
  Query query;
  query.add("fieldManager", options.field_manager);
  if (apply && options.force) query.add("force", "true");
  if (options.dry_run) query.add("dryRun", "All");
  if (options.strict) query.add("fieldValidation", "Strict");
  return query.text();
}

Result<Value> parse_object(const net::HttpResponse& response, const std::string& what) {
  return value::parse_json(response.body).with_context("answer for " + what);
}

Error without_secrets(Error error, const Value& body, const model::Gvk& gvk) {
  if (gvk.kind == "Secret" && gvk.group.empty()) {
    error.message = mask_secret_values(std::move(error.message), body);
  }
  return error;
}

}  // namespace

KubeClient::KubeClient(std::unique_ptr<Transport> transport)
    : transport_(std::move(transport)), discovery_(*transport_) {}

KubeClient::~KubeClient() {
  transport_->cancel();
  reactor_.reset();
}

Result<std::unique_ptr<KubeClient>> KubeClient::create(ClusterAccess access,
                                                       ClientOptions options) {
  WEIR_TRY(auto transport,
           Transport::create(std::move(access), options.connections_max, options.timeout));
  return std::unique_ptr<KubeClient>(new KubeClient(std::move(transport)));
}

Result<ApiResource> KubeClient::resolve(const model::Gvk& gvk) { return discovery_.resolve(gvk); }

Result<std::vector<ApiResource>> KubeClient::resources() { return discovery_.resources(); }

Result<std::string> KubeClient::server_version() {
  Call call;
  call.verb = Verb::discovery;
  call.target = "/version";
  WEIR_TRY(auto response, transport_->call(call));
  WEIR_TRY(Value body, parse_object(response, "/version"));
  return std::string(body["gitVersion"].get_string());
}

// A "not found" without the object's name in it means that the kind itself is gone.
void KubeClient::note_missing(const Error& error) {
  if (error.code == Code::not_found &&
      error.message.starts_with("the server could not find the requested resource")) {
    discovery_.invalidate();
  }
}

Result<net::HttpResponse> KubeClient::send(Call call) {
  auto response = transport_->call(call);
  if (!response.ok()) note_missing(response.error());
  return response;
}

Result<Value> KubeClient::get(const model::ObjectId& id, const reconcile::Identity& as) {
  WEIR_TRY(ApiResource resource, discovery_.resolve(id.gvk));
  Call call;
  call.verb = Verb::get;
  WEIR_TRY(call.target, object_path(resource, id.ns, id.name));
  call.as = as.user;
  call.what = qualified_name(resource) + " " + id.name;
  std::string what = call.what;
  WEIR_TRY(auto response, send(std::move(call)));
  return parse_object(response, what);
}

Result<reconcile::ListResult> KubeClient::list(const model::Gvk& gvk,
                                               const reconcile::ListOptions& options) {
  return Lister(*transport_, discovery_).all(gvk, options);
}

Result<Value> KubeClient::write(Verb verb, std::string_view method, const model::ObjectId& id,
                                const Value& body, std::string content_type,
                                const WriteOptions& options) {
  WEIR_TRY(ApiResource resource, discovery_.resolve(id.gvk));
  Call call;
  call.verb = verb;
  call.method = method;
  if (verb == Verb::create && options.subresource.empty()) {
    if (resource.namespaced && id.ns.empty()) {
      return make_error(Code::invalid, id.subject() + ": a namespace is required");
    }
    call.target = collection_path(resource, id.ns);
  } else {
    WEIR_TRY(call.target, object_path(resource, id.ns, id.name, options.subresource));
  }
  call.target += write_query(options, verb == Verb::apply);
  value::append_json(call.body, body, wire);
  call.content_type = std::move(content_type);
  call.as = options.as.user;
  call.what = qualified_name(resource) + " " + id.name;
  call.repeatable = verb == Verb::apply || verb == Verb::update;
  std::string what = call.what;
  auto response = send(std::move(call));
  if (!response.ok()) return without_secrets(std::move(response).error(), body, id.gvk);
  if (options.made != nullptr) *options.made = response->status == 201;
  return parse_object(*response, what);
}

Result<Value> KubeClient::create(const Value& object, const WriteOptions& options) {
  return write(Verb::create, "POST", model::ObjectId::of(object), object, "application/json",
               options);
}

Result<Value> KubeClient::update(const Value& object, const WriteOptions& options) {
  return write(Verb::update, "PUT", model::ObjectId::of(object), object, "application/json",
               options);
}

Result<Value> KubeClient::apply(const Value& object, const WriteOptions& options) {
  // JSON is YAML; the server accepts it under the only type that means server-side apply.
  return write(Verb::apply, "PATCH", model::ObjectId::of(object), object,
               "application/apply-patch+yaml", options);
}

Result<Value> KubeClient::patch(const model::ObjectId& id, PatchType type, const Value& body,
                                const WriteOptions& options) {
  return write(Verb::patch, "PATCH", id, body,
               std::string(patch_types[static_cast<std::size_t>(type)]), options);
}

Result<void> KubeClient::remove(const model::ObjectId& id,
                                const reconcile::DeleteOptions& options) {
  WEIR_TRY(ApiResource resource, discovery_.resolve(id.gvk));
  Value body = Value::object({{"apiVersion", "v1"}, {"kind", "DeleteOptions"}});
  body.set("propagationPolicy", propagations[static_cast<std::size_t>(options.propagation)]);
  if (!options.uid.empty()) body.set("preconditions", Value::object({{"uid", options.uid}}));
  if (options.dry_run) body.set("dryRun", Value::array({"All"}));
  Call call;
  call.verb = Verb::remove;
  call.method = "DELETE";
  WEIR_TRY(call.target, object_path(resource, id.ns, id.name));
  value::append_json(call.body, body, wire);
  call.as = options.as.user;
  call.what = qualified_name(resource) + " " + id.name;
  WEIR_TRY(auto response, send(std::move(call)));
  return {};
}

std::unique_ptr<reconcile::Watch> KubeClient::watch(const reconcile::WatchOptions& options,
                                                    reconcile::WatchSink sink) {
  std::lock_guard lock(mutex_);
  if (!reactor_) reactor_ = std::make_unique<WatchReactor>(Lister(*transport_, discovery_));
  return reactor_->add(options, std::move(sink));
}

Result<RawResponse> KubeClient::raw(const RawRequest& request) {
  Call call;
  call.verb = Verb::raw;
  call.method = request.method;
  call.target = request.target;
  call.body = request.body;
  call.content_type = request.content_type;
  call.accept = request.accept;
  call.as = request.as.user;
  call.timeout = request.timeout;
  call.sink = request.sink;
  WEIR_TRY(auto response, transport_->call(call));
  const std::string* type = net::find_header(response.headers, "Content-Type");
  return RawResponse{response.status, type == nullptr ? "" : *type, std::move(response.body)};
}

}  // namespace weir::kube
