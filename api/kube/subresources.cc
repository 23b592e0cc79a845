// Everything that is not an object of its own: scale, reviews, tokens, finalize, eviction.
#include <algorithm>

#include "api/kube/core.hh"
#include "api/kube/kubeconfig.hh"
#include "api/kube/workloads.hh"
#include "engine/base/digest.hh"
#include "engine/value/pointer.hh"

namespace weir::api::kube {

namespace {

std::vector<std::string> dotted(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    if (path.front() == '.') path.remove_prefix(1);
    const std::size_t dot = std::min(path.find('.'), path.size());
    parts.emplace_back(path.substr(0, dot));
    path.remove_prefix(dot);
  }
  return parts;
}

Value at(const Value& object, std::string_view path) {
  const Value* node = &object;
  for (const std::string& part : dotted(path)) node = &(*node)[part];
  return *node;
}

void put(Value& object, std::string_view path, Value value) {
  Value* node = &object;
  for (const std::string& part : dotted(path)) node = &node->entry(part);
  *node = std::move(value);
}

Value scale_of(const KindInfo& kind, const Value& object) {
  const std::string replicas = kind.custom ? kind.replicas_path : ".spec.replicas";
  const std::string status = kind.custom ? kind.status_replicas_path : ".status.replicas";
  Value metadata = Value::object();
  for (const char* field : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    if (const Value* present = object["metadata"].find(field)) metadata.set(field, *present);
  }
  std::string selector;
  if (!kind.custom) {
    const Value& spec = object["spec"]["selector"];
    selector = kind.set == "replicationcontrollers"
                   ? Selector::of(Value::object({{"matchLabels", spec}})).text()
                   : Selector::of(spec).text();
  } else if (!kind.selector_path.empty()) {
    selector = at(object, kind.selector_path).get_string();
  }
  Value status_part = Value::object({{"replicas", at(object, status).get_int()}});
  if (!selector.empty()) status_part.set("selector", selector);
  return Value::object({{"kind", "Scale"},
                        {"apiVersion", "autoscaling/v1"},
                        {"metadata", std::move(metadata)},
                        {"spec", Value::object({{"replicas", at(object, replicas).get_int()}})},
                        {"status", std::move(status_part)}});
}

Value user_info(const User& user) {
  Value groups = Value::array();
  for (const std::string& group : user.groups) groups.push_back(Value(group));
  return Value::object({{"username", user.name}, {"groups", std::move(groups)}});
}

}  // namespace

Result<Value> Core::scale(Call& call) {
  const Value* stored = storage.find(key_of(call));
  if (stored == nullptr || call.kind->subresource("scale") == nullptr) {
    return not_found(*call.kind, call.name);
  }
  const Value live = show(*stored, *call.kind);
  Value scale = scale_of(*call.kind, live);
  if (call.verb == Verb::get) return scale;
  if (call.verb == Verb::update) {
    scale = call.body;
  } else if (call.verb == Verb::patch && call.patch == PatchKind::json) {
    if (Result<void> done = value::apply_json_patch(scale, call.body); !done.ok()) {
      return make_error(Code::invalid, done.error().message, "Invalid");
    }
  } else if (call.verb == Verb::patch) {
    value::apply_merge_patch(scale, call.body);
  } else {
    return method_not_allowed();
  }
  const std::int64_t replicas = scale["spec"]["replicas"].get_int();
  if (replicas < 0) {
    return invalid(call, call.name,
                   {invalid_error("spec.replicas", scale["spec"]["replicas"],
                                  "must be greater than or equal to 0")});
  }
  Value object = live;
  put(object, call.kind->custom ? call.kind->replicas_path : ".spec.replicas", replicas);
  if (const Value* revision = scale["metadata"].find("resourceVersion")) {
    object.entry("metadata").set("resourceVersion", *revision);
  }
  WEIR_TRY(const Value done, finish(call, live, std::move(object), nullptr));
  return scale_of(*call.kind, done);
}

Result<Value> Core::review(Call& call) {
  Value answer = call.body;
  answer.set("kind", call.kind->gvk.kind);
  answer.set("apiVersion", call.kind->gvk.api_version());
  const std::string& kind = call.kind->gvk.kind;
  Value status = Value::object();
  if (kind == "TokenReview") {
    const auto user = user_of_token(answer["spec"]["token"].get_string());
    if (user.has_value()) {
      status.set("authenticated", true);
      status.set("user", user_info(*user));
    } else {
      status.set("error", "invalid bearer token");
    }
    answer.entry("spec").erase("token");
  } else if (kind == "SelfSubjectReview") {
    status.set("userInfo", user_info(call.user));
  } else if (kind == "SelfSubjectRulesReview") {
    status = rules_review(call.user, answer["spec"]["namespace"].get_string());
  } else {
    Call asked;
    const Value& spec = answer["spec"];
    const Value& what = spec["resourceAttributes"];
    asked.user = call.user;
    if (kind != "SelfSubjectAccessReview") {
      asked.user = {std::string(spec["user"].get_string()), {}};
      for (const Value& group : spec["groups"].items())
        asked.user.groups.emplace_back(group.get_string());
    }
    const Value& path = spec["nonResourceAttributes"];
    const bool allowed =
        path.is_object()
            ? may_reach(asked.user, path["verb"].get_string(), path["path"].get_string())
            : authorize_named(asked.user, what["verb"].get_string(), what["group"].get_string(),
                              what["resource"].get_string(), what["subresource"].get_string(),
                              what["namespace"].get_string(), what["name"].get_string())
                  .ok();
    status.set("allowed", allowed);
    if (!allowed) status.set("reason", "no rule allows it");
  }
  answer.set("status", std::move(status));
  answer.entry("metadata");
  if (answer["metadata"].is_null()) answer.set("metadata", Value::object());
  call.created = true;
  return answer;
}

// What holds for everybody (a caller may ask about themselves), then what roles grant.
Value Core::rules_review(const User& user, std::string_view ns) const {
  const auto creates = [](const char* group, Value resources) {
    return Value::object({{"verbs", Value::array({"create"})},
                          {"apiGroups", Value::array({group})},
                          {"resources", std::move(resources)}});
  };
  Value resources = Value::array(
      {creates("authentication.k8s.io", Value::array({"selfsubjectreviews"})),
       creates("authorization.k8s.io",
               Value::array({"selfsubjectaccessreviews", "selfsubjectrulesreviews"}))});
  Value paths = Value::array();
  visit_rules(user, ns, [&](const Value& rule) {
    const bool is_path = !rule["nonResourceURLs"].empty();
    Value shown = Value::object();
    for (const char* field :
         {"verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"})
      if (!rule[field].empty()) shown.set(field, rule[field]);
    (is_path ? paths : resources).push_back(std::move(shown));
    return false;
  });
  return Value::object(
      {{"resourceRules", resources}, {"nonResourceRules", paths}, {"incomplete", false}});
}

// Bound to the account's uid: an account of the same name made later is another one.
Result<Value> Core::service_account_token(Call& call) {
  if (call.verb != Verb::create) return method_not_allowed();
  const Value* account = storage.find(key_of(call));
  if (account == nullptr) return not_found(*call.kind, call.name);
  // Not from the server's own generator: its other numbers are public, and a token must not follow
  // from them.
  WEIR_TRY(const std::string token, random_token());
  Value answer = call.body;
  answer.set("kind", "TokenRequest");
  answer.set("apiVersion", "authentication.k8s.io/v1");
  const std::int64_t seconds =
      std::clamp<std::int64_t>(answer["spec"]["expirationSeconds"].get_int(3600), 600, 1LL << 32);
  const std::string expires = base::format_rfc3339(now() + seconds * 1'000'000);
  WEIR_CHECK(storage.put_token(base::sha256(token).hex(),
                               Value::object({{"namespace", call.ns},
                                              {"name", call.name},
                                              {"uid", (*account)["metadata"]["uid"]},
                                              {"expires", expires}}),
                               now()));
  answer.set("status", Value::object({{"token", token}, {"expirationTimestamp", expires}}));
  call.created = true;
  return answer;
}

Result<Value> Core::finalize_namespace(Call& call) {
  if (call.verb != Verb::update) return method_not_allowed();
  const Value* stored = storage.find(key_of(call));
  if (stored == nullptr) return not_found(*call.kind, call.name);
  Value object = *stored;
  if (call.body["spec"]["finalizers"].empty()) {
    object.entry("spec").erase("finalizers");
  } else {
    object.entry("spec").set("finalizers", call.body["spec"]["finalizers"]);
  }
  return store(call, key_of(call), *stored, std::move(object));
}

Result<Value> Core::evict(Call& call) {
  if (call.verb != Verb::create) return method_not_allowed();
  call.verb = Verb::remove;
  call.subresource.clear();
  WEIR_CHECK(remove(call));
  call.created = true;
  return Value::object({{"kind", "Status"},
                        {"apiVersion", "v1"},
                        {"metadata", Value::object()},
                        {"status", "Success"},
                        {"code", 201}});
}

}  // namespace weir::api::kube
