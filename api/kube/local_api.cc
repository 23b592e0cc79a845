#include "api/kube/local_api.hh"

#include "api/kube/http.hh"

namespace weir::api::kube {

namespace {

using reconcile::WatchEvent;
using reconcile::WatchType;

User user_from(const reconcile::Identity& identity) {
  if (identity.user.empty()) return {"weir", {"system:masters"}};
  User user{identity.user, {"system:authenticated"}};
  add_account_groups(user);
  return user;
}

Error no_match(const model::Gvk& gvk) {
  return make_error(
      Code::not_found,
      "no matches for kind \"" + gvk.kind + "\" in version \"" + gvk.api_version() + "\"",
      "NoMatch");
}

reconcile::ApiResource describe(const KindInfo& kind) {
  return {kind.gvk,        kind.plural, kind.singular,  kind.short_names,
          kind.categories, kind.verbs,  kind.namespaced};
}

// Lives as long as its handle: a watch that begins when the kind is there and ends with the handle.
class LocalWatch final : public reconcile::Watch {
 public:
  LocalWatch(std::shared_ptr<Core> core, std::shared_ptr<Watcher> watcher)
      : core_(std::move(core)), watcher_(std::move(watcher)) {}
  ~LocalWatch() override { core_->unsubscribe(watcher_); }

 private:
  std::shared_ptr<Core> core_;
  std::shared_ptr<Watcher> watcher_;
};

// A watch of a kind that is not served yet: it reports the failure, then waits for a definition of
// it.
class AwaitedWatch final : public reconcile::Watch {
 public:
  AwaitedWatch(std::shared_ptr<Core> core, reconcile::WatchOptions options,
               reconcile::WatchSink sink)
      : state_(std::make_shared<State>()) {
    state_->core = std::move(core);
    state_->options = std::move(options);
    state_->sink = std::move(sink);
    Call call;
    {
      const std::lock_guard lock(state_->core->mutex);
      call.kind =
          state_->core->registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
      call.send_initial_events = true;
      auto made = state_->core->subscribe(
          call, [weak = std::weak_ptr<State>(state_)](const WatchItem&) { look(weak.lock()); },
          nullptr);
      WEIR_ASSERT(made.ok());
      definitions_ = std::move(*made);
    }
    state_->sink({WatchType::failed, Value(), no_match(state_->options.gvk)});
    state_->core->deliver();
  }
  ~AwaitedWatch() override {
    state_->core->unsubscribe(definitions_);
    if (state_->watcher != nullptr) state_->core->unsubscribe(state_->watcher);
  }

 private:
  struct State {
    std::shared_ptr<Core> core;
    reconcile::WatchOptions options;
    reconcile::WatchSink sink;
    std::shared_ptr<Watcher> watcher;
  };
  static void look(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
  std::shared_ptr<Watcher> definitions_;
};

std::function<void(WatchItem)> adapt(reconcile::WatchSink sink) {
  return [sink = std::move(sink)](const WatchItem& item) {
    WatchEvent event;
    if (item.type == "BOOKMARK") {
      event.type = WatchType::synced;
    } else {
      event.type = item.type == "ADDED"     ? WatchType::added
                   : item.type == "DELETED" ? WatchType::deleted
                                            : WatchType::modified;
      event.object = item.object;
    }
    sink(std::move(event));
  };
}

Call watch_call(const Kind& kind, const reconcile::WatchOptions& options) {
  Call call;
  call.verb = Verb::watch;
  call.kind = kind;
  call.ns = options.ns;
  call.label_selector = options.label_selector;
  call.field_selector = options.field_selector;
  call.send_initial_events = true;
  return call;
}

void AwaitedWatch::look(const std::shared_ptr<State>& state) {
  if (state == nullptr) return;
  const std::lock_guard lock(state->core->mutex);
  if (state->watcher != nullptr) return;
  const Kind kind = state->core->registry.find(state->options.gvk);
  if (kind == nullptr) return;
  Call call = watch_call(kind, state->options);
  auto made = state->core->subscribe(call, adapt(state->sink), nullptr);
  if (made.ok()) state->watcher = std::move(*made);
}

class LocalApi final : public reconcile::KubeApi {
 public:
  explicit LocalApi(std::shared_ptr<Core> core) : core_(std::move(core)) {}

  Result<reconcile::ApiResource> resolve(const model::Gvk& gvk) override {
    const std::lock_guard lock(core_->mutex);
    const Kind kind = core_->registry.find(gvk);
    if (kind == nullptr) return no_match(gvk);
    return describe(*kind);
  }

  Result<std::vector<reconcile::ApiResource>> resources() override {
    const std::lock_guard lock(core_->mutex);
    std::vector<reconcile::ApiResource> all;
    for (const Kind& kind : core_->registry.all()) all.push_back(describe(*kind));
    return all;
  }

  Result<std::string> server_version() override { return std::string(model::schema_version()); }

  Result<Value> get(const model::ObjectId& id, const reconcile::Identity& as) override {
    return run(id, as, [](Call& call) { call.verb = Verb::get; });
  }

  Result<reconcile::ListResult> list(const model::Gvk& gvk,
                                     const reconcile::ListOptions& options) override {
    const std::lock_guard lock(core_->mutex);
    Call call;
    call.verb = Verb::list;
    call.kind = core_->registry.find(gvk);
    if (call.kind == nullptr) return no_match(gvk);
    call.user = user_from(options.as);
    call.ns = options.ns;
    call.label_selector = options.label_selector;
    call.field_selector = options.field_selector;
    WEIR_TRY(ListAnswer answer, core_->list(call));
    return reconcile::ListResult{std::move(answer.items), std::to_string(answer.revision)};
  }

  Result<Value> create(const Value& object, const reconcile::WriteOptions& options) override {
    return write(object, options, Verb::create, PatchKind::merge);
  }
  Result<Value> update(const Value& object, const reconcile::WriteOptions& options) override {
    return write(object, options, Verb::update, PatchKind::merge);
  }
  Result<Value> apply(const Value& object, const reconcile::WriteOptions& options) override {
    return write(object, options, Verb::patch, PatchKind::apply);
  }

  Result<Value> patch(const model::ObjectId& id, reconcile::PatchType type, const Value& body,
                      const reconcile::WriteOptions& options) override {
    return run(id, options.as, [&](Call& call) {
      call.verb = Verb::patch;
      call.patch = type == reconcile::PatchType::json    ? PatchKind::json
                   : type == reconcile::PatchType::merge ? PatchKind::merge
                                                         : PatchKind::strategic;
      set_options(call, options);
      call.body = body;
    });
  }

  Result<void> remove(const model::ObjectId& id, const reconcile::DeleteOptions& options) override {
    static constexpr std::string_view policies[] = {"Background", "Foreground", "Orphan"};
    WEIR_CHECK(run(id, options.as, [&](Call& call) {
      call.verb = Verb::remove;
      call.propagation = policies[static_cast<std::size_t>(options.propagation)];
      call.precondition_uid = options.uid;
      call.dry_run = options.dry_run;
    }));
    return {};
  }

  std::unique_ptr<reconcile::Watch> watch(const reconcile::WatchOptions& options,
                                          reconcile::WatchSink sink) override {
    std::shared_ptr<Watcher> watcher;
    Error error;
    bool known = true;
    {
      const std::lock_guard lock(core_->mutex);
      const Kind kind = core_->registry.find(options.gvk);
      if (kind == nullptr) {
        known = false;
      } else {
        Call call = watch_call(kind, options);
        auto made = core_->subscribe(call, adapt(sink), nullptr);
        if (made.ok())
          watcher = std::move(*made);
        else
          error = std::move(made).error();
      }
    }
    if (!known) return std::make_unique<AwaitedWatch>(core_, options, std::move(sink));
    if (watcher == nullptr) {
      sink({WatchType::failed, Value(), std::move(error)});
      return std::make_unique<reconcile::Watch>();
    }
    core_->deliver();
    return std::make_unique<LocalWatch>(core_, watcher);
  }

 private:
  static void set_options(Call& call, const reconcile::WriteOptions& options) {
    call.field_manager = options.field_manager.empty() ? "weir" : options.field_manager;
    call.force = options.force;
    call.dry_run = options.dry_run;
    call.subresource = options.subresource;
    call.field_validation = "Strict";
  }

  template <typename Fill>
  Result<Value> run(const model::ObjectId& id, const reconcile::Identity& as, Fill fill,
                    bool* made = nullptr) {
    Result<Value> done = Value();
    {
      const std::lock_guard lock(core_->mutex);
      Call call;
      call.kind = core_->registry.find(id.gvk);
      if (call.kind == nullptr) return no_match(id.gvk);
      call.user = user_from(as);
      // As over HTTP: nobody guesses a namespace.
      if (call.kind->namespaced && id.ns.empty())
        return make_error(
            Code::invalid,
            id.gvk.kind + "/" + id.name +
                ": an empty namespace may not be set when a resource name is provided",
            "NoNamespace");
      if (call.kind->namespaced) call.ns = id.ns;
      call.name = id.name;
      fill(call);
      done = core_->execute(call);
      if (made != nullptr) *made = call.created;
    }
    core_->deliver();
    return done;
  }

  Result<Value> write(const Value& object, const reconcile::WriteOptions& options, Verb verb,
                      PatchKind kind) {
    const auto fill = [&](Call& call) {
      call.verb = verb;
      call.patch = kind;
      set_options(call, options);
      call.body = object;
    };
    return run(model::ObjectId::of(object), options.as, fill, options.made);
  }

  std::shared_ptr<Core> core_;
};

}  // namespace

std::unique_ptr<reconcile::KubeApi> make_local_api(std::shared_ptr<Core> core) {
  return std::make_unique<LocalApi>(std::move(core));
}

}  // namespace weir::api::kube
