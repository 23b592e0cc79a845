// What a flow works with during one step: the state, the clock's reading, and the effects it
// collects. Flows are pure in this sense: they read and write State and Effects, and nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/event/event.hh"
#include "engine/reconcile/command.hh"
#include "engine/reconcile/metrics.hh"
#include "engine/reconcile/options.hh"
#include "engine/reconcile/state.hh"

namespace weir::reconcile {

// A watch on another cluster that is to be opened in the place of the one with the same key;
// without a client it is to be closed.
struct RemoteWatch {
  std::string key;
  WatchOptions options;
  KubeApiPtr client;
};

struct Effects {
  std::vector<event::Event> events;
  std::vector<Command> commands;
  std::vector<WatchOptions> watches;  // to be opened
  std::vector<RemoteWatch> remote_watches;
  std::string record;                 // of the steps that gave these (recording.hh)
};

struct Context {
  State& state;
  Effects& out;
  const EngineOptions& options;
  Metrics& metrics;
  base::TimeUs now = 0;

  // Appends an event about `subject`; returns the seq that it will have.
  std::uint64_t log(event::Type type, const ObjectId& subject, const OwnerState* owner,
                    const ObjectId& owner_id, Value data, std::vector<base::Digest> blobs = {});
  // The same for what begins a chain: nothing caused it, and the owner's next reconcile is laid to
  // it.
  std::uint64_t log_root(event::Type type, const ObjectId& subject, OwnerState& owner,
                         const ObjectId& owner_id, Value data);
  void command(const ObjectId& owner, const OwnerState& state, CommandBody body);

  // Sets the owner's one timer (0 = none).
  void schedule(const ObjectId& owner, OwnerState& state, base::TimeUs due);
  base::TimeUs after(base::Duration delay) const;
  // `interval` with the operator's jitter, the same for the same owner and attempt.
  base::TimeUs after_jittered(const ObjectId& owner, const OwnerState& state,
                              base::Duration interval) const;
  // Exponential back-off by the owner's retries.
  base::TimeUs after_backoff(OwnerState& state) const;

  // Begins a reconcile: a new attempt with its own reconcile id. Nothing is logged yet.
  void begin(const ObjectId& id, OwnerState& owner, std::string reason);
  // Logs reconcile_started once, before the first fact of a reconcile.
  void announce(const ObjectId& id, OwnerState& owner, std::string_view revision);
  // Asks for the status to be written if it differs from what stands.
  void write_status(const ObjectId& id, OwnerState& owner);
  void emit(const ObjectId& id, OwnerState& owner, std::string_view type, std::string_view reason,
            std::string_view message,
            std::vector<std::pair<std::string, std::string>> annotations = {});
};

// Jitter and ids need numbers that are the same on every run: a 64-bit mix of text and counter.
std::uint64_t stable_hash(std::string_view text, std::uint64_t counter);

}  // namespace weir::reconcile
