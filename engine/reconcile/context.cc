#include "engine/reconcile/context.hh"

#include <algorithm>
#include <cstdio>

#include "engine/base/digest.hh"
#include "engine/model/kinds/field.hh"
#include "engine/reconcile/helm_post_render.hh"
#include "engine/reconcile/flows.hh"
#include "engine/value/json.hh"

namespace weir::reconcile {
namespace {

std::int64_t microseconds(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

}  // namespace

std::uint64_t stable_hash(std::string_view text, std::uint64_t counter) {
  std::uint64_t hash = 0xcbf29ce484222325ull ^ (counter * 0x9e3779b97f4a7c15ull);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdull;
  return hash ^ (hash >> 33);
}

std::uint64_t Context::log(event::Type type, const ObjectId& subject, const OwnerState* owner,
                           const ObjectId& owner_id, Value data, std::vector<base::Digest> blobs) {
  event::Event event;
  event.type = type;
  event.subject.object = subject;
  if (owner != nullptr) {
    if (subject == owner_id) event.subject.uid = owner->object.path("metadata", "uid").get_string();
    event.reconcile_id = owner->reconcile_id;
    event.cause = owner->cause;
  }
  event.actor = "weir";
  if (subject != owner_id) event.owner = owner_id;
  event.data = data.is_null() ? Value::object() : std::move(data);
  event.blobs = std::move(blobs);
  out.events.push_back(std::move(event));
  return state.head + out.events.size();
}

std::uint64_t Context::log_root(event::Type type, const ObjectId& subject, OwnerState& owner,
                                const ObjectId& owner_id, Value data) {
  owner.pending_cause = log(type, subject, &owner, owner_id, std::move(data));
  out.events.back().cause = 0;
  return owner.pending_cause;
}

void Context::command(const ObjectId& owner, const OwnerState& owner_state, CommandBody body) {
  out.commands.push_back(
      {owner, owner_state.attempt, state.head + out.events.size(), std::move(body)});
}

void Context::schedule(const ObjectId& owner, OwnerState& owner_state, base::TimeUs due) {
  if (owner_state.due != 0) state.timers.erase({owner_state.due, owner});
  owner_state.due = due;
  if (due != 0) state.timers.insert({due, owner});
}

base::TimeUs Context::after(base::Duration delay) const { return now + microseconds(delay); }

base::TimeUs Context::after_jittered(const ObjectId& owner, const OwnerState& owner_state,
                                     base::Duration interval) const {
  const std::int64_t whole = microseconds(interval);
  const std::int64_t span = whole * options.interval_jitter_percent / 100;
  if (span <= 0) return now + whole;
  const std::uint64_t random = stable_hash(owner.subject(), owner_state.attempt);
  return now + whole - span +
         static_cast<std::int64_t>(random % static_cast<std::uint64_t>(2 * span));
}

base::TimeUs Context::after_backoff(OwnerState& owner_state) const {
  const int shift = std::min(owner_state.retries, 24);
  if (owner_state.retries < 1000) ++owner_state.retries;
  const std::int64_t delay = microseconds(options.retry_delay_min) << shift;
  return now + std::min(delay, microseconds(options.retry_delay_max));
}

void Context::begin(const ObjectId& id, OwnerState& owner, std::string reason) {
  ++owner.attempt;
  owner.running = true;
  owner.rerun.clear();
  owner.started = now;
  owner.announced = false;
  owner.reason = std::move(reason);
  owner.cause = owner.pending_cause;
  owner.pending_cause = 0;
  owner.request_taken = owner.requested_at();
  schedule(id, owner, 0);
  const std::string uid(owner.object.path("metadata", "uid").get_string());
  const std::uint64_t number =
      stable_hash(id.subject() + uid, owner.attempt ^ static_cast<std::uint64_t>(now));
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  owner.reconcile_id = text;
}

void Context::announce(const ObjectId& id, OwnerState& owner, std::string_view revision) {
  if (owner.announced) return;
  owner.announced = true;
  Value data = Value::object({{"reason", owner.reason}});
  if (!revision.empty()) data.set("revision", revision);
  owner.cause = log(event::Type::reconcile_started, id, &owner, id, std::move(data));
}

void Context::write_status(const ObjectId& id, OwnerState& owner) {
  if (owner.object.is_null()) return;
  const base::Digest wanted = base::sha256(value::write_json(owner.status));
  if (wanted == owner.status_written && !owner.status_in_flight) return;
  if (owner.status_in_flight) {
    owner.status_dirty = true;
    return;
  }
  owner.status_in_flight = true;
  owner.status_dirty = false;
  owner.status_written = wanted;
  command(id, owner, WriteStatus{owner.object, owner.status});
}

void Context::emit(const ObjectId& id, OwnerState& owner, std::string_view type,
                   std::string_view reason, std::string_view message,
                   std::vector<std::pair<std::string, std::string>> annotations) {
  if (owner.object.is_null()) return;
  const model::KindDeclaration* kind = model::find_declaration(id.gvk);
  command(id, owner,
          EmitEvent{owner.object, std::string(type), std::string(reason), std::string(message),
                    std::move(annotations),
                    std::string(kind == nullptr ? "weir" : kind->component)});
}

bool OwnerState::has_finalizer() const {
  for (const Value& item : object.path("metadata", "finalizers").items())
    if (item.get_string() == "finalizers.fluxcd.io") return true;
  return false;
}

std::string_view OwnerState::requested_at() const {
  return object.path("metadata", "annotations", "reconcile.fluxcd.io/requestedAt").get_string();
}

std::string watch_key(const WatchOptions& options) {
  constexpr std::string_view by_name = "metadata.name=";
  if (options.field_selector.starts_with(by_name))
    return watch_key(options.gvk, options.ns, options.field_selector.substr(by_name.size()));
  // Objects of releases are told apart by their label from those of Kustomizations.
  if (options.label_selector == helm_name_label) return watch_key(options.gvk, "", "*release");
  if (options.label_selector == watch_config_selector) return watch_key(options.gvk, "", "*config");
  return watch_key(options.gvk);
}

std::string watch_key(const Gvk& gvk, std::string_view ns, std::string_view name) {
  return gvk.group + "/" + gvk.kind + "/" + std::string(ns) + "/" + std::string(name);
}

std::string remote_watch_key(const std::string& cluster, const Gvk& gvk) {
  return "@" + cluster + "/" + watch_key(gvk);
}

}  // namespace weir::reconcile
