#include "engine/reconcile/engine.hh"

#include <algorithm>
#include <chrono>

#include "engine/base/limits.hh"
#include "engine/base/log.hh"
#include "engine/reconcile/status.hh"

namespace weir::reconcile {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t batch_max = 512;
constexpr std::size_t record_bytes_pending_max = 64u << 10;

// What a person reading the process's log wants to see.
void write_log_line(const event::Event& event) {
  using event::Type;
  const ObjectId& id = event.subject.object;
  const auto field = [&](std::string_view name) {
    return std::string(event.data[name].get_string());
  };
  if (event.type == Type::step_failed) {
    log::error(field("message"), {{"controllerKind", id.gvk.kind},
                                  {"name", id.name},
                                  {"namespace", id.ns},
                                  {"reconcileID", event.reconcile_id},
                                  {"error", field("reason")}});
    return;
  }
  std::string text;
  if (event.type == Type::source_fetched)
    text = "stored artifact for revision '" +
           std::string(event.data["artifact"]["revision"].get_string()) + "'";
  if (event.type == Type::object_applied) text = "object " + field("action");
  if (event.type == Type::object_pruned) text = "object " + field("action");
  if (event.type == Type::drift_detected) text = "drift detected";
  if (event.type == Type::reconcile_finished)
    text = "reconciliation finished: " + field("status") + " " + field("revision");
  if (text.empty()) return;
  const ObjectId& owner = event.owner.empty() ? id : event.owner;
  log::info(text, {{"controllerKind", owner.gvk.kind},
                   {"name", owner.name},
                   {"namespace", owner.ns},
                   {"object", id.subject()},
                   {"reconcileID", event.reconcile_id}});
}

OwnerSummary summarize(const ObjectId& id, const OwnerState& owner, std::string revision,
                       bool suspended) {
  return {id,
          std::string(condition_text(owner.status, "Ready", "status")),
          std::string(condition_text(owner.status, "Ready", "reason")),
          std::string(condition_text(owner.status, "Ready", "message")),
          std::move(revision),
          owner.running,
          suspended};
}

}  // namespace

Engine::Engine(const Ports& ports, EngineOptions options)
    : ports_(ports),
      options_(std::move(options)),
      core_(options_, metrics_),
      executor_(ports_, options_) {}

Engine::~Engine() { stop(); }

Result<void> Engine::start() {
  WEIR_CHECK(core_.restore(*ports_.log, delivery_));
  event::Event started;
  started.type = event::Type::engine_started;
  started.actor = "weir";
  started.data = Value::object({{"version", WEIR_VERSION}});
  std::vector<event::Event> events = {std::move(started)};
  WEIR_CHECK(ports_.log->append(events));
  core_.appended(events.back().seq);
  Effects begun;
  if (options_.record_inputs) core_.begin_record(ports_.clock->now(), begun);
  std::vector<event::Event> none;
  WEIR_CHECK(ports_.log->append(none, begun.record));
  pool_ = std::make_unique<WorkerPool>(
      options_.concurrent, [this](const Command& command) { post(executor_.execute(command)); });
  thread_ = std::thread([this] { loop(); });
  for (const WatchOptions& watch : Core::own_watches(options_)) open_watch(watch);
  return {};
}

void Engine::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  room_.notify_all();
  if (pool_ != nullptr) pool_->stop();
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  watches_.clear();
  retired_.clear();
  acted_.notify_all();
}

void Engine::open_watch(const WatchOptions& options) {
  const std::string key = watch_key(options);
  watches_[key].handle = ports_.kube->watch(options, [this, key](WatchEvent event) {
    watch_log_.see(key, event);
    post(Observed{key, std::move(event)});
  });
}

void Engine::change_watch(const RemoteWatch& change) {
  if (const auto old = watches_.find(change.key); old != watches_.end()) {
    retire(std::move(old->second));
    watches_.erase(old);
    watch_log_.forget(change.key);
  }
  if (change.client == nullptr) return;
  OpenWatch& watch = watches_[change.key];
  watch.client = change.client;
  watch.handle = change.client->watch(change.options, [this, key = change.key](WatchEvent event) {
    watch_log_.see(key, event);
    post(Observed{key, std::move(event)});
  });
}

void Engine::retire(OpenWatch watch) {
  std::erase_if(retired_, [](std::future<void>& done) {
    return done.wait_for(0s) == std::future_status::ready;
  });
  retired_.push_back(std::async(std::launch::async, [old = std::move(watch)]() mutable {
    old.handle.reset();
    old.client.reset();
  }));
}

void Engine::post(Input input, std::shared_ptr<Pending> pending) {
  {
    std::unique_lock lock(mutex_);
    // The loop itself must never wait for the loop (a watch may tell its first list while it is
    // opened).
    const bool from_loop = std::this_thread::get_id() == thread_.get_id();
    room_.wait(lock, [&] {
      return stopping_ || from_loop || queue_.size() < base::limits::queue_events_max;
    });
    queue_.emplace_back(std::move(input), std::move(pending));
  }
  wake_.notify_one();
}

Result<std::uint64_t> Engine::act(OperatorAction action) {
  auto pending = std::make_shared<Pending>();
  post(std::move(action), pending);
  std::unique_lock lock(mutex_);
  acted_.wait(lock, [&] { return pending->done || stopping_; });
  if (!pending->done) return make_error(Code::cancelled, "weir is stopping");
  return std::move(pending->result);
}

base::TimeUs Engine::next_time() const { return core_.next_due(); }

std::vector<Engine::QueuedInput> Engine::take_batch() {
  std::unique_lock lock(mutex_);
  const base::TimeUs due = next_time();
  const auto ready = [&] { return stopping_ || !queue_.empty(); };
  if (due == 0) {
    wake_.wait(lock, ready);
  } else {
    const base::TimeUs now = ports_.clock->now();
    if (due > now) wake_.wait_for(lock, std::chrono::microseconds(due - now), ready);
  }
  std::vector<QueuedInput> batch;
  const std::size_t count = std::min(batch_max, queue_.size());
  batch.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  room_.notify_all();
  return batch;
}

void Engine::loop() {
  while (true) {
    auto batch = take_batch();
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ && batch.empty() && queue_.empty()) break;
    }
    handle(std::move(batch));
  }
  event::Event stopped;
  stopped.type = event::Type::engine_stopped;
  stopped.actor = "weir";
  stopped.data = Value::object();
  std::vector<event::Event> events = {std::move(stopped)};
  const auto result = ports_.log->append(events, record_);
  if (!result.ok())
    log::error("the last event could not be written", {{"error", result.error().message}});
}

void Engine::handle(std::vector<QueuedInput> batch) {
  const base::TimeUs now = ports_.clock->now();
  Effects effects;
  std::unique_lock core_lock(core_mutex_);
  for (auto& [input, pending] : batch) {
    if (pending != nullptr) {
      auto checked = core_.check(std::get<OperatorAction>(input));
      pending->result = core_.state().head + effects.events.size() + 1;
      if (!checked.ok()) pending->result = std::move(checked).error();
    }
    if (pending == nullptr || pending->result.ok()) core_.step(input, now, effects);
  }
  core_.tick(now, effects);
  core_lock.unlock();
  if (!append(effects.events, std::move(effects.record))) return;
  for (const WatchOptions& watch : effects.watches) open_watch(watch);
  for (const RemoteWatch& change : effects.remote_watches) change_watch(change);
  for (Command& command : effects.commands) pool_->submit(std::move(command));
  {
    const std::lock_guard lock(mutex_);
    for (auto& [input, pending] : batch)
      if (pending != nullptr) pending->done = true;
  }
  acted_.notify_all();
}

bool Engine::append(std::vector<event::Event>& events, std::string record) {
  // Steps without events may be lost in a crash: nothing came of them. So they wait.
  record_ += record;
  if (events.empty() && record_.size() < record_bytes_pending_max) return true;
  // Batches of the loop can exceed what one write holds; each part is all or nothing.
  std::size_t done = 0;
  do {
    const std::size_t count = std::min(events.size() - done, base::limits::event_batch_max);
    std::vector<event::Event> part(events.begin() + static_cast<std::ptrdiff_t>(done),
                                   events.begin() + static_cast<std::ptrdiff_t>(done + count));
    const bool last = done + count == events.size();
    const auto result = ports_.log->append(part, last ? record_ : std::string());
    std::unique_lock lock(mutex_);
    if (result.ok()) {
      if (!trouble_.empty()) log::info("the event log can be written again");
      trouble_.clear();
      lock.unlock();
      for (const event::Event& event : part) {
        write_log_line(event);
        delivery_.fold(event, ports_.clock->now());
      }
      if (!part.empty()) core_.appended(part.back().seq);
      if (last) record_.clear();
      done += count;
      continue;
    }
    if (trouble_.empty())
      log::error("the event log cannot be written; nothing is applied until it can",
                 {{"error", result.error().message}});
    trouble_ = result.error().message;
    if (stopping_) return false;
    wake_.wait_for(lock, 1s, [&] { return stopping_; });
  } while (done < events.size() || !record_.empty());
  return true;
}

std::vector<OwnerSummary> Engine::summary() const {
  const std::lock_guard lock(core_mutex_);
  std::vector<OwnerSummary> owners;
  for (const auto& [id, source] : core_.state().sources)
    if (!source.object.is_null())
      owners.push_back(summarize(id, source, source.artifact.revision,
                                 model::common_of(source.spec).suspend));
  for (const auto& [id, ks] : core_.state().kustomizations)
    if (!ks.object.is_null())
      owners.push_back(summarize(id, ks, std::string(ks.status["lastAppliedRevision"].get_string()),
                                 ks.spec.suspend));
  for (const auto& [id, hr] : core_.state().helm_releases)
    if (!hr.object.is_null())
      owners.push_back(summarize(id, hr,
                                 std::string(hr.status["lastAttemptedRevision"].get_string()),
                                 hr.spec != nullptr && hr.spec->suspend));
  return owners;
}

std::string Engine::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

}  // namespace weir::reconcile
