// Carries out one action on a release as far as it goes without waiting. Blocks on the API; one
// call at a time for a run. Contract H8, H12-H14.
#pragma once

#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "engine/apply/drift.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/helm_run.hh"

namespace weir::reconcile {

class HelmRunner {
 public:
  // `known`: what the watches told of awaited objects; at the start, of those that the release has.
  HelmRunner(const Ports& ports, const EngineOptions& options, HelmRun& run, const LiveTable& known,
             ServerVersion& version)
      : ports_(ports),
        options_(options),
        run_(run),
        known_(known),
        version_(version),
        kube_(run.cluster != nullptr ? *run.cluster : *ports.kube) {}

  // Goes on until the run waits or is done.
  void go();

 private:
  enum class Next : std::uint8_t { proceed, wait, end };
  using Step = Result<Next> (HelmRunner::*)();
  static std::span<const Step> steps_of(HelmActionKind kind);

  // helm_runner.cc: the release itself.
  Result<Next> begin_install();
  Result<Next> begin_upgrade();
  Result<Next> begin_rollback();
  Result<Next> resume();
  Result<Next> render();
  Result<Next> take_recorded();
  Result<Next> build_objects();
  Result<Next> check_owners();
  Result<Next> create_namespace();
  Result<Next> store();
  Result<Next> supersede_replaced();
  Result<Next> pre_hooks();
  Result<Next> post_hooks();
  Result<Next> settle();
  // helm_writes.cc
  Result<Next> apply_crds();
  Result<Next> await_crds();
  Result<Next> write_objects();
  Result<Next> remove_leftovers();
  // helm_wait.cc
  Result<Next> await_ready();
  // helm_uninstall.cc
  Result<Next> begin_uninstall();
  Result<Next> delete_objects();
  Result<Next> await_gone();
  Result<Next> settle_uninstall();
  Result<void> tell_leftovers() const;
  // helm_hooks.cc
  Result<Next> run_hooks(const char* event);
  Result<Next> run_tests();
  Result<Next> settle_tests();
  // helm_drift.cc
  Result<Next> unlock();
  Result<Next> detect_drift();
  Result<Next> correct_drift();
  Result<void> override_managers(const ObjectId& id);
  Result<Value> correct(const HelmDrift& drift);
  Result<void> look_for_drift(HelmObject& object, const std::vector<apply::IgnoreRule>& rules,
                              std::optional<HelmDrift>& out);

  void fail(Error error);
  void fail_release(const Error& error, const std::string& description);
  const model::ActionOptions& options_of_kind() const;
  base::Duration timeout() const;
  bool keeps_values() const;
  Result<void> record(const helm::Release& release);  // over the record that stands
  std::string now_text() const;
  Result<Value> live_of(const ObjectId& id);  // null when there is none
  Next wait_for(HelmWait wait, std::vector<ObjectId> ids, base::Duration timeout);
  bool late() const;
  // Objects of the manifest, marked as the release's own, and the set that the log gets.
  Result<void> set_objects(const std::string& manifest);
  Result<void> note_rendered();
  Result<std::vector<HelmObject>> chart_crds();
  Result<void> write_one(const HelmObject& object, const Value& original, const HelmApply& how,
                         bool& created);
  Result<void> apply_blind(const HelmObject& object, HelmApply how, const LiveFacts* before,
                           bool& created);
  // `before`: the facts before the write, where they are known.
  void note_change(const HelmObject& object, const Value& result, Action action,
                   const LiveFacts* before = nullptr);
  void note_removed(const ObjectId& id, const Value& live);
  const LiveFacts* known_facts(const ObjectId& id) const;
  bool is_ready(const ObjectId& id, std::string& text, bool& failed);
  Result<std::vector<HelmObject>> hook_objects(const helm::ReleaseHook& hook);
  Result<bool> delete_hook(helm::ReleaseHook& hook, std::string_view policy);
  Result<bool> hook_done(const helm::ReleaseHook& hook, std::string& pending);
  Result<Next> start_hook(const char* event);
  Result<Next> check_hook();
  Result<bool> all_gone();
  void log_line(const std::string& text);

  const Ports& ports_;
  const EngineOptions& options_;
  HelmRun& run_;
  const LiveTable& known_;
  ServerVersion& version_;
  KubeApi& kube_;
  std::mutex changes_mutex_;  // run_.changes, run_.applied: objects are written side by side
};

}  // namespace weir::reconcile
