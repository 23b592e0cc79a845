#include "engine/reconcile/input_codec.hh"

#include <type_traits>

#include "engine/event/wire.hh"
#include "engine/model/kinds/helm_release.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/helm_facts.hh"
#include "engine/value/json.hh"

namespace weir::reconcile {
namespace {

// The stand-in of another cluster: told apart from others, and never asked.
class NoCluster final : public KubeApi {
 public:
  Result<ApiResource> resolve(const model::Gvk&) override { return nowhere(); }
  Result<std::vector<ApiResource>> resources() override { return nowhere(); }
  Result<std::string> server_version() override { return nowhere(); }
  Result<Value> get(const ObjectId&, const Identity&) override { return nowhere(); }
  Result<ListResult> list(const model::Gvk&, const ListOptions&) override { return nowhere(); }
  Result<Value> create(const Value&, const WriteOptions&) override { return nowhere(); }
  Result<Value> update(const Value&, const WriteOptions&) override { return nowhere(); }
  Result<Value> apply(const Value&, const WriteOptions&) override { return nowhere(); }
  Result<Value> patch(const ObjectId&, PatchType, const Value&, const WriteOptions&) override {
    return nowhere();
  }
  Result<void> remove(const ObjectId&, const DeleteOptions&) override { return nowhere(); }
  std::unique_ptr<Watch> watch(const WatchOptions&, WatchSink) override { return nullptr; }

 private:
  static Error nowhere() { return make_error(Code::unavailable, "a replay reaches no cluster"); }
};

// One description of each struct for both directions: io(archive, field).
struct Writer {
  std::string& out;
  const FactsScope* scope = nullptr;  // of the outcomes of HelmReleases
  ClientNumbers* clients = nullptr;
  void number(std::uint64_t& number) { event::append_varint(out, number); }
  void text(std::string& text) { event::append_string(out, text); }
  void digest(base::Digest& digest) { event::append_digest(out, digest); }
  void value(Value& value) {
    constexpr value::JsonStyle plain{.sort_keys = false, .escape_html = false};
    event::append_string(out, value.is_null() ? "" : value::write_json(value, plain));
  }
  void rendered(RenderedPtr& set);
  void client(KubeApiPtr& client);
};

struct Reader {
  event::Reader in;
  const LogPort* log = nullptr;
  ClientStandIns* clients = nullptr;
  std::optional<Error> error;

  void number(std::uint64_t& number) { number = in.varint(); }
  void text(std::string& text) { text = in.string(); }
  void digest(base::Digest& digest) { digest = in.digest(); }
  void value(Value& value) {
    const std::string_view text = in.string();
    if (text.empty() || error) return;
    auto parsed = value::parse_json(text);
    if (parsed.ok()) {
      value = std::move(*parsed);
    } else {
      error = std::move(parsed).error();
    }
  }
  void rendered(RenderedPtr& set);
  void client(KubeApiPtr& client);
};

template <typename A, typename T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>)
void io(A& a, T& number) {
  auto wide = static_cast<std::uint64_t>(number);
  a.number(wide);
  number = static_cast<T>(wide);
}
template <typename A>
void io(A& a, std::string& text) {
  a.text(text);
}
template <typename A>
void io(A& a, base::Digest& digest) {
  a.digest(digest);
}
template <typename A>
void io(A& a, Value& value) {
  a.value(value);
}
template <typename A>
void io(A& a, base::Duration& duration) {
  auto count = duration.count();
  io(a, count);
  duration = base::Duration(count);
}
template <typename A>
void io(A& a, ObjectId& id) {
  for (std::string* part : {&id.gvk.group, &id.gvk.version, &id.gvk.kind, &id.ns, &id.name})
    io(a, *part);
}

// The structs below are aggregates of these; declared first, since they nest.
template <typename A>
void io(A& a, LiveFacts& facts);
template <typename A>
void io(A& a, StepError& error);
template <typename A>
void io(A& a, ObjectChange& change);
template <typename A>
void io(A& a, apply::StageKind& kind);
template <typename A>
void io(A& a, RestoreItem& item);
template <typename A>
void io(A& a, GitFile& file);
template <typename A>
void io(A& a, Error& error);
template <typename A>
void io(A& a, HelmDrift& drift);

template <typename A, typename T, typename U>
void io(A& a, std::pair<T, U>& pair) {
  io(a, pair.first);
  io(a, pair.second);
}
template <typename A, typename T>
void io(A& a, std::optional<T>& maybe) {
  bool there = maybe.has_value();
  io(a, there);
  if (!there) return;
  if (!maybe) maybe.emplace();
  io(a, *maybe);
}
template <typename A, typename T>
void io(A& a, std::vector<T>& list) {
  std::uint64_t count = list.size();
  a.number(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    if constexpr (std::is_same_v<A, Reader>) {
      if (!a.in.ok()) return;
      list.emplace_back();
    }
    io(a, list[i]);
  }
}

template <typename A, typename... Fields>
void all(A& a, Fields&... fields) {
  (io(a, fields), ...);
}

template <typename A>
void io(A& a, LiveFacts& f) {
  all(a, f.exists, f.foreign_manager, f.deleting, f.resource_version, f.uid, f.owned,
      f.applied_manifest, f.applied_owned, f.health, f.health_message);
}
template <typename A>
void io(A& a, StepError& e) {
  all(a, e.code, e.reason, e.message, e.terminal, e.unanswered);
}
template <typename A>
void io(A& a, ObjectChange& c) {
  all(a, c.id, c.action, c.manifest, c.manifest_blob, c.live_blob, c.made_blob, c.facts, c.note,
      c.error);
}
template <typename A>
void io(A& a, apply::StageKind& k) {
  all(a, k.group, k.kind);
}
template <typename A>
void io(A& a, RestoreItem& i) {
  all(a, i.id, i.blob, i.pruned);
}
template <typename A>
void io(A& a, GitFile& f) {
  all(a, f.path, f.commit);
}
template <typename A>
void io(A& a, Artifact& f) {
  all(a, f.revision, f.digest, f.path, f.url, f.origin_revision, f.metadata, f.foreign);
}
template <typename A>
void io(A& a, StoredArtifact& s) {
  all(a, s.path, s.digest, s.size, s.time);
}
template <typename A>
void io(A& a, SourceFetched& s) {
  all(a, s.artifact, s.stored, s.unchanged, s.reason, s.message, s.news_reason, s.news, s.observed,
      s.details);
}
template <typename A>
void io(A& a, ManifestsRendered& m) {
  a.rendered(m.rendered);
  all(a, m.from_cache, m.claimant);
}
template <typename A>
void io(A& a, StageApplied& s) {
  all(a, s.stage, s.changes, s.failure);
}
template <typename A>
void io(A& a, ObjectsPruned& p) {
  all(a, p.changes, p.orphaned, p.timed_out);
}
template <typename A>
void io(A& a, ObjectsRead& r) {
  all(a, r.facts);
}
template <typename A>
void io(A& a, ObjectsRestored& r) {
  all(a, r.changes, r.pruned, r.actor);
}
template <typename A>
void io(A& a, GitCommit& c) {
  all(a, c.sha, c.author, c.time, c.subject, c.message);
}
template <typename A>
void io(A& a, CommitPushed& c) {
  all(a, c.branch, c.actor, c.commit, c.files);
}
template <typename A>
void io(A& a, LiveKept& k) {
  all(a, k.id, k.blob, k.resource_version, k.health, k.message);
}
template <typename A>
void io(A& a, ArtifactsCollected& c) {
  all(a, c.removed);
}
template <typename A>
void io(A& a, StatusWritten& s) {
  all(a, s.object);
}
template <typename A>
void io(A& a, Error& e) {
  all(a, e.code, e.message, e.reason);
}
template <typename A>
void io(A& a, DesiredRelease& d) {
  all(a, d.chart_name, d.chart_version, d.app_version, d.config_digest, d.oci_digest,
      d.post_renderers_digest, d.common_metadata_digest, d.manifest_digest);
}
template <typename A>
void io(A& a, HelmDrift& d) {
  all(a, d.id, d.removed, d.additions, d.changes, d.removals, d.patch);
}
template <typename A>
void io(A& a, PreparedFacts& p) {
  all(a, p.there, p.charts, p.desired, p.recorded, p.recorded_oci, p.storage);
}
template <typename A>
void io(A& a, RanFacts& r) {
  all(a, r.step, r.polls, r.wait, r.deadline, r.done, r.stored, r.not_found, r.left_alone,
      r.failure, r.release, r.written, r.storage, r.changes, r.waiting, r.inventory, r.logs,
      r.drifts, r.revision, r.rendered, r.set_blob, r.release_blob, r.objects,
      r.already_uninstalled);
}
template <typename A>
void io(A& a, HelmChartApplied& c) {
  all(a, c.action, c.removed);
}
// As facts.
template <typename A, typename Facts, typename Outcome>
void io_facts(A& a, Outcome& outcome) {
  Facts facts;
  if constexpr (std::is_same_v<A, Writer>) facts = facts_of(outcome, *a.scope);
  io(a, facts);
  if constexpr (std::is_same_v<A, Reader>) outcome = outcome_of(facts);
}
template <typename A>
void io(A& a, HelmPrepared& p) {
  io_facts<A, PreparedFacts>(a, p);
}
template <typename A>
void io(A& a, HelmRan& r) {
  io_facts<A, RanFacts>(a, r);
}
template <typename A>
void io(A&, Done&) {}
template <typename A>
void io(A& a, ClusterReached& c) {
  a.client(c.cluster);
}

template <std::size_t I = 0, typename Variant>
void emplace(Variant& variant, std::size_t index) {
  if constexpr (I < std::variant_size_v<Variant>) {
    if (I == index) {
      variant.template emplace<I>();
    } else {
      emplace<I + 1>(variant, index);
    }
  }
}

template <typename A, typename... Bodies>
void io_variant(A& a, std::variant<Bodies...>& variant) {
  std::uint64_t index = variant.index();
  a.number(index);
  if constexpr (std::is_same_v<A, Reader>) {
    if (index >= sizeof...(Bodies)) {
      a.error = make_error(Code::corrupt, "an input of an unknown kind");
      return;
    }
    emplace(variant, index);
  }
  std::visit([&](auto& body) { io(a, body); }, variant);
}

template <typename A>
void io(A& a, Outcome& o) {
  all(a, o.owner, o.attempt, o.cause, o.command, o.took);
  io_variant(a, o.body);
}
template <typename A>
void io(A& a, Observed& o) {
  all(a, o.key, o.event.type, o.event.object, o.event.error.code, o.event.error.reason,
      o.event.error.message);
}
template <typename A>
void io(A& a, OperatorAction& o) {
  all(a, o.kind, o.target, o.set_blob, o.release_blob, o.revision, o.to_seq, o.hold, o.actor,
      o.restore, o.files, o.head, o.message);
}
template <typename A>
void io(A& a, StoreFact& f) {
  all(a, f.type, f.data);
}

template <typename A>
void io(A& a, EngineOptions& o) {
  all(a, o.concurrent, o.concurrent_ssa, o.retry_delay_min, o.retry_delay_max, o.requeue_dependency,
      o.full_check_interval, o.stage_wait_max, o.artifact_ttl, o.artifact_records,
      o.interval_jitter_percent, o.prune_hold_percent, o.prune_hold_objects_min, o.stage_kinds,
      o.override_managers, o.no_cross_namespace_refs, o.no_remote_bases, o.allow_local_sources,
      o.strict_substitution, o.helm_defaults.helm3, o.helm_defaults.retry_on_failure,
      o.chart_digest_in_version, o.additive_ready_expr, o.default_service_account,
      o.external_sources, o.watch_namespace);
}

void Writer::rendered(RenderedPtr& set) {
  bool there = set != nullptr;
  io(*this, there);
  if (!there) return;
  RenderedSet head;
  head.revision = set->revision;
  head.digest = set->digest;
  head.set_blob = set->set_blob;
  all(*this, head.revision, head.digest, head.set_blob);
  std::vector<std::size_t> sizes;
  for (const auto& stage : set->stages) sizes.push_back(stage.size());
  io(*this, sizes);
}

void Reader::rendered(RenderedPtr& set) {
  bool there = false;
  io(*this, there);
  if (!there) return;
  RenderedSet head;
  std::vector<std::size_t> sizes;
  all(*this, head.revision, head.digest, head.set_blob);
  io(*this, sizes);
  if (!in.ok() || error) return;
  auto objects = load_set(*log, head.set_blob);
  if (!objects.ok()) {
    error = std::move(objects).error().with_context("the rendered set " + head.set_blob.hex());
    return;
  }
  auto next = objects->begin();
  for (const std::size_t size : sizes) {
    std::vector<RenderedObject>& stage = head.stages.emplace_back();
    for (std::size_t i = 0; i < size && next != objects->end(); ++i, ++next)
      stage.push_back(std::move(*next));
  }
  set = std::make_shared<const RenderedSet>(std::move(head));
}

void Writer::client(KubeApiPtr& client) {
  std::uint64_t next = clients->size() + 1;
  number(clients->try_emplace(client.get(), next).first->second);
}

// Records of older builds end here.
void Reader::client(KubeApiPtr& client) {
  std::uint64_t known = 0;
  if (!in.at_end()) number(known);
  KubeApiPtr& stand_in = (*clients)[known];
  if (stand_in == nullptr) stand_in = std::make_shared<NoCluster>();
  client = stand_in;
}

template <typename T>
Result<T> read(std::string_view bytes, const LogPort* log, ClientStandIns* clients,
               void (*each)(Reader&, T&)) {
  Reader reader{event::Reader(bytes), log, clients, {}};
  T out;
  each(reader, out);
  if (reader.error) return std::move(*reader.error);
  if (!reader.in.at_end()) return make_error(Code::corrupt, "a recorded input is malformed");
  return out;
}

}  // namespace

bool is_helm_release_id(const ObjectId& id) {
  return id.gvk.group == model::helm_release_gvk.group;
}

std::string encode_input(const Input& input, const EngineOptions& options, const Value& status,
                         ClientNumbers& clients) {
  std::string out;
  const FactsScope scope{status, options.hiding_key};
  Writer writer{out, &scope, &clients};
  Input copy = input;  // io() takes both directions, so it takes no const
  if (auto* seen = std::get_if<Observed>(&copy)) hide_secrets(seen->event.object, options);
  if (auto* outcome = std::get_if<Outcome>(&copy)) {
    // Only that of a finalizer is looked at.
    auto* written = std::get_if<StatusWritten>(&outcome->body);
    if (written != nullptr && outcome->command == CommandBody(WriteStatus{}).index())
      written->object = Value();
    if (written != nullptr) hide_secrets(written->object, options);
  }
  io_variant(writer, copy);
  return out;
}

Result<Input> decode_input(std::string_view bytes, const LogPort& log,
                           ClientStandIns& clients) {
  return read<Input>(bytes, &log, &clients,
                     [](Reader& a, Input& input) { io_variant(a, input); });
}

std::string encode_options(const EngineOptions& options) {
  std::string out;
  Writer writer{out};
  EngineOptions copy = options;
  io(writer, copy);
  return out;
}

Result<EngineOptions> decode_options(std::string_view bytes) {
  return read<EngineOptions>(bytes, nullptr, nullptr,
                             [](Reader& a, EngineOptions& o) { io(a, o); });
}

}  // namespace weir::reconcile
