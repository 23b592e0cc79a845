// Orders of operators: what may be done, and what the engine does about it. Each is an event with
// its actor; what follows names it as the cause.
#include <algorithm>

#include "engine/reconcile/core.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/helm_flow.hh"
#include "engine/reconcile/helm_object.hh"
#include "engine/reconcile/status.hh"

namespace weir::reconcile {
namespace {

using Kind = OperatorAction::Kind;

constexpr std::string_view words[] = {"rollback", "unpin", "release", "undo", "git-revert"};

Result<void> check_source(const State& state, const OperatorAction& action) {
  const auto found = state.sources.find(action.target);
  const bool there = found != state.sources.end() && !found->second.object.is_null();
  if (!there || !std::holds_alternative<model::GitRepositorySpec>(found->second.spec))
    return make_error(Code::not_found,
                      action.target.subject() + " is no GitRepository that weir has");
  return {};
}

std::vector<std::string> names_of(const std::vector<RestoreItem>& items) {
  std::vector<std::string> names;
  for (const RestoreItem& item : items) names.push_back(item.id.subject());
  return names;
}

std::vector<std::string> names_of(const std::vector<GitFile>& files) {
  std::vector<std::string> names;
  for (const GitFile& file : files) names.push_back(file.path);
  return names;
}

Value list_of(const std::vector<std::string>& texts) {
  // Events are bounded; the rest is in the events that follow.
  constexpr std::size_t listed_max = 100;
  Value out = Value::array();
  for (std::size_t i = 0; i < std::min(texts.size(), listed_max); ++i) out.push_back(texts[i]);
  return out;
}

bool is_helm_release(const ObjectId& id) { return id.gvk.group == model::helm_release_gvk.group; }

Error not_there(const ObjectId& id) {
  return make_error(Code::not_found, id.gvk.kind + " \"" + id.name +
                                         "\" not found in namespace \"" + id.ns + "\"");
}

Result<void> check_release(const State& state, const OperatorAction& action) {
  const auto found = state.helm_releases.find(action.target);
  if (found == state.helm_releases.end() || found->second.object.is_null())
    return not_there(action.target);
  if (found->second.deleting())
    return make_error(Code::invalid, action.target.subject() + " is being deleted");
  if (action.kind == Kind::unpin && !found->second.pin)
    return make_error(Code::invalid, action.target.subject() + " is not pinned");
  if (action.kind == Kind::release)
    return make_error(Code::invalid, "no prune of " + action.target.subject() + " is held");
  return {};
}

}  // namespace

Result<void> Core::check(const OperatorAction& action) const {
  if (action.kind == Kind::git_revert) return check_source(state_, action);
  if (action.kind == Kind::undo) {
    if (!action.restore.empty()) return {};
    return make_error(Code::invalid, "there is nothing to restore");
  }
  if (is_helm_release(action.target)) return check_release(state_, action);
  const auto found = state_.kustomizations.find(action.target);
  if (found == state_.kustomizations.end() || found->second.object.is_null())
    return not_there(action.target);
  if (found->second.deleting())
    return make_error(Code::invalid, action.target.subject() + " is being deleted");
  if (action.kind == Kind::unpin && !found->second.pin)
    return make_error(Code::invalid, action.target.subject() + " is not pinned");
  const bool held = condition_text(found->second.status, "Ready", "reason") == "PruneHeld" &&
                    found->second.rendered != nullptr;
  if (action.kind == Kind::release && !held)
    return make_error(Code::invalid, "no prune of " + action.target.subject() + " is held");
  return {};
}

namespace {

// An event of an operator's order on an owner, under the operator's name and behind the order.
std::uint64_t log_act(Context& ctx, const OperatorAction& action, OwnerState& owner,
                      event::Type type, Value data, std::vector<base::Digest> blobs) {
  const std::uint64_t seq =
      ctx.log(type, action.target, &owner, action.target, std::move(data), std::move(blobs));
  ctx.out.events.back().actor = action.actor;
  ctx.out.events.back().cause = owner.pending_cause;
  return seq;
}

// The order itself, which what follows is laid to.
void log_order(Context& ctx, const OperatorAction& action, OwnerState& owner) {
  owner.pending_cause = 0;
  owner.pending_cause =
      log_act(ctx, action, owner, event::Type::operator_acted,
              Value::object({{"action", words[static_cast<std::size_t>(action.kind)]},
                             {"toSeq", action.to_seq},
                             {"revision", action.revision}}),
              {});
}

}  // namespace

void Core::acted(Context& ctx, const OperatorAction& action) {
  if (!check(action).ok()) return;
  if (action.kind == Kind::undo) return undo(ctx, action);
  if (action.kind == Kind::git_revert) return git_revert(ctx, action);
  if (is_helm_release(action.target)) return acted_on_release(ctx, action);
  KustomizationState& ks = state_.kustomizations[action.target];
  log_order(ctx, action, ks);
  const auto mark = [&](event::Type type, Value data, std::vector<base::Digest> blobs) {
    return log_act(ctx, action, ks, type, std::move(data), std::move(blobs));
  };
  if (action.kind == Kind::release) {
    ks.prune_allowed = ks.rendered->revision;
    return request_kustomization(ctx, action.target, ks, "release");
  }
  if (action.kind == Kind::unpin) {
    mark(event::Type::rollback_released,
         Value::object({{"reason", "unpinned"}, {"pin", ks.pin->seq}}), {});
    ks.pin.reset();
    return request_kustomization(ctx, action.target, ks, "unpin");
  }
  Pin pin;
  pin.to_seq = action.to_seq;
  pin.set_blob = action.set_blob;
  pin.revision = action.revision;
  pin.from_revision = ks.artifact.revision;
  if (ks.pin) pin.from_revision = ks.pin->from_revision;
  pin.actor = action.actor;
  pin.time = ctx.now;
  pin.hold = action.hold;
  pin.seq = mark(event::Type::rollback_pinned,
                 Value::object({{"toSeq", pin.to_seq},
                                {"revision", pin.revision},
                                {"fromRevision", pin.from_revision},
                                {"hold", pin.hold}}),
                 {pin.set_blob});
  ks.pin = std::move(pin);
  request_kustomization(ctx, action.target, ks, "rollback");
}

void Core::acted_on_release(Context& ctx, const OperatorAction& action) {
  HelmReleaseState& hr = state_.helm_releases[action.target];
  log_order(ctx, action, hr);
  const auto mark = [&](event::Type type, Value data, std::vector<base::Digest> blobs) {
    return log_act(ctx, action, hr, type, std::move(data), std::move(blobs));
  };
  hr.reset = true;  // failures of what was there before do not count against it
  if (action.kind == Kind::unpin) {
    mark(event::Type::rollback_released,
         Value::object({{"reason", "unpinned"}, {"pin", hr.pin->seq}}), {});
    hr.pin.reset();
    hr.forced = true;  // what stands may be of the same chart and values, and yet another release
    return request_helm_release(ctx, action.target, hr, "unpin");
  }
  HelmPin pin;
  pin.to_seq = action.to_seq;
  pin.release_blob = action.release_blob;
  pin.revision = action.revision;
  pin.from = hr.pin ? hr.pin->from : attempted_identity(hr);
  pin.actor = action.actor;
  pin.hold = action.hold;
  pin.seq = mark(event::Type::rollback_pinned,
                 Value::object({{"toSeq", pin.to_seq},
                                {"revision", pin.revision},
                                {"fromRevision", hr.status["lastAttemptedRevision"]},
                                {"from", pin.from},
                                {"hold", pin.hold}}),
                 {action.set_blob, pin.release_blob});
  hr.pin = std::move(pin);
  request_helm_release(ctx, action.target, hr, "rollback");
}

// The owner may be gone; if it is not, the objects are made in its account's name.
void Core::send_restore(Context& ctx, const ObjectId& target, std::string actor,
                        std::vector<RestoreItem> items, std::uint64_t order) {
  RestoreObjects restore;
  restore.items = std::move(items);
  restore.actor = std::move(actor);
  restore.manager = target.gvk.group == model::helm_release_gvk.group ? helm_field_manager
                                                                     : field_manager;
  const auto owner = state_.kustomizations.find(target);
  if (owner != state_.kustomizations.end() && !owner->second.object.is_null())
    restore.as = identity_of(ctx, target, owner->second);
  ctx.command(target, OwnerState{}, std::move(restore));
  ctx.out.commands.back().cause = order;
}

// The process ended between an order and its end: what the log does not have is done now.
void Core::resume_undos(Context& ctx) {
  for (const auto& [order, undo] : state_.undoing) {
    std::vector<RestoreItem> items;
    for (const auto& [pruned, blob] : undo.left) items.push_back({{}, blob, pruned});
    send_restore(ctx, undo.owner, undo.actor, std::move(items), order);
  }
  state_.undoing.clear();
}

void Core::undo(Context& ctx, const OperatorAction& action) {
  Value pruned = Value::array();
  std::vector<base::Digest> blobs;
  for (const RestoreItem& item : action.restore) {
    pruned.push_back(item.pruned);
    blobs.push_back(item.blob);
  }
  Value data = Value::object({{"action", "undo"},
                              {"toSeq", action.to_seq},
                              {"count", action.restore.size()},
                              {"objects", list_of(names_of(action.restore))},
                              {"pruned", std::move(pruned)}});
  const std::uint64_t order = ctx.log(event::Type::operator_acted, action.target, nullptr,
                                      action.target, std::move(data), std::move(blobs));
  ctx.out.events.back().actor = action.actor;
  send_restore(ctx, action.target, action.actor, action.restore, order);
}

void Core::git_revert(Context& ctx, const OperatorAction& action) {
  const SourceState& source = state_.sources[action.target];
  RevertCommit revert;
  revert.spec = std::get<model::GitRepositorySpec>(source.spec);
  revert.head = action.head;
  revert.files = action.files;
  revert.message = action.message;
  revert.actor = action.actor;
  ctx.log(event::Type::operator_acted, action.target, nullptr, action.target,
          Value::object({{"action", "git-revert"},
                         {"toSeq", action.to_seq},
                         {"revision", action.revision},
                         {"head", action.head},
                         {"count", action.files.size()},
                         {"files", list_of(names_of(action.files))}}));
  ctx.out.events.back().actor = action.actor;
  ctx.command(action.target, source, std::move(revert));
}

namespace {

// Nobody owns what was made again: it is not pruned, and whoever builds it takes it over.
void log_restored(Context& ctx, const Outcome& outcome, const ObjectsRestored& restored) {
  for (std::size_t i = 0; i < restored.changes.size(); ++i) {
    const ObjectChange& change = restored.changes[i];
    Value data = Value::object({{"action", action_name(change.action)}});
    std::vector<base::Digest> blobs;
    event::Type type = event::Type::object_applied;
    if (!change.error.empty()) {
      type = event::Type::step_failed;
      data = Value::object({{"step", "undo"}, {"reason", "UndoFailed"}, {"message", change.error}});
    } else if (change.action == Action::skipped) {
      type = event::Type::object_skipped;
      data.set("reason", change.note);
    } else {
      data.set("resourceVersion", change.facts.resource_version);
      blobs.push_back(change.manifest_blob);
      ctx.state.live[change.id].exists = true;
      ctx.metrics.count("objects", "restored");
    }
    data.set("restores", restored.pruned[i]);
    ctx.log(type, change.id, nullptr, {}, std::move(data), std::move(blobs));
    ctx.out.events.back().owner = {};
    ctx.out.events.back().cause = outcome.cause;
    ctx.out.events.back().actor = restored.actor;
  }
  ctx.log(event::Type::operator_acted, outcome.owner, nullptr, outcome.owner,
          Value::object({{"action", "undo-finished"},
                         {"order", outcome.cause},
                         {"count", restored.changes.size()}}));
  ctx.out.events.back().cause = outcome.cause;
  ctx.out.events.back().actor = restored.actor;
}

void log_pushed(Context& ctx, const Outcome& outcome, SourceState& source,
                const CommitPushed& pushed) {
  source.pending_cause =
      ctx.log(event::Type::commit_pushed, outcome.owner, &source, outcome.owner,
              Value::object({{"branch", pushed.branch},
                             {"files", pushed.files},
                             {"commit", Value::object({{"sha", pushed.commit.sha},
                                                       {"author", pushed.commit.author},
                                                       {"time", base::format_rfc3339(
                                                                    pushed.commit.time)},
                                                       {"subject", pushed.commit.subject}})}}));
  ctx.out.events.back().cause = outcome.cause;
  ctx.out.events.back().actor = pushed.actor;
  run_source(ctx, outcome.owner, source, "git-revert");
}

}  // namespace

void Core::order_carried_out(Context& ctx, const Outcome& outcome) {
  if (const auto* restored = std::get_if<ObjectsRestored>(&outcome.body))
    return log_restored(ctx, outcome, *restored);
  const auto source = state_.sources.find(outcome.owner);
  if (const auto* pushed = std::get_if<CommitPushed>(&outcome.body)) {
    if (source != state_.sources.end()) log_pushed(ctx, outcome, source->second, *pushed);
    return;
  }
  const auto* error = std::get_if<StepError>(&outcome.body);
  if (error == nullptr) return;
  ctx.log(event::Type::step_failed, outcome.owner, nullptr, outcome.owner,
          Value::object({{"step", "git-revert"},
                         {"code", base::code_name(error->code)},
                         {"reason", error->reason},
                         {"message", error->message}}));
  ctx.out.events.back().cause = outcome.cause;
}

}  // namespace weir::reconcile
