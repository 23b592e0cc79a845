#include "api/kube/http.hh"

#include <charconv>

#include "api/kube/protobuf.hh"
#include "engine/base/limits.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"

namespace weir::api::kube {

namespace {

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin < path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

Response json_response(int status, const Value& body) {
  Response response;
  response.status = status;
  response.body =
      value::write_json(body, {.sort_keys = false, .escape_html = false, .indent = 0}) + "\n";
  return response;
}

Response failure(const Error& error, const Call& call) {
  return json_response(http_status(error), status_of(error, call));
}

Response text_response(int status, std::string text) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
  return response;
}

Error no_such_path() {
  return make_error(Code::not_found, "the server could not find the requested resource",
                    "NotFound");
}

bool truthy(std::string_view text) { return text == "true" || text == "1"; }

// /api/v1/... and /apis/<group>/<version>/... to kind, namespace, name and subresource.
Result<Call> route(const Core& core, const std::string& path) {
  std::vector<std::string> parts = split_path(path);
  std::string group;
  std::string version;
  std::size_t at = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    version = parts[1];
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    group = parts[1];
    version = parts[2];
    at = 3;
  } else {
    return no_such_path();
  }
  Call call;
  if (parts[at] == "namespaces" && parts.size() > at + 2) {
    const Kind inside = core.registry.find(group, version, parts[at + 2]);
    if (inside != nullptr && inside->namespaced) {
      call.ns = parts[at + 1];
      at += 2;
    }
  }
  call.kind = core.registry.find(group, version, parts[at]);
  if (call.kind == nullptr) return no_such_path();
  if (parts.size() > at + 1) call.name = parts[at + 1];
  if (parts.size() > at + 2) call.subresource = parts[at + 2];
  if (parts.size() > at + 3) return no_such_path();
  if (!call.subresource.empty() && call.kind->subresource(call.subresource) == nullptr)
    return no_such_path();
  return call;
}

Result<void> read_options(const Headers& query, Call& call, bool& watch) {
  for (const auto& [key, text] : query) {
    if (key == "labelSelector")
      call.label_selector = text;
    else if (key == "fieldSelector")
      call.field_selector = text;
    else if (key == "resourceVersion")
      call.resource_version = text;
    else if (key == "resourceVersionMatch")
      call.resource_version_match = text;
    else if (key == "continue")
      call.continue_token = text;
    else if (key == "limit")
      std::from_chars(text.data(), text.data() + text.size(), call.limit);
    else if (key == "timeoutSeconds")
      std::from_chars(text.data(), text.data() + text.size(), call.timeout_seconds);
    else if (key == "watch")
      watch = truthy(text);
    else if (key == "allowWatchBookmarks")
      call.bookmarks = truthy(text);
    else if (key == "sendInitialEvents")
      call.send_initial_events = truthy(text);
    else if (key == "force")
      call.force = truthy(text);
    else if (key == "fieldManager")
      call.field_manager = text;
    else if (key == "fieldValidation")
      call.field_validation = text;
    else if (key == "propagationPolicy")
      call.propagation = text;
    else if (key == "gracePeriodSeconds")
      std::from_chars(text.data(), text.data() + text.size(), call.grace_seconds);
    else if (key == "dryRun") {
      if (text != "All")
        return bad_request("Invalid value: \"" + text + "\": supported values: \"All\"");
      call.dry_run = true;
    }
  }
  return {};
}

Result<Value> read_body(const Request& request) {
  if (request.body.empty()) return Value();
  const std::string_view type = request.header("content-type");
  if (type.find("protobuf") != std::string_view::npos) return decode_protobuf(request.body);
  if (type.find("yaml") != std::string_view::npos) {
    Result<Value> parsed = value::parse_yaml(request.body);
    if (!parsed.ok()) return bad_request("error decoding YAML: " + parsed.error().message);
    return parsed;
  }
  Result<Value> parsed = value::parse_json(request.body);
  if (!parsed.ok())
    return bad_request("couldn't get version/kind; json parse error: " + parsed.error().message);
  return parsed;
}

Result<void> read_verb(const Request& request, Call& call, bool watch) {
  if (request.method == "GET") {
    call.verb = !call.name.empty() ? Verb::get : watch ? Verb::watch : Verb::list;
    return {};
  }
  if (request.method == "POST") {
    call.verb = Verb::create;
    return {};
  }
  if (request.method == "PUT") {
    call.verb = Verb::update;
    return {};
  }
  if (request.method == "DELETE") {
    call.verb = call.name.empty() ? Verb::remove_collection : Verb::remove;
    if (const Value* policy = call.body.find("propagationPolicy"))
      call.propagation = policy->get_string();
    if (const Value* grace = call.body.find("gracePeriodSeconds"))
      call.grace_seconds = grace->get_int(-1);
    if (call.body["orphanDependents"].get_bool()) call.propagation = "Orphan";
    call.precondition_uid = call.body["preconditions"]["uid"].get_string();
    call.precondition_version = call.body["preconditions"]["resourceVersion"].get_string();
    call.dry_run = call.dry_run || !call.body["dryRun"].empty();
    return {};
  }
  if (request.method != "PATCH") return method_not_allowed();
  call.verb = Verb::patch;
  static constexpr std::pair<std::string_view, PatchKind> types[] = {
      {"application/json-patch+json", PatchKind::json},
      {"application/merge-patch+json", PatchKind::merge},
      {"application/strategic-merge-patch+json", PatchKind::strategic},
      {"application/apply-patch+yaml", PatchKind::apply}};
  const std::string_view type = request.header("content-type");
  for (const auto& [name, kind] : types) {
    if (type.starts_with(name)) {
      call.patch = kind;
      return {};
    }
  }
  return make_error(
      Code::unsupported,
      "the body of the request was in an unknown format - accepted media types include: "
      "application/json-patch+json, application/merge-patch+json, "
      "application/strategic-merge-patch+json, application/apply-patch+yaml",
      "UnsupportedMediaType");
}

enum class Form { object, table, partial };

Form form_of(const Request& request) {
  const std::string_view accept = request.header("accept");
  if (accept.find("as=Table") != std::string_view::npos) return Form::table;
  return accept.find("as=PartialObjectMetadata") != std::string_view::npos ? Form::partial
                                                                           : Form::object;
}

std::string include_of(const Headers& query) {
  for (const auto& [key, text] : query) {
    if (key == "includeObject") return text;
  }
  return "Metadata";
}

Value list_value(const Call& call, ListAnswer answer, Form form) {
  Value metadata = Value::object({{"resourceVersion", std::to_string(answer.revision)}});
  if (!answer.continue_token.empty()) {
    metadata.set("continue", answer.continue_token);
    metadata.set("remainingItemCount", answer.remaining);
  }
  Value items = Value::array();
  items.reserve(answer.items.size());
  for (Value& item : answer.items) {
    if (form == Form::partial) {
      items.push_back(partial_of(item));
      continue;
    }
    // Items of built-in lists carry no type; those of custom kinds do.
    if (!call.kind->custom) {
      item.erase("apiVersion");
      item.erase("kind");
    }
    items.push_back(std::move(item));
  }
  const bool partial = form == Form::partial;
  return Value::object({{"kind", partial ? "PartialObjectMetadataList" : call.kind->list_kind},
                        {"apiVersion", partial ? "meta.k8s.io/v1" : call.kind->gvk.api_version()},
                        {"metadata", std::move(metadata)},
                        {"items", std::move(items)}});
}

class Subscription final : public Stream {
 public:
  Subscription(std::shared_ptr<Core> core, std::shared_ptr<Watcher> watcher)
      : core_(std::move(core)), watcher_(std::move(watcher)) {}
  ~Subscription() override { core_->unsubscribe(watcher_); }

 private:
  std::shared_ptr<Core> core_;
  std::shared_ptr<Watcher> watcher_;
};

std::string watch_line(const std::string& type, const Value& object) {
  return value::write_json(Value::object({{"type", type}, {"object", object}}),
                           {.sort_keys = false, .escape_html = false, .indent = 0}) +
         "\n";
}

Response watch_response(const std::shared_ptr<Core>& core, Call call, Form form,
                        const std::string& include) {
  Response response;
  response.stream = [core, call, form, include](
                        StreamSink sink,
                        std::function<void()> end) mutable -> std::unique_ptr<Stream> {
    std::shared_ptr<Watcher> watcher;
    bool first = true;
    const auto write = [core_pointer = core.get(), kind = call.kind, form, include, sink,
                        first](const WatchItem& item) mutable {
      Value object = item.object;
      if (form == Form::table) {
        object = table_of(*kind, {object}, include, core_pointer->now(), first);
        if (item.type == "BOOKMARK") {
          object.set("rows", Value::array());
          object.entry("metadata")
              .set("resourceVersion", item.object["metadata"]["resourceVersion"]);
          if (item.object["metadata"].contains("annotations")) {
            // How client-go's WatchList learns that the first list is complete.
            object.set("rows", Value::array({Value::object(
                                   {{"cells", Value::array()}, {"object", item.object}})}));
          }
        }
        first = false;
      } else if (form == Form::partial) {
        object = partial_of(object);
      }
      sink(watch_line(item.type, object));
    };
    {
      const std::lock_guard lock(core->mutex);
      Result<std::shared_ptr<Watcher>> made = core->subscribe(call, write, end);
      if (!made.ok()) {
        sink(watch_line("ERROR", status_of(made.error(), call)));
        end();
        return nullptr;
      }
      watcher = std::move(*made);
    }
    core->deliver();
    return std::make_unique<Subscription>(core, watcher);
  };
  return response;
}

std::string manager_of(const Request& request) {
  const std::string_view agent = request.header("user-agent");
  const std::string name(agent.substr(0, agent.find('/')));
  return name.empty() ? "unknown" : name;
}

// The caller, or whom the caller may and does impersonate.
Result<User> caller(const Core& core, const Request& request) {
  WEIR_TRY(User user, core.user_of(request));
  const std::string_view as = request.header("impersonate-user");
  if (as.empty()) return user;
  WEIR_CHECK(core.authorize_named(user, "impersonate", "", "users", "", "", as));
  return impersonated(as, request);
}

// What simulated containers have written: nothing, said in a line that no reader takes for theirs.
Response log_response(Core& core, Call& call) {
  if (Result<void> allowed = core.authorize(call); !allowed.ok())
    return failure(allowed.error(), call);
  const Value* pod = core.storage.find({"pods", call.ns, call.name});
  if (pod == nullptr) return failure(not_found(*call.kind, call.name), call);
  return text_response(
      200, "the pod " + call.name + " is simulated: its containers do not run and write no log\n");
}

Response resource_response(const std::shared_ptr<Core>& core, const Request& request) {
  Call call;
  std::unique_lock lock(core->mutex);
  Result<User> user = caller(*core, request);
  if (!user.ok()) return failure(user.error(), call);
  Result<Call> routed = route(*core, request.path());
  if (!routed.ok()) return failure(routed.error(), call);
  call = std::move(*routed);
  call.user = std::move(*user);
  const std::size_t mark = request.target.find('?');
  const Headers query = mark == std::string::npos
                            ? Headers{}
                            : parse_query(std::string_view(request.target).substr(mark + 1));
  bool watch = false;
  const auto prepare = [&]() -> Result<void> {
    WEIR_CHECK(read_options(query, call, watch));
    WEIR_TRY(call.body, read_body(request));
    WEIR_CHECK(read_verb(request, call, watch));
    if (watch && call.verb == Verb::get) {
      call.field_selector = "metadata.name=" + call.name;
      call.name.clear();
      call.verb = Verb::watch;
    }
    if (call.field_manager.empty() && call.patch != PatchKind::apply)
      call.field_manager = manager_of(request);
    return {};
  };
  if (const Result<void> ready = prepare(); !ready.ok()) return failure(ready.error(), call);
  const Form form = form_of(request);
  const std::string include = include_of(query);
  if (call.verb == Verb::watch) {
    if (Result<void> allowed = core->authorize(call); !allowed.ok())
      return failure(allowed.error(), call);
    return watch_response(core, std::move(call), form, include);
  }
  if (call.verb == Verb::list) {
    Result<ListAnswer> answer = core->list(call);
    if (!answer.ok()) return failure(answer.error(), call);
    const base::TimeUs now = core->now();
    lock.unlock();
    if (form != Form::table) return json_response(200, list_value(call, std::move(*answer), form));
    Value table = table_of(*call.kind, answer->items, include, now, true);
    table.set("metadata",
              list_value(call, {{}, answer->revision, answer->continue_token, answer->remaining},
                         form)["metadata"]);
    return json_response(200, table);
  }
  if (call.subresource == "log" && call.kind->set == "pods" && call.verb == Verb::get)
    return log_response(*core, call);
  Result<Value> done = core->execute(call);
  const base::TimeUs now = core->now();
  lock.unlock();
  core->deliver();
  Response response;
  if (!done.ok()) {
    response = failure(done.error(), call);
  } else if (form == Form::table && Gvk::of(*done) == call.kind->gvk) {
    response =
        json_response(call.created ? 201 : 200, table_of(*call.kind, {*done}, include, now, true));
  } else {
    const bool partial = form == Form::partial && Gvk::of(*done) == call.kind->gvk;
    response = json_response(call.created ? 201 : 200, partial ? partial_of(*done) : *done);
  }
  if (!call.kind->warning.empty()) call.warnings.push_back(call.kind->warning);
  for (const std::string& warning : call.warnings) {
    response.headers.emplace_back(
        "Warning", "299 - " + value::write_json(Value(warning), {.escape_html = false}));
  }
  return response;
}

}  // namespace

User impersonated(std::string_view name, const Request& request) {
  User user{std::string(name), {"system:authenticated"}};
  for (const auto& [key, text] : request.headers) {
    std::string lower = key;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (lower == "impersonate-group") user.groups.push_back(text);
  }
  add_account_groups(user);
  return user;
}

void add_account_groups(User& user) {
  constexpr std::string_view prefix = "system:serviceaccount:";
  if (!std::string_view(user.name).starts_with(prefix)) return;
  const std::string rest = user.name.substr(prefix.size());
  user.groups.push_back("system:serviceaccounts");
  user.groups.push_back("system:serviceaccounts:" + rest.substr(0, rest.find(':')));
}

Response respond(const std::shared_ptr<Core>& core, const Request& request) {
  const std::string path = request.path();
  static const std::set<std::string_view> health = {"/healthz", "/livez", "/readyz"};
  if (health.contains(path)) return text_response(200, "ok");
  const bool api = path == "/api" || path == "/apis" || path == "/version" ||
                   path.starts_with("/api/") || path.starts_with("/apis/") ||
                   path.starts_with("/openapi/");
  if (!api) return text_response(404, "404 page not found\n");
  {
    const std::lock_guard lock(core->mutex);
    if (const Result<User> user = core->user_of(request); !user.ok())
      return failure(user.error(), Call{});
    if (std::optional<Response> found = discover(*core, path, request)) return std::move(*found);
  }
  return resource_response(core, request);
}

}  // namespace weir::api::kube
