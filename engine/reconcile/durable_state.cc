#include "engine/reconcile/durable_state.hh"

#include "engine/event/wire.hh"

namespace weir::reconcile {
namespace {

using event::append_digest;
using event::append_string;
using event::append_varint;
using event::Reader;

// Raise it when fold() or these bytes change.
constexpr std::uint64_t version = 2;

void append_id(std::string& out, const ObjectId& id) {
  for (const std::string* part : {&id.gvk.group, &id.gvk.version, &id.gvk.kind, &id.ns, &id.name})
    append_string(out, *part);
}

ObjectId read_id(Reader& reader) {
  ObjectId id;
  for (std::string* part : {&id.gvk.group, &id.gvk.version, &id.gvk.kind, &id.ns, &id.name})
    *part = reader.string();
  return id;
}

void append_set(std::string& out, const ObjectSet& set) {
  append_varint(out, set.size());
  for (const ObjectId& id : set) append_id(out, id);
}

void read_set(Reader& reader, ObjectSet& set) {
  for (std::uint64_t i = reader.varint(); i > 0 && reader.ok(); --i) set.insert(read_id(reader));
}

void append_owner(std::string& out, const ObjectId& id, const OwnerState& owner) {
  append_id(out, id);
  append_digest(out, owner.spec_logged);
  append_string(out, owner.failure_logged);
}

void read_owner(Reader& reader, OwnerState& owner) {
  owner.spec_logged = reader.digest();
  owner.failure_logged = reader.string();
}

void append_pin(std::string& out, const std::optional<Pin>& pin) {
  append_varint(out, pin ? 1 : 0);
  if (!pin) return;
  const auto& [seq, to_seq, set_blob, revision, from_revision, actor, time, hold] = *pin;
  append_varint(out, seq);
  append_varint(out, to_seq);
  append_digest(out, set_blob);
  for (const std::string* text : {&revision, &from_revision, &actor}) append_string(out, *text);
  append_varint(out, static_cast<std::uint64_t>(time));
  append_varint(out, hold ? 1 : 0);
}

void read_pin(Reader& reader, std::optional<Pin>& pin) {
  if (reader.varint() == 0) return;
  auto& [seq, to_seq, set_blob, revision, from_revision, actor, time, hold] = pin.emplace();
  seq = reader.varint();
  to_seq = reader.varint();
  set_blob = reader.digest();
  for (std::string* text : {&revision, &from_revision, &actor}) *text = reader.string();
  time = static_cast<base::TimeUs>(reader.varint());
  hold = reader.varint() != 0;
}

void append_helm_pin(std::string& out, const std::optional<HelmPin>& pin) {
  append_varint(out, pin ? 1 : 0);
  if (!pin) return;
  const auto& [seq, to_seq, release_blob, revision, from, actor, hold] = *pin;
  append_varint(out, seq);
  append_varint(out, to_seq);
  append_digest(out, release_blob);
  for (const std::string* text : {&revision, &from, &actor}) append_string(out, *text);
  append_varint(out, hold ? 1 : 0);
}

void read_helm_pin(Reader& reader, std::optional<HelmPin>& pin) {
  if (reader.varint() == 0) return;
  auto& [seq, to_seq, release_blob, revision, from, actor, hold] = pin.emplace();
  seq = reader.varint();
  to_seq = reader.varint();
  release_blob = reader.digest();
  for (std::string* text : {&revision, &from, &actor}) *text = reader.string();
  hold = reader.varint() != 0;
}

void append_flight(std::string& out, const std::optional<HelmInFlight>& flight) {
  append_varint(out, flight ? 1 : 0);
  if (!flight) return;
  const auto& [action, release, chart_version, config_digest] = *flight;
  append_varint(out, static_cast<std::uint64_t>(release));
  for (const std::string* text : {&action, &chart_version, &config_digest})
    append_string(out, *text);
}

void read_flight(Reader& reader, std::optional<HelmInFlight>& flight) {
  if (reader.varint() == 0) return;
  auto& [action, release, chart_version, config_digest] = flight.emplace();
  release = static_cast<int>(reader.varint());
  for (std::string* text : {&action, &chart_version, &config_digest}) *text = reader.string();
}

void append_live(std::string& out, const LiveTable& live) {
  append_varint(out, live.size());
  for (const auto& [id, facts] : live) {
    append_id(out, id);
    append_varint(out, facts.exists ? 1 : 0);
    append_string(out, facts.resource_version);
    append_digest(out, facts.applied_manifest);
    append_digest(out, facts.applied_owned);
  }
}

void read_live(Reader& reader, LiveTable& live) {
  for (std::uint64_t i = reader.varint(); i > 0 && reader.ok(); --i) {
    LiveFacts& facts = live[read_id(reader)];
    facts.exists = reader.varint() != 0;
    facts.resource_version = reader.string();
    facts.applied_manifest = reader.digest();
    facts.applied_owned = reader.digest();
  }
}

void append_kustomizations(std::string& out, const ObjectMap<KustomizationState>& all) {
  append_varint(out, all.size());
  for (const auto& [id, ks] : all) {
    append_owner(out, id, ks);
    append_digest(out, ks.rendered_logged);
    append_string(out, ks.rendered_revision);
    append_set(out, ks.attempted);
    append_set(out, ks.attempted_before);
    append_pin(out, ks.pin);
    append_varint(out, ks.received.size());
    for (const auto& [object, giver] : ks.received) {
      append_id(out, object);
      append_id(out, giver);
    }
  }
}

void read_kustomizations(Reader& reader, ObjectMap<KustomizationState>& all) {
  for (std::uint64_t i = reader.varint(); i > 0 && reader.ok(); --i) {
    KustomizationState& ks = all[read_id(reader)];
    read_owner(reader, ks);
    ks.rendered_logged = reader.digest();
    ks.rendered_revision = reader.string();
    read_set(reader, ks.attempted);
    read_set(reader, ks.attempted_before);
    read_pin(reader, ks.pin);
    for (std::uint64_t j = reader.varint(); j > 0 && reader.ok(); --j) {
      const ObjectId object = read_id(reader);
      ks.received[object] = read_id(reader);
    }
  }
}

void append_undoing(std::string& out, const std::map<std::uint64_t, UnfinishedUndo>& all) {
  append_varint(out, all.size());
  for (const auto& [seq, undo] : all) {
    append_varint(out, seq);
    append_id(out, undo.owner);
    append_string(out, undo.actor);
    append_varint(out, undo.left.size());
    for (const auto& [pruned, blob] : undo.left) {
      append_varint(out, pruned);
      append_digest(out, blob);
    }
  }
}

void read_undoing(Reader& reader, std::map<std::uint64_t, UnfinishedUndo>& all) {
  for (std::uint64_t i = reader.varint(); i > 0 && reader.ok(); --i) {
    UnfinishedUndo& undo = all[reader.varint()];
    undo.owner = read_id(reader);
    undo.actor = reader.string();
    for (std::uint64_t j = reader.varint(); j > 0 && reader.ok(); --j) {
      const std::uint64_t pruned = reader.varint();
      undo.left[pruned] = reader.digest();
    }
  }
}

}  // namespace

std::string encode_durable(const State& state, const Delivery& delivery) {
  std::string out;
  append_varint(out, version);
  append_varint(out, state.head);
  append_varint(out, state.sources.size());
  for (const auto& [id, source] : state.sources) append_owner(out, id, source);
  append_kustomizations(out, state.kustomizations);
  append_varint(out, state.helm_releases.size());
  for (const auto& [id, release] : state.helm_releases) {
    append_owner(out, id, release);
    append_digest(out, release.rendered_logged);
    append_flight(out, release.in_flight);
    append_helm_pin(out, release.pin);
  }
  append_live(out, state.live);
  append_undoing(out, state.undoing);
  delivery.encode(out);
  return out;
}

Result<void> decode_durable(std::string_view bytes, State& state, Delivery& delivery) {
  Reader reader(bytes);
  const std::uint64_t written = reader.varint();
  if (reader.ok() && written != version) {
    return make_error(Code::unsupported,
                      "the engine's snapshot is of version " + std::to_string(written) +
                          ", this build folds version " + std::to_string(version));
  }
  state.head = reader.varint();
  for (std::uint64_t i = reader.varint(); i > 0 && reader.ok(); --i)
    read_owner(reader, state.sources[read_id(reader)]);
  read_kustomizations(reader, state.kustomizations);
  for (std::uint64_t i = reader.varint(); i > 0 && reader.ok(); --i) {
    HelmReleaseState& release = state.helm_releases[read_id(reader)];
    read_owner(reader, release);
    release.rendered_logged = reader.digest();
    read_flight(reader, release.in_flight);
    read_helm_pin(reader, release.pin);
  }
  read_live(reader, state.live);
  read_undoing(reader, state.undoing);
  delivery.decode(reader);
  if (!reader.at_end()) return make_error(Code::corrupt, "the engine's snapshot is malformed");
  return {};
}

Result<void> fold_log(const LogPort& log, std::uint64_t to, State& state, Delivery& delivery,
                      std::uint64_t* from) {
  std::uint64_t start = 0;
  WEIR_TRY(const auto snapshot, log.latest_snapshot(to));
  if (snapshot) {
    State kept;
    if (decode_durable(snapshot->bytes, kept, delivery).ok()) {
      start = snapshot->seq;
      state.head = kept.head;
      state.sources = std::move(kept.sources);
      state.kustomizations = std::move(kept.kustomizations);
      state.helm_releases = std::move(kept.helm_releases);
      state.live = std::move(kept.live);
      state.undoing = std::move(kept.undoing);
    } else {
      delivery.clear();
    }
  }
  if (from != nullptr) *from = start;
  return log.replay(start + 1, [&](const event::Event& event) {
    if (event.seq > to) return false;
    fold(state, event);
    delivery.fold(event, event.time);
    return true;
  });
}

Result<bool> keep_durable_snapshot(LogPort& log, std::uint64_t events_between) {
  const std::uint64_t head = log.head();
  WEIR_TRY(const auto last, log.latest_snapshot(head));
  State state;
  Delivery delivery;
  if (last && decode_durable(last->bytes, state, delivery).ok() &&
      head - last->seq < events_between)
    return false;
  if (!last && head < events_between) return false;
  State folded;
  WEIR_CHECK(fold_log(log, head, folded, delivery));
  WEIR_CHECK(log.put_snapshot(head, encode_durable(folded, delivery)));
  return true;
}

}  // namespace weir::reconcile
