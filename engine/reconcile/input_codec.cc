#include "engine/reconcile/input_codec.hh"

#include <type_traits>

#include "engine/event/wire.hh"
#include "engine/model/kinds/helm_release.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/flows.hh"
#include "engine/value/json.hh"

namespace weir::reconcile {
namespace {

// One description of each struct for both directions: io(archive, field).
struct Writer {
  std::string& out;
  void number(std::uint64_t& number) { event::append_varint(out, number); }
  void text(std::string& text) { event::append_string(out, text); }
  void digest(base::Digest& digest) { event::append_digest(out, digest); }
  void value(Value& value) {
    constexpr value::JsonStyle plain{.sort_keys = false, .escape_html = false};
    event::append_string(out, value.is_null() ? "" : value::write_json(value, plain));
  }
  void rendered(RenderedPtr& set);
};

struct Reader {
  event::Reader in;
  const LogPort* log = nullptr;
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
// Never recorded: they are of HelmReleases.
template <typename A>
void io(A&, HelmChartApplied&) {}
template <typename A>
void io(A&, HelmPrepared&) {}
template <typename A>
void io(A&, HelmRan&) {}
template <typename A>
void io(A&, Done&) {}
// That there is a way is what counts; a replay goes none.
template <typename A>
void io(A&, ClusterReached&) {}

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
      o.strict_substitution, o.default_service_account, o.external_sources, o.watch_namespace);
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

template <typename T>
Result<T> read(std::string_view bytes, const LogPort* log, void (*each)(Reader&, T&)) {
  Reader reader{event::Reader(bytes), log, {}};
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

bool is_recorded(const Input& input) {
  const auto* outcome = std::get_if<Outcome>(&input);
  if (outcome != nullptr) return !is_helm_release_id(outcome->owner);
  if (const auto* action = std::get_if<OperatorAction>(&input))
    return !is_helm_release_id(action->target);
  const auto* seen = std::get_if<Observed>(&input);
  return seen == nullptr || seen->event.object.is_null() ||
         !is_helm_release_id(ObjectId::of(seen->event.object));
}

std::string encode_input(const Input& input, const EngineOptions& options) {
  std::string out;
  Writer writer{out};
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

Result<Input> decode_input(std::string_view bytes, const LogPort& log) {
  return read<Input>(bytes, &log, [](Reader& a, Input& input) { io_variant(a, input); });
}

std::string encode_options(const EngineOptions& options) {
  std::string out;
  Writer writer{out};
  EngineOptions copy = options;
  io(writer, copy);
  return out;
}

Result<EngineOptions> decode_options(std::string_view bytes) {
  return read<EngineOptions>(bytes, nullptr, [](Reader& a, EngineOptions& o) { io(a, o); });
}

}  // namespace weir::reconcile
