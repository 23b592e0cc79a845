#include "engine/model/inventory.hh"
#include "engine/reconcile/state.hh"

namespace weir::reconcile {
namespace {

base::Digest digest_field(const Value& data, std::string_view name) {
  auto parsed = base::Digest::parse(data[name].get_string());
  return parsed.ok() ? *parsed : base::Digest{};
}

bool is_kustomization(const ObjectId& id) { return id.gvk.kind == "Kustomization"; }

bool is_helm_release(const ObjectId& id) { return id.gvk.group == model::helm_release_gvk.group; }

OwnerState* owner_state(State& state, const ObjectId& id) {
  if (id.gvk.kind == "Kustomization" && id.gvk.group == model::kustomization_gvk.group)
    return &state.kustomizations[id];
  if (is_helm_release(id)) return &state.helm_releases[id];
  if (id.gvk.group == model::source_group) return &state.sources[id];
  return nullptr;
}

// An operator's order failed, not a reconcile.
bool is_order(const event::Event& event) {
  const std::string_view step = event.data["step"].get_string();
  return step == "undo" || step == "git-revert";
}

void fold_applied(State& state, const event::Event& event) {
  LiveFacts& facts = state.live[event.subject.object];
  facts.exists = true;
  facts.resource_version = event.data["resourceVersion"].get_string();
  facts.applied_owned = digest_field(event.data, "owned");
  // Without the digest of its fields (Secrets) nothing is known of the object until it is asked
  // about.
  // A manifest's digest is that of its blob; older records state it once more.
  facts.applied_manifest = facts.applied_owned.empty() || event.blobs.empty()
                               ? base::Digest{}
                               : event.blobs.front();
}

void fold_pinned_release(State& state, const event::Event& event) {
  HelmPin pin;
  pin.seq = event.seq;
  pin.to_seq = static_cast<std::uint64_t>(event.data["toSeq"].get_int());
  if (event.blobs.size() > 1) pin.release_blob = event.blobs[1];
  pin.revision = event.data["revision"].get_string();
  pin.from = event.data["from"].get_string();
  pin.hold = event.data["hold"].get_bool();
  pin.actor = event.actor;
  state.helm_releases[event.subject.object].pin = std::move(pin);
}

void fold_pinned(State& state, const event::Event& event) {
  if (is_helm_release(event.subject.object)) return fold_pinned_release(state, event);
  Pin pin;
  pin.seq = event.seq;
  pin.to_seq = static_cast<std::uint64_t>(event.data["toSeq"].get_int());
  pin.set_blob = event.blobs.empty() ? base::Digest{} : event.blobs.front();
  pin.revision = event.data["revision"].get_string();
  pin.from_revision = event.data["fromRevision"].get_string();
  pin.hold = event.data["hold"].get_bool();
  pin.actor = event.actor;
  pin.time = event.time;
  state.kustomizations[event.subject.object].pin = std::move(pin);
}

// An action on a release begins; the end of the reconcile ends it.
void fold_planned(State& state, const event::Event& event) {
  if (!is_helm_release(event.subject.object) || event.data["version"].is_null()) return;
  HelmInFlight flight;
  flight.action = event.data["action"].get_string();
  flight.version = static_cast<int>(event.data["version"].get_int());
  flight.chart_version = event.data["revision"].get_string();
  flight.config_digest = event.data["config"].get_string();
  state.helm_releases[event.subject.object].in_flight = std::move(flight);
}

// What is about to be applied, or was sent and got no answer, may stand.
void fold_attempted(State& state, const event::Event& event, std::string_view field) {
  if (event.data[field].is_null() || !is_kustomization(event.subject.object)) return;
  const auto ids = model::parse_inventory(event.data[field]);
  if (!ids.ok()) return;
  state.kustomizations[event.subject.object].attempted.insert(ids->begin(), ids->end());
}

// The status of the last success may not have been written before the end: its objects stay
// candidates.
void fold_finished(State& state, const event::Event& event) {
  if (is_helm_release(event.subject.object))
    return state.helm_releases[event.subject.object].in_flight.reset();
  if (event.data["status"].get_string() != "ReconciliationSucceeded") return;
  const auto found = state.kustomizations.find(event.subject.object);
  if (found == state.kustomizations.end()) return;
  found->second.attempted_before = std::move(found->second.attempted);
  found->second.attempted.clear();
}

void fold_order(State& state, const event::Event& event) {
  if (event.data["action"].get_string() == "undo-finished")
    state.undoing.erase(static_cast<std::uint64_t>(event.data["order"].get_int()));
  const auto pruned = event.data["pruned"].items();
  if (pruned.empty() || pruned.size() != event.blobs.size()) return;
  UnfinishedUndo& undo = state.undoing[event.seq];
  undo.owner = event.subject.object;
  undo.actor = event.actor;
  for (std::size_t i = 0; i < pruned.size(); ++i)
    undo.left[static_cast<std::uint64_t>(pruned[i].get_int())] = event.blobs[i];
}

// What came of one object of an order; the cause is the order.
void fold_restored(State& state, const event::Event& event) {
  if (event.data["restores"].is_null()) return;
  const auto found = state.undoing.find(event.cause);
  if (found == state.undoing.end()) return;
  found->second.left.erase(static_cast<std::uint64_t>(event.data["restores"].get_int()));
  if (found->second.left.empty()) state.undoing.erase(found);
}

// The taker has not applied it yet, and may have to delete it all the same.
void fold_handed_over(State& state, const event::Event& event) {
  const Value& taker = event.data["taker"];
  if (taker.is_null()) return;
  ObjectId id{model::kustomization_gvk, std::string(taker["namespace"].get_string()),
              std::string(taker["name"].get_string())};
  KustomizationState& ks = state.kustomizations[id];
  ks.attempted.insert(event.subject.object);
  ks.received[event.subject.object] = event.owner;
}

}  // namespace

void fold(State& state, const event::Event& event) {
  using event::Type;
  state.head = event.seq;
  const ObjectId& subject = event.subject.object;
  if (!state.undoing.empty()) fold_restored(state, event);
  switch (event.type) {
    case Type::operator_acted: fold_order(state, event); break;
    case Type::object_skipped: fold_handed_over(state, event); break;
    case Type::spec_observed:
      if (OwnerState* owner = owner_state(state, subject))
        owner->spec_logged = digest_field(event.data, "digest");
      break;
    case Type::spec_deleted:
      state.kustomizations.erase(subject);
      state.helm_releases.erase(subject);
      state.sources.erase(subject);
      break;
    case Type::changes_planned: fold_planned(state, event); break;
    case Type::manifests_rendered: {
      if (is_helm_release(subject)) {
        state.helm_releases[subject].rendered_logged = digest_field(event.data, "release");
        break;
      }
      KustomizationState& ks = state.kustomizations[subject];
      ks.rendered_logged = digest_field(event.data, "digest");
      ks.rendered_revision = event.data["revision"].get_string();
      fold_attempted(state, event, "adds");
      break;
    }
    case Type::object_applied:
      // Of other clusters nothing is known until they are asked.
      if (event.subject.cluster.empty()) fold_applied(state, event);
      if (is_kustomization(event.owner))
        state.kustomizations[event.owner].attempted.insert(subject);
      break;
    case Type::object_pruned:
      if (event.subject.cluster.empty()) state.live.erase(subject);
      if (is_kustomization(event.owner)) {
        state.kustomizations[event.owner].attempted.erase(subject);
        state.kustomizations[event.owner].attempted_before.erase(subject);
        state.kustomizations[event.owner].received.erase(subject);
      }
      break;
    case Type::step_failed:
      if (is_order(event)) break;
      if (OwnerState* owner = owner_state(state, subject))
        owner->failure_logged = std::string(event.data["reason"].get_string()) + ": " +
                                std::string(event.data["message"].get_string());
      fold_attempted(state, event, "unanswered");
      break;
    case Type::reconcile_finished:
      if (OwnerState* owner = owner_state(state, subject))
        if (event.data["status"].get_string() == "ReconciliationSucceeded")
          owner->failure_logged.clear();
      fold_finished(state, event);
      break;
    case Type::source_fetched:
    case Type::source_unchanged:
      if (OwnerState* owner = owner_state(state, subject)) owner->failure_logged.clear();
      break;
    case Type::rollback_pinned: fold_pinned(state, event); break;
    case Type::rollback_released:
      if (is_helm_release(subject))
        state.helm_releases[subject].pin.reset();
      else
        state.kustomizations[subject].pin.reset();
      break;
    default: break;
  }
}

}  // namespace weir::reconcile
