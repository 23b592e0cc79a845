// The core of the engine: State and the step over it. Pure: time is an argument, the world is
// reached only by the commands and watches it asks for. The same core runs under threads
// (engine.hh) and under the simulator. One thread at a time.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "engine/reconcile/context.hh"
#include "engine/reconcile/delivery.hh"
#include "engine/reconcile/kube_port.hh"
#include "engine/reconcile/log_port.hh"

namespace weir::reconcile {

// A watch told something.
struct Observed {
  std::string key;  // watch_key() of the watch
  WatchEvent event;
};

// An operator's order that is not written into a Kubernetes object.
struct OperatorAction {
  enum class Kind : std::uint8_t {
    rollback,
    unpin,
    release,     // a held prune may go on
    undo,        // what a prune deleted is made again
    git_revert,  // files of a source's branch go back to what they were in a commit
  };
  Kind kind = Kind::rollback;
  // A Kustomization or HelmRelease; undo: who had pruned; git_revert: the GitRepository.
  ObjectId target;
  base::Digest set_blob;      // rollback: what to apply
  base::Digest release_blob;  // rollback of a HelmRelease: what to release
  std::string revision;   // that the set was built from
  std::uint64_t to_seq = 0;
  bool hold = false;
  std::string actor;
  std::vector<RestoreItem> restore;  // undo; to_seq: the event named
  std::vector<GitFile> files;        // git_revert
  std::string head;                  // git_revert: the commit that the branch stands at
  std::string message;
};

// Something that befell the engine's own stores and belongs into the log.
struct StoreFact {
  event::Type type = event::Type::garbage_collected;
  Value data;
};

using Input = std::variant<Observed, Outcome, OperatorAction, StoreFact>;

class Core {
 public:
  Core(EngineOptions options, Metrics& metrics);

  // Folds the log up to its head: at start, before anything else. Errors: corrupt, io.
  // `delivery`: folded with it.
  Result<void> restore(const LogPort& log, Delivery& delivery) {
    return restore(log, log.head(), delivery);
  }
  // As it was when the log ended at `head`.
  Result<void> restore(const LogPort& log, std::uint64_t head, Delivery& delivery);
  // From now on effects carry a record of what was told and decided; `out` gets its beginning.
  void begin_record(base::TimeUs now, Effects& out);

  // Handles one input. Effects of several steps may be collected in one `out`; they must be carried
  // out in this order: append the events, tell the core with appended(), then commands and watches.
  void step(const Input& input, base::TimeUs now, Effects& out);
  // Runs what is due at `now`.
  void tick(base::TimeUs now, Effects& out);
  void appended(std::uint64_t head) { state_.head = head; }

  base::TimeUs next_due() const;  // 0 = nothing is scheduled
  // Kinds to watch from the start: the kinds weir serves.
  static std::vector<WatchOptions> own_watches(const EngineOptions& options);

  const State& state() const { return state_; }
  // Whether the operator's action can be carried out. Errors: not_found, invalid.
  Result<void> check(const OperatorAction& action) const;

 private:
  Context context(base::TimeUs now, Effects& out) {
    return Context{state_, out, options_, metrics_, now};
  }
  struct Before {
    std::size_t events = 0, commands = 0, watches = 0;
    std::uint64_t head = 0;
  };
  Before before(const Effects& out) const {
    return {out.events.size(), out.commands.size(), out.watches.size(), state_.head};
  }
  std::string payload_of(const Input& input);
  void record(std::string payload, base::TimeUs now, const Before& before, Effects& out) const;
  void run_due(base::TimeUs now, Effects& out);
  void observed(Context& ctx, const Observed& seen);
  void outcome(Context& ctx, const Outcome& outcome);
  // operator_flow.cc
  void acted(Context& ctx, const OperatorAction& action);
  void undo(Context& ctx, const OperatorAction& action);
  void resume_undos(Context& ctx);
  void send_restore(Context& ctx, const ObjectId& target, std::string actor,
                    std::vector<RestoreItem> items, std::uint64_t order);
  void git_revert(Context& ctx, const OperatorAction& action);
  void order_carried_out(Context& ctx, const Outcome& outcome);
  void acted_on_release(Context& ctx, const OperatorAction& action);

  State state_;
  EngineOptions options_;
  Metrics& metrics_;
  bool recording_ = false;
  std::map<const KubeApi*, std::uint64_t> clients_;  // as records number them
};

}  // namespace weir::reconcile
