// The inside of the embedded Kubernetes API: state, and the verbs on it. KubeServer is its face.
//
// Owner: api/kube only; nothing outside includes this. Threads: every member is used with `mutex`
// held, but for deliver() and unsubscribe(), which take it. Failure: verbs answer API errors
// (call.hh).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <random>
#include <thread>

#include "api/kube/call.hh"
#include "api/kube/kinds.hh"
#include "api/kube/managed_fields.hh"
#include "api/kube/selector.hh"
#include "api/kube/server.hh"
#include "api/kube/storage.hh"

namespace weir::api::kube {

// What a watch reports. `type` is ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.
struct WatchItem {
  std::string type;
  Value object;
};

struct Watcher {
  Kind kind;
  std::string ns;
  Selector labels, fields;
  bool bookmarks = false;
  std::function<void(WatchItem)> sink;
  std::function<void()> end;  // the server ends it (time-out); may be null
  std::optional<std::chrono::microseconds> ends_at;
  std::chrono::microseconds next_bookmark{0};
  bool closed = false;
  std::thread::id running;  // the thread inside the sink
};

struct ListAnswer {
  std::vector<Value> items;
  std::uint64_t revision = 0;
  std::string continue_token;
  std::size_t remaining = 0;
};

// A piece of simulated work: which controller, on which object.
struct Task {
  std::string controller;
  Key key;
  auto operator<=>(const Task&) const = default;
};

class Core {
 public:
  explicit Core(const ServerOptions& options);
  Result<void> start();

  // --- verbs (core.cc, write.cc, remove.cc, subresources.cc)
  Result<Value> execute(Call& call);  // all but list and watch
  Result<ListAnswer> list(Call& call);
  Result<void> authorize(const Call& call) const;
  // Role-based access control for everybody but system:masters. "" group is core.
  Result<void> authorize_named(const User& user, std::string_view verb, std::string_view group,
                               std::string_view resource, std::string_view subresource,
                               std::string_view ns, std::string_view name) const;
  // The same of a path that is no resource: "/metrics".
  bool may_reach(const User& user, std::string_view verb, std::string_view path) const;
  // The rules that hold for a user: cluster-wide ones, then those of the namespace ("" = none),
  // until `take` answers true. True when it did.
  bool visit_rules(const User& user, std::string_view ns,
                   const std::function<bool(const Value& rule)>& take) const;
  // The user of a bearer token; nothing when it is unknown, has expired, or its account is gone.
  std::optional<User> user_of_token(std::string_view token) const;

  // --- watches (watch.cc)
  // Starts one; past changes since the call's resourceVersion are queued. Error: Expired.
  Result<std::shared_ptr<Watcher>> subscribe(Call& call, std::function<void(WatchItem)> sink,
                                             std::function<void()> end);
  void unsubscribe(
      const std::shared_ptr<Watcher>& watcher);  // takes the lock; waits for a running sink
  void deliver();                                // takes the lock; calls sinks without it

  // --- time (core.cc)
  std::optional<std::chrono::microseconds> next_deadline() const;
  std::size_t run_due();  // one round of what is due now; 0 when nothing was
  void schedule(const Task& task, std::chrono::microseconds delay);
  base::TimeUs now() const { return options.clock->now(); }
  std::string now_text() const { return base::format_rfc3339(now()); }

  // The stored object as `kind`'s version shows it.
  Value show(const Value& stored, const KindInfo& kind) const;
  // A call by the control plane itself.
  Call internal(Verb verb, const Kind& kind, const Key& key) const;
  Kind kind_of_set(std::string_view set) const;
  Result<User> user_of(const Request& request) const;
  std::string random_uid();
  std::string random_suffix(std::size_t length);

  ServerOptions options;
  Storage storage;
  Registry registry;
  mutable std::mutex mutex;
  std::function<void()> wakeup;
  bool wakeup_due = false;

 private:
  friend class Workloads;
  friend class Collector;

  // write.cc
  Result<Value> create(Call& call);
  Result<Value> update(Call& call);
  Result<Value> patch(Call& call);
  Result<Value> apply(Call& call, const Value& live);
  Result<void> check_body(Call& call, Value& object) const;
  Result<void> check_namespace(Call& call, const Value& object) const;
  Result<void> decode(Call& call, Value& object) const;
  Result<Value> finish(Call& call, const Value& live, Value object, std::vector<Manager>* managers);
  void keep_system_fields(const Call& call, const Value& live, Value& object);
  void assign_addresses(const Value& live, Value& service);
  Result<Value> store(Call& call, const Key& key, const Value& live, Value object);
  WriteContext context_of(const Call& call) const;
  Key key_of(const Call& call) const;

  // remove.cc
  Result<Value> remove(Call& call);
  Result<Value> remove_collection(Call& call);
  Result<Value> erase(const Key& key);
  Result<Value> mark_deleted(Call& call, Value object);

  // subresources.cc
  Result<Value> scale(Call& call);
  Result<Value> review(Call& call);
  Value rules_review(const User& user, std::string_view ns) const;
  Result<Value> service_account_token(Call& call);
  Result<Value> finalize_namespace(Call& call);
  Result<Value> evict(Call& call);

  // core.cc
  Result<Value> get(Call& call);
  Result<void> bootstrap();
  void end_watches(std::string_view set);  // of a kind that is served no more
  void changed();  // after each change of storage: watches, registry, controllers

  std::mt19937_64 random_;
  std::map<Task, std::chrono::microseconds> due_;
  std::set<std::pair<std::chrono::microseconds, Task>> queue_;
  std::vector<std::shared_ptr<Watcher>> watchers_;
  std::deque<std::pair<std::shared_ptr<Watcher>, WatchItem>> outbox_;
  bool delivering_ = false;
  std::condition_variable idle_;
  std::map<std::string, User, std::less<>> tokens_;
};

}  // namespace weir::api::kube
