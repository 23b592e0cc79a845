#include "tests/support/engine_bench.hh"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "engine/model/kinds/field.hh"
#include "engine/model/schema.hh"
#include "engine/reconcile/replay.hh"
#include "engine/reconcile/status.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"

namespace weir::test {
namespace {

using reconcile::WriteOptions;

constexpr std::int64_t second = 1'000'000;
constexpr int rounds_max = 200'000;

// A bench that cannot be set up proves nothing.
template <typename T>
T must(Result<T> result, const char* what) {
  if (!result.ok()) {
    std::fprintf(stderr, "engine bench: %s: %s\n", what, result.error().message.c_str());
    std::abort();
  }
  return *std::move(result);
}

void must(const Result<void>& result, const char* what) {
  if (result.ok()) return;
  std::fprintf(stderr, "engine bench: %s: %s\n", what, result.error().message.c_str());
  std::abort();
}

WriteOptions user() {
  WriteOptions options;
  options.field_manager = "user";
  return options;
}

}  // namespace

Result<reconcile::GitCheckout> BenchGit::checkout(const reconcile::GitRequest& request) {
  ++checkouts;
  if (fail) return *fail;
  reconcile::GitCheckout out;
  out.revision = revision();
  out.commit.sha = sha_;
  out.commit.subject = "commit " + std::to_string(count_);
  out.unchanged = request.known_revision == out.revision;
  if (!out.unchanged) out.tree = tree_;
  return out;
}

Result<reconcile::GitCommit> BenchGit::revert(const reconcile::GitRevert& order) {
  reverts.push_back(order);
  if (fail) return *fail;
  reconcile::GitCommit made;
  made.sha = std::string(40, 'e');
  made.author = order.author_name + " <" + order.author_email + ">";
  made.time = order.time;
  made.message = order.message;
  made.subject = order.message.substr(0, order.message.find('\n'));
  return made;
}

void BenchGit::commit(const std::map<std::string, std::string>& files) {
  auto tree = std::make_shared<base::MemoryFileTree>();
  for (const auto& [path, text] : files) tree->add(path, text);
  tree_ = std::move(tree);
  sha_ = base::sha256(std::to_string(++count_)).hex().substr(0, 40);
}

Result<Value> BenchKube::get(const ObjectId& id, const reconcile::Identity& as) {
  const auto found = refuse_reads.find(id.subject());
  if (!as.user.empty() && found != refuse_reads.end()) return found->second;
  return next_.get(id, as);
}

Result<Value> BenchKube::create(const Value& object, const WriteOptions& write) {
  const std::string subject = ObjectId::of(object).subject();
  calls.push_back("create " + subject);
  if (const auto found = refuse_changes.find(subject); found != refuse_changes.end())
    return found->second;
  return next_.create(object, write);
}

Result<Value> BenchKube::apply(const Value& object, const WriteOptions& write) {
  const std::string subject = ObjectId::of(object).subject();
  calls.push_back((write.dry_run ? "dry-run " : "apply ") + subject);
  identities.push_back(write.as);
  if (const auto found = refuse.find(subject); found != refuse.end()) return found->second;
  WriteOptions own = write;
  own.as = {};  // the embedded API's accounts are not what these tests are about
  auto answer = next_.apply(object, own);
  if (!write.dry_run && subject == lose)
    return make_error(Code::unavailable, "connection reset by peer");
  return answer;
}

Result<Value> BenchKube::patch(const ObjectId& id, reconcile::PatchType type, const Value& body,
                               const WriteOptions& write) {
  calls.push_back((write.subresource.empty() ? "patch " : "status ") + id.subject());
  const auto found = refuse_changes.find(id.subject());
  if (write.subresource.empty() && found != refuse_changes.end()) return found->second;
  return next_.patch(id, type, body, write);
}

Result<void> BenchKube::remove(const ObjectId& id, const reconcile::DeleteOptions& remove) {
  calls.push_back("delete " + id.subject());
  identities.push_back(remove.as);
  reconcile::DeleteOptions own = remove;
  own.as = {};
  return next_.remove(id, own);
}

struct EngineBench::Process {
  std::unique_ptr<store::EventLog> log;
  std::unique_ptr<store::BlobStore> blobs;
  std::unique_ptr<store::EngineLog> port;
  reconcile::Metrics metrics;
  std::unique_ptr<reconcile::Core> core;
  std::unique_ptr<reconcile::Executor> executor;
  std::deque<reconcile::Input> inputs;
  std::deque<reconcile::Command> commands;
  std::vector<std::unique_ptr<reconcile::Watch>> watches;
  std::map<std::string, std::unique_ptr<reconcile::Watch>> remote_watches;
};

EngineBench::EngineBench(reconcile::EngineOptions engine_options)
    : options(std::move(engine_options)),
      artifacts_("weir.test", clock),
      kv_(store::make_memory_kv()),
      kube_kv_(store::make_memory_kv()) {
  options.concurrent_ssa = 1;
  std::array<std::uint8_t, 32> key{};
  key.fill(3);
  key_ = store::SealingKey::from_bytes(key);
  api::kube::ServerOptions server;
  server.kv = kube_kv_.get();
  server.clock = &clock;
  server_ = must(api::kube::KubeServer::open(server), "the embedded API");
  api_ = server_->local_api();
  kube = std::make_unique<BenchKube>(*api_);
  for (const auto& kind : model::declared_kinds())
    must(api_->create(model::make_crd(kind), user()), "a definition");
  create("apiVersion: v1\nkind: Namespace\nmetadata: {name: flux-system}\n");
  restart();
}

EngineBench::~EngineBench() { require_same_decisions(); }

reconcile::KubeApi& EngineBench::other() {
  if (clusters.api != nullptr) return *clusters.api;
  other_kv_ = store::make_memory_kv();
  api::kube::ServerOptions server;
  server.kv = other_kv_.get();
  server.clock = &clock;
  other_server_ = must(api::kube::KubeServer::open(server), "the other embedded API");
  clusters.make = [this] { return reconcile::KubeApiPtr(other_server_->local_api()); };
  clusters.api = clusters.make();
  return *clusters.api;
}

void EngineBench::restart() {
  process_.reset();
  process_ = std::make_unique<Process>();
  Process& p = *process_;
  p.log = must(store::EventLog::open(*kv_, clock), "the log");
  p.blobs = std::make_unique<store::BlobStore>(*kv_, key_);
  p.port = std::make_unique<store::EngineLog>(*p.log, *p.blobs);
  p.core = std::make_unique<reconcile::Core>(options, p.metrics);
  reconcile::Ports ports;
  ports.kube = kube.get();
  ports.git = &git;
  ports.artifacts = &artifacts_;
  ports.log = p.port.get();
  ports.clock = &clock;
  ports.events = &notifications;
  ports.download = &downloads;
  ports.registry = &registry;
  ports.buckets = &buckets;
  ports.clusters = &clusters;
  ports.hosts = hosts;
  ports.schemas = schemas;
  p.executor = std::make_unique<reconcile::Executor>(ports, options);
  reconcile::Delivery delivery;
  must(p.core->restore(*p.port, delivery), "the fold");
  reconcile::Effects begun;
  p.core->begin_record(clock.now(), begun);
  std::vector<event::Event> none;
  must(p.port->append(none, begun.record), "the beginning of a record");
  for (const auto& watch : reconcile::Core::own_watches(options)) open_watch(watch);
}

void EngineBench::open_watch(const reconcile::WatchOptions& watch) {
  const std::string key = reconcile::watch_key(watch);
  Process* p = process_.get();
  p->watches.push_back(kube->watch(watch, [p, key](reconcile::WatchEvent event) {
    p->inputs.push_back(reconcile::Observed{key, std::move(event)});
  }));
}

void EngineBench::change_watch(const reconcile::RemoteWatch& change) {
  Process* p = process_.get();
  p->remote_watches.erase(change.key);
  if (change.client == nullptr) return;
  p->remote_watches[change.key] =
      change.client->watch(change.options, [p, key = change.key](reconcile::WatchEvent event) {
        p->inputs.push_back(reconcile::Observed{key, std::move(event)});
      });
}

std::size_t EngineBench::remote_watches() const { return process_->remote_watches.size(); }

reconcile::LogPort& EngineBench::port() { return *process_->port; }

std::string EngineBench::decided_otherwise() {
  std::string first;
  const auto replayed = reconcile::replay_decisions(
      port(), {}, [&](const reconcile::DecisionDifference& difference) {
        if (!first.empty()) return;
        first = "after event " + std::to_string(difference.seq) + " on " + difference.told;
        for (const std::string& text : difference.then) first += "\n  then: " + text;
        for (const std::string& text : difference.now) first += "\n  now:  " + text;
      });
  if (!replayed.ok()) return replayed.error().message;
  return first;
}

void EngineBench::require_same_decisions() {
  const std::string difference = decided_otherwise();
  if (difference.empty()) return;
  std::fprintf(stderr, "engine bench: a replay decides otherwise %s\n", difference.c_str());
  std::abort();
}

void EngineBench::commit(const std::map<std::string, std::string>& files) { git.commit(files); }

void EngineBench::create(std::string_view yaml) {
  const Value object = must(value::parse_yaml(yaml), "a test's YAML");
  must(api_->create(object, user()), "a test's object");
}

void EngineBench::merge(const ObjectId& id, std::string_view json) {
  must(api_->patch(id, reconcile::PatchType::merge, must(value::parse_json(json), "JSON"), user()),
       "a test's patch");
}

void EngineBench::merge_status(const ObjectId& id, const Value& status) {
  WriteOptions write = user();
  write.subresource = "status";
  must(api_->patch(id, reconcile::PatchType::merge, Value::object({{"status", status}}), write),
       "a test's status");
}

void EngineBench::remove(const ObjectId& id) { must(api_->remove(id, {}), "a test's deletion"); }

void EngineBench::create_repository() {
  create(
      "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
      "metadata: {name: repo, namespace: flux-system}\n"
      "spec: {url: 'https://git.example.com/repo', interval: 1m, ref: {branch: main}}\n");
}

void EngineBench::create_kustomization(const std::string& name, const std::string& extra) {
  Value spec =
      Value::object({{"interval", "10m"},
                     {"prune", true},
                     {"path", "./" + name},
                     {"sourceRef", Value::object({{"kind", "GitRepository"}, {"name", "repo"}})}});
  if (!extra.empty()) {
    const Value fields = must(value::parse_yaml(extra), "a test's spec");
    for (const auto& member : fields.members()) spec.set(member.name(), member.value);
  }
  must(api_->create(Value::object({{"apiVersion", "kustomize.toolkit.fluxcd.io/v1"},
                                   {"kind", "Kustomization"},
                                   {"metadata",
                                    Value::object({{"namespace", "flux-system"}, {"name", name}})},
                                   {"spec", std::move(spec)}}),
                    user()),
       "a test's Kustomization");
}

bool EngineBench::drain() {
  Process& p = *process_;
  reconcile::Effects effects;
  while (!p.inputs.empty()) {
    const reconcile::Input input = std::move(p.inputs.front());
    p.inputs.pop_front();
    p.core->step(input, clock.now(), effects);
  }
  p.core->tick(clock.now(), effects);
  auto appended = effects.events;
  must(p.port->append(appended, effects.record), "an append");
  if (!appended.empty()) p.core->appended(appended.back().seq);
  for (const auto& watch : effects.watches) open_watch(watch);
  for (const auto& change : effects.remote_watches) change_watch(change);
  for (auto& command : effects.commands) p.commands.push_back(std::move(command));
  if (p.commands.empty()) return !p.inputs.empty();
  const reconcile::Command command = std::move(p.commands.front());
  p.commands.pop_front();
  clock.advance(1000);
  auto outcome = p.executor->execute(command);
  const auto& calls = kube->calls;
  if (!die_after.empty() && std::ranges::find(calls, "apply " + die_after) != calls.end()) {
    die_after.clear();
    if (died) died();
    restart();
    return true;
  }
  p.inputs.push_back(std::move(outcome));
  return true;
}

void EngineBench::run(std::int64_t seconds) {
  const base::TimeUs end = clock.now() + seconds * second;
  for (int round = 0; round < rounds_max; ++round) {
    server_->advance();
    if (other_server_ != nullptr) other_server_->advance();
    if (drain()) continue;
    base::TimeUs next = end;
    if (const base::TimeUs due = process_->core->next_due(); due != 0) next = std::min(next, due);
    if (const auto deadline = server_->next_deadline())
      next = std::min(next, clock.now() + (*deadline - clock.monotonic()).count());
    if (next >= end) {
      clock.advance(std::max<std::int64_t>(0, end - clock.now()));
      return;
    }
    clock.advance(std::max<std::int64_t>(1, next - clock.now()));
  }
  std::fprintf(stderr, "engine bench: it never comes to rest\n");
  std::abort();
}

Result<void> EngineBench::act(const reconcile::OperatorAction& action) {
  auto checked = process_->core->check(action);
  if (checked.ok()) process_->inputs.push_back(action);
  return checked;
}

Value EngineBench::get(const ObjectId& id) {
  auto object = api_->get(id);
  return object.ok() ? *std::move(object) : Value();
}

Value EngineBench::kustomization(const std::string& name) { return get(kustomization_id(name)); }

std::string EngineBench::condition(const std::string& name, std::string_view type) {
  const Value object = kustomization(name);
  const auto field = [&](std::string_view key) {
    return std::string(reconcile::condition_text(object["status"], type, key));
  };
  if (field("status").empty()) return {};
  return field("status") + " " + field("reason") + " " + field("message");
}

std::vector<std::string> EngineBench::inventory(const std::string& name) {
  std::vector<std::string> out;
  for (const ObjectId& id : reconcile::read_inventory(kustomization(name)["status"]))
    out.push_back(id.subject());
  return out;
}

std::vector<std::string> EngineBench::events(const std::string& name) {
  std::vector<std::pair<std::string, std::string>> found;
  auto list = must(api_->list({"", "v1", "Event"}, {}), "events");
  for (const Value& event : list.items) {
    if (event.path("involvedObject", "name").get_string() != name) continue;
    std::string text(event["type"].get_string());
    text.append(" ").append(event["reason"].get_string()).append(" ");
    text.append(event["message"].get_string());
    found.emplace_back(event.path("metadata", "resourceVersion").get_string(), std::move(text));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.first.size() != b.first.size() ? a.first.size() < b.first.size() : a.first < b.first;
  });
  std::vector<std::string> out;
  for (auto& [version, text] : found) out.push_back(std::move(text));
  return out;
}

std::vector<event::Event> EngineBench::logged(event::Type type) {
  std::vector<event::Event> out;
  must(process_->port->replay(1,
                              [&](const event::Event& event) {
                                if (event.type == type) out.push_back(event);
                                return true;
                              }),
       "the log");
  return out;
}

Value EngineBench::blob(const base::Digest& digest) {
  return must(value::parse_json(must(process_->port->get_blob(digest), "a blob")), "its JSON");
}

ObjectId kustomization_id(const std::string& name) {
  return {model::kustomization_gvk, "flux-system", name};
}

ObjectId object_id(std::string_view kind, std::string_view ns, std::string_view name) {
  static const std::map<std::string_view, Gvk> kinds = {
      {"ConfigMap", {"", "v1", "ConfigMap"}},
      {"Secret", {"", "v1", "Secret"}},
      {"Namespace", {"", "v1", "Namespace"}},
      {"Deployment", {"apps", "v1", "Deployment"}},
      {"StatefulSet", {"apps", "v1", "StatefulSet"}},
      {"Job", {"batch", "v1", "Job"}},
      {"Pod", {"", "v1", "Pod"}}};
  return {kinds.at(kind), std::string(ns), std::string(name)};
}

}  // namespace weir::test
