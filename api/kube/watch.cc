// Watches: who wants to hear of which changes, and telling them outside of the lock.
#include <charconv>

#include "api/kube/core.hh"

namespace weir::api::kube {

namespace {

Value bookmark(const KindInfo& kind, std::uint64_t revision, bool initial_end) {
  Value metadata = Value::object({{"resourceVersion", std::to_string(revision)}});
  if (initial_end)
    metadata.set("annotations", Value::object({{"k8s.io/initial-events-end", "true"}}));
  return Value::object({{"kind", kind.gvk.kind},
                        {"apiVersion", kind.gvk.api_version()},
                        {"metadata", std::move(metadata)}});
}

}  // namespace

Result<std::shared_ptr<Watcher>> Core::subscribe(Call& call, std::function<void(WatchItem)> sink,
                                                 std::function<void()> end) {
  WEIR_CHECK(authorize(call));
  if (!call.kind->has_verb("watch")) return method_not_allowed();
  auto watcher = std::make_shared<Watcher>();
  WEIR_TRY(watcher->labels, Selector::labels(call.label_selector));
  WEIR_TRY(watcher->fields, Selector::fields(call.field_selector, *call.kind));
  watcher->kind = call.kind;
  watcher->ns = call.ns;
  watcher->bookmarks = call.bookmarks;
  watcher->sink = std::move(sink);
  watcher->end = std::move(end);
  const auto time = options.clock->monotonic();
  watcher->next_bookmark = time + std::chrono::seconds(60);
  if (call.timeout_seconds > 0)
    watcher->ends_at = time + std::chrono::seconds(call.timeout_seconds);

  const auto selected = [&](const Value& object) {
    return watcher->labels.matches_labels(object["metadata"]["labels"]) &&
           watcher->fields.matches_fields(object);
  };
  std::uint64_t revision = 0;
  const std::string& text = call.resource_version;
  if (std::from_chars(text.data(), text.data() + text.size(), revision).ptr !=
      text.data() + text.size()) {
    return make_error(Code::invalid,
                      "Invalid value: \"" + text + "\": strconv.ParseUint: invalid syntax",
                      "BadRequest");
  }
  if (revision == 0 || call.send_initial_events) {
    for (const auto& [name, object] : storage.all(call.kind->set)) {
      if (!call.ns.empty() && name.first != call.ns) continue;
      if (selected(object))
        outbox_.emplace_back(watcher, WatchItem{"ADDED", show(object, *call.kind)});
    }
    if (call.send_initial_events) {
      outbox_.emplace_back(watcher,
                           WatchItem{"BOOKMARK", bookmark(*call.kind, storage.revision(), true)});
    }
  } else {
    const auto missed = storage.since(revision, call.kind->set);
    if (!missed.has_value()) {
      return expired("too old resource version: " + text + " (" +
                     std::to_string(storage.revision()) + ")");
    }
    for (const Change* change : *missed) {
      if (!call.ns.empty() && change->key.ns != call.ns) continue;
      const bool was = change->type != Change::Type::added && selected(change->previous);
      const bool is = change->type != Change::Type::deleted && selected(change->object);
      if (!was && !is) continue;
      outbox_.emplace_back(watcher, WatchItem{!is   ? "DELETED"
                                              : was ? "MODIFIED"
                                                    : "ADDED",
                                              show(change->object, *call.kind)});
    }
  }
  watchers_.push_back(watcher);
  wakeup_due = true;
  return watcher;
}

void Core::unsubscribe(const std::shared_ptr<Watcher>& watcher) {
  std::unique_lock lock(mutex);
  watcher->closed = true;
  std::erase(watchers_, watcher);
  if (watcher->running == std::this_thread::get_id()) return;
  idle_.wait(lock, [&] { return watcher->running == std::thread::id(); });
}

void Core::deliver() {
  std::unique_lock lock(mutex);
  if (delivering_) return;
  delivering_ = true;
  while (!outbox_.empty()) {
    const auto [watcher, item] = std::move(outbox_.front());
    outbox_.pop_front();
    if (watcher->closed) continue;
    watcher->running = std::this_thread::get_id();
    lock.unlock();
    if (item.type.empty()) {
      if (watcher->end) watcher->end();
    } else {
      watcher->sink(item);
    }
    lock.lock();
    watcher->running = {};
    idle_.notify_all();
  }
  delivering_ = false;
  const bool wake = std::exchange(wakeup_due, false);
  const std::function<void()> callback = wakeup;
  lock.unlock();
  if (wake && callback) callback();
}

}  // namespace weir::api::kube
