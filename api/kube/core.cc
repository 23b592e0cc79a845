#include "api/kube/core.hh"

#include <charconv>

#include "api/kube/admission.hh"
#include "api/kube/workloads.hh"
#include "engine/base/digest.hh"

namespace weir::api::kube {

Core::Core(const ServerOptions& given)
    : options(given),
      storage(*given.kv, given.synced_writes, given.watch_window, given.sealing),
      random_(given.seed) {
  for (const Credential& credential : given.credentials) {
    tokens_[credential.token] = {credential.user, credential.groups};
  }
}

Result<void> Core::start() {
  WEIR_CHECK(storage.load());
  // A new run on an old store must not give out its uids again.
  random_.seed(options.seed + storage.revision() * 0x9e3779b97f4a7c15ull);
  const Kind crds = registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
  for (const auto& [key, crd] : storage.all("customresourcedefinitions.apiextensions.k8s.io")) {
    registry.set_custom(crd);
  }
  WEIR_CHECK(bootstrap());
  if (options.simulate_workloads) {
    for (const auto& [set, objects] : storage.sets()) {
      for (const auto& [name, object] : objects) {
        Workloads::trigger(*this, {set, name.first, name.second}, object);
      }
    }
  }
  return {};
}

Call Core::internal(Verb verb, const Kind& kind, const Key& key) const {
  Call call;
  call.verb = verb;
  call.kind = kind;
  call.ns = key.ns;
  call.name = key.name;
  call.user = {"system:kube-controller-manager", {"system:masters"}};
  call.field_manager = "kube-controller-manager";
  call.field_validation = "Ignore";
  return call;
}

Kind Core::kind_of_set(std::string_view set) const {
  for (const Kind& kind : registry.all()) {
    if (kind->set == set) return kind;
  }
  return nullptr;
}

Result<User> Core::user_of(const Request& request) const {
  if (options.credentials.empty()) return User{};
  const std::string_view header = request.header("authorization");
  constexpr std::string_view bearer = "Bearer ";
  if (header.starts_with(bearer)) {
    if (auto user = user_of_token(header.substr(bearer.size()))) return std::move(*user);
  }
  return make_error(Code::unauthorized, "Unauthorized", "Unauthorized");
}

std::optional<User> Core::user_of_token(std::string_view token) const {
  if (const auto found = tokens_.find(token); found != tokens_.end()) return found->second;
  const Value* record = storage.token(base::sha256(token).hex());
  if (record == nullptr || (*record)["expires"].get_string() <= now_text()) return std::nullopt;
  const std::string ns((*record)["namespace"].get_string());
  const std::string name((*record)["name"].get_string());
  const Value* account = storage.find({"serviceaccounts", ns, name});
  if (account == nullptr || !((*account)["metadata"]["uid"] == (*record)["uid"]))
    return std::nullopt;
  return User{"system:serviceaccount:" + ns + ":" + name,
              {"system:serviceaccounts", "system:serviceaccounts:" + ns, "system:authenticated"}};
}

std::string Core::random_uid() {
  std::string bytes;
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t word = random_();
    for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(word >> shift));
  }
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = base::hex_encode(bytes);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

std::string Core::random_suffix(std::size_t length) {
  constexpr std::string_view letters = "bcdfghjklmnpqrstvwxz2456789";
  std::string out;
  for (std::size_t i = 0; i < length; ++i) out.push_back(letters[random_() % letters.size()]);
  return out;
}

Value Core::show(const Value& stored, const KindInfo& kind) const {
  const std::string version = kind.gvk.api_version();
  if (stored["apiVersion"].get_string() == version) return stored;
  Value shown = stored;
  shown.set("apiVersion", version);
  if (kind.set != "events") return shown;
  // The two event APIs name the same facts differently.
  static constexpr std::pair<std::string_view, std::string_view> names[] = {
      {"involvedObject", "regarding"},
      {"message", "note"},
      {"source", "deprecatedSource"},
      {"count", "deprecatedCount"},
      {"firstTimestamp", "deprecatedFirstTimestamp"},
      {"lastTimestamp", "deprecatedLastTimestamp"},
      {"reportingComponent", "reportingController"}};
  const bool to_new = kind.gvk.group == "events.k8s.io";
  for (std::size_t i = 0; i < shown.size(); ++i) {
    for (const auto& [core_name, new_name] : names) {
      if (shown.members()[i].name() == (to_new ? core_name : new_name)) {
        shown.member_mut(i).key = Value(to_new ? new_name : core_name);
        break;
      }
    }
  }
  return shown;
}

Result<Value> Core::execute(Call& call) {
  WEIR_CHECK(authorize(call));
  const KindInfo& kind = *call.kind;
  if (!call.subresource.empty() && call.subresource != "status") {
    if (call.subresource == "scale") return scale(call);
    if (call.subresource == "token" && kind.set == "serviceaccounts")
      return service_account_token(call);
    if (call.subresource == "finalize" && kind.set == "namespaces") return finalize_namespace(call);
    if (call.subresource == "eviction" && kind.set == "pods") return evict(call);
    return make_error(
        Code::unsupported,
        "the embedded Kubernetes API does not serve " + kind.plural + "/" + call.subresource,
        "MethodNotAllowed");
  }
  if (!kind.has_verb("get")) {
    return call.verb == Verb::create ? review(call) : Result<Value>(method_not_allowed());
  }
  switch (call.verb) {
    case Verb::get: return get(call);
    case Verb::create: return create(call);
    case Verb::update: return update(call);
    case Verb::patch: return patch(call);
    case Verb::remove: return remove(call);
    case Verb::remove_collection: return remove_collection(call);
    default: return method_not_allowed();
  }
}

Result<Value> Core::get(Call& call) {
  const Value* stored = storage.find(key_of(call));
  if (stored == nullptr) return not_found(*call.kind, call.name);
  return show(*stored, *call.kind);
}

Result<ListAnswer> Core::list(Call& call) {
  WEIR_CHECK(authorize(call));
  if (!call.kind->has_verb("list")) return method_not_allowed();
  WEIR_TRY(const Selector labels, Selector::labels(call.label_selector));
  WEIR_TRY(const Selector fields, Selector::fields(call.field_selector, *call.kind));
  ListAnswer answer;
  answer.revision = storage.revision();
  const Storage::Set& objects = storage.all(call.kind->set);
  auto from = objects.begin();
  if (!call.continue_token.empty()) {
    const std::size_t slash = call.continue_token.find('/');
    if (slash == std::string::npos) {
      return make_error(Code::invalid, "continue key is not valid", "BadRequest");
    }
    from = objects.upper_bound(
        {call.continue_token.substr(0, slash), call.continue_token.substr(slash + 1)});
  }
  for (; from != objects.end(); ++from) {
    const auto& [name, object] = *from;
    if (!call.ns.empty() && name.first != call.ns) continue;
    if (!labels.everything() && !labels.matches_labels(object["metadata"]["labels"])) continue;
    if (!fields.everything() && !fields.matches_fields(object)) continue;
    if (call.limit > 0 && answer.items.size() == call.limit) {
      ++answer.remaining;
      continue;
    }
    answer.items.push_back(show(object, *call.kind));
    if (call.limit > 0 && answer.items.size() == call.limit)
      answer.continue_token = name.first + "/" + name.second;
  }
  if (answer.remaining == 0) answer.continue_token.clear();
  return answer;
}

// --- time
// -------------------------------------------------------------------------------------------

void Core::schedule(const Task& task, std::chrono::microseconds delay) {
  const auto when = options.clock->monotonic() + delay;
  const auto found = due_.find(task);
  if (found != due_.end()) {
    if (found->second <= when) return;
    queue_.erase({found->second, task});
  }
  due_[task] = when;
  queue_.emplace(when, task);
  wakeup_due = true;
}

std::optional<std::chrono::microseconds> Core::next_deadline() const {
  std::optional<std::chrono::microseconds> next;
  if (!queue_.empty()) next = queue_.begin()->first;
  for (const auto& watcher : watchers_) {
    if (watcher->ends_at.has_value() && (!next || *watcher->ends_at < *next))
      next = watcher->ends_at;
    if (watcher->bookmarks && (!next || watcher->next_bookmark < *next))
      next = watcher->next_bookmark;
  }
  return next;
}

std::size_t Core::run_due() {
  const auto time = options.clock->monotonic();
  std::size_t steps = 0;
  while (!queue_.empty() && queue_.begin()->first <= time && steps < 1000) {
    const Task task = queue_.begin()->second;
    queue_.erase(queue_.begin());
    due_.erase(task);
    Workloads::run(*this, task);
    ++steps;
  }
  for (const auto& watcher : watchers_) {
    if (watcher->closed) continue;
    if (watcher->ends_at.has_value() && *watcher->ends_at <= time) {
      outbox_.emplace_back(watcher, WatchItem{"", Value()});
      watcher->ends_at.reset();
      watcher->bookmarks = false;
      ++steps;
    } else if (watcher->bookmarks && watcher->next_bookmark <= time) {
      outbox_.emplace_back(
          watcher,
          WatchItem{"BOOKMARK",
                    Value::object(
                        {{"kind", watcher->kind->gvk.kind},
                         {"apiVersion", watcher->kind->gvk.api_version()},
                         {"metadata", Value::object({{"resourceVersion",
                                                      std::to_string(storage.revision())}})}})});
      watcher->next_bookmark = time + std::chrono::seconds(60);
      ++steps;
    }
  }
  return steps;
}

void Core::end_watches(std::string_view set) {
  for (const auto& watcher : watchers_) {
    if (watcher->closed || watcher->kind->set != set || !watcher->end) continue;
    watcher->ends_at.reset();
    watcher->bookmarks = false;
    outbox_.emplace_back(watcher, WatchItem{"", Value()});
  }
}

void Core::changed() {
  const Change& change = storage.last();
  if (change.key.set == "customresourcedefinitions.apiextensions.k8s.io") {
    if (change.type == Change::Type::deleted) {
      registry.remove_custom(change.key.name);
      end_watches(change.key.name);
    } else {
      registry.set_custom(change.object);
    }
  }
  for (const auto& watcher : watchers_) {
    if (watcher->closed || watcher->kind->set != change.key.set) continue;
    if (!watcher->ns.empty() && watcher->ns != change.key.ns) continue;
    const auto selected = [&](const Value& object) {
      return !object.is_null() && watcher->labels.matches_labels(object["metadata"]["labels"]) &&
             watcher->fields.matches_fields(object);
    };
    const bool was = change.type != Change::Type::added && selected(change.previous);
    const bool is = change.type != Change::Type::deleted && selected(change.object);
    if (!was && !is) continue;
    Value object = change.object;
    if (!is && change.type == Change::Type::modified) {
      // It left the selection: reported as it last was in it, at the revision it left.
      object = change.previous;
      object.entry("metadata").set("resourceVersion", std::to_string(change.revision));
    }
    outbox_.emplace_back(watcher, WatchItem{!is   ? "DELETED"
                                            : was ? "MODIFIED"
                                                  : "ADDED",
                                            show(object, *watcher->kind)});
  }
  Workloads::observe(*this, change);
}

}  // namespace weir::api::kube
