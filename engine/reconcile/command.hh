// Commands: what the loop asks the executor to do in the world. Outcomes: what came of it. Both are
// plain data. A command is idempotent, belongs to one owner and one attempt, and carries the seq of
// the event that caused it; an outcome of an attempt that is over is ignored.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/apply/health.hh"
#include "engine/base/duration.hh"
#include "engine/model/kinds/helm_release.hh"
#include "engine/model/kinds/kustomization.hh"
#include "engine/reconcile/cluster_port.hh"
#include "engine/reconcile/rendered.hh"
#include "engine/reconcile/source_command.hh"

namespace weir::reconcile {

// Objects are applied under this name, as Flux's controller does.
inline constexpr std::string_view field_manager = "kustomize-controller";

// ---- commands ----

struct BuildManifests {
  Value object;  // the Kustomization
  model::KustomizationSpec spec;
  Artifact artifact;
  ObjectId claimant;  // set: what this Kustomization would apply, asked by one that is to delete
};

// Finds the way to the cluster of spec.kubeConfig, and whether it leads anywhere.
struct ReachCluster {
  model::KubeConfigReference to;
};

// Reads a rendered set back from the blob store (a rollback pin).
struct LoadRendered {
  base::Digest set_blob;
  std::string revision;
};

struct ApplyStage {
  RenderedPtr rendered;
  std::size_t stage = 0;
  bool force = false;
  bool full_check = false;    // ask the server about every object, whatever is known
  bool validate_all = false;  // dry-run every stage before the first write (spec.validation)
  KubeApiPtr cluster;         // that it is applied to; null: the one weir runs against
  Identity as;
  Value ignore;     // spec.ignore
  LiveTable known;  // facts of the stage's objects
  std::vector<apply::HealthRule> rules;
  ObjectId owner;
};

struct PruneObjects {
  std::vector<ObjectId> ids;  // in the order of deletion
  ObjectId owner;
  std::vector<std::pair<ObjectId, ObjectId>> former;  // object: who has handed it to the owner
  KubeApiPtr cluster;
  Identity as;
  bool finalizing = false, wait = false;  // the owner is being deleted; WaitForTermination
  base::Duration timeout{};
};

// Makes again what a prune has deleted.
struct RestoreItem {
  ObjectId id;
  base::Digest blob;          // the manifest as it was kept
  std::uint64_t pruned = 0;   // seq of the event that says it was deleted
};

struct RestoreObjects {
  std::vector<RestoreItem> items;
  std::string manager;  // field manager of whoever had applied them
  std::string actor;
  Identity as;
};

// Puts files of a Git source's branch back to what they were, as a commit of its own.
struct RevertCommit {
  model::GitRepositorySpec spec;
  std::string head;  // the branch must still stand here
  std::vector<GitFile> files;
  std::string message, actor;
};

struct ReadObjects {  // health of objects that no watch covers yet
  std::vector<ObjectId> ids;
  std::vector<apply::HealthRule> rules;
  KubeApiPtr cluster;
  Identity as;
};

struct WriteStatus {
  Value object;  // apiVersion, kind, metadata name/namespace
  Value status;  // the whole new status
};

struct WriteFinalizer {
  bool add = true;
  Value object;  // as last observed (for its finalizers and resourceVersion)
};

struct EmitEvent {
  Value involved;    // the object as last observed
  std::string type;  // "Normal", "Warning", "Trace"
  std::string reason, message;
  std::vector<std::pair<std::string, std::string>> annotations;
  std::string component;  // "kustomize-controller", "source-controller"
};

struct CollectArtifacts {
  std::string kind, ns, name, current;  // current: path to keep; "" = remove the whole folder
};

struct HelmRun;  // helm_run.hh
using HelmRunPtr = std::shared_ptr<HelmRun>;
struct PreparedRelease;
using PreparedPtr = std::shared_ptr<const PreparedRelease>;
class HelmStorage;

// Keeps the HelmChart of a HelmRelease as it should be, and takes away the one it had before.
struct ApplyHelmChart {
  Value manifest;   // null: none is wanted
  bool exists = false;
  ObjectId remove;  // empty: nothing is in the way
};

// Puts together what is to be released: values, chart, and what Helm's storage holds.
struct PrepareHelm {
  std::shared_ptr<const model::HelmReleaseSpec> spec;
  Artifact artifact;
  bool by_digest = false;  // the source's revision has a digest that is the chart's too
  base::Digest recorded;  // a release of the log is to stand; empty: what the source says
  Identity as;
};

// Goes on with an action until it waits or is done.
struct RunHelm {
  HelmRunPtr run;
  LiveTable known;              // facts of the objects it waits for
  bool reload_storage = false;  // reach the cluster and read Helm's storage first
  bool finalizing = false;      // what can no longer be uninstalled is left alone
};

// Keeps what a live object has become, for the log.
struct KeepLive {
  Value object;
  std::string health, message;
};

using CommandBody = std::variant<FetchSource, BuildManifests, LoadRendered, ApplyStage,
                                 PruneObjects, ReadObjects, WriteStatus, WriteFinalizer, EmitEvent,
                                 CollectArtifacts, ApplyHelmChart, PrepareHelm, RunHelm,
                                 RestoreObjects, RevertCommit, KeepLive, ReachCluster>;

struct Command {
  ObjectId owner;
  std::uint64_t attempt = 0;
  std::uint64_t cause = 0;
  CommandBody body;
};

// ---- outcomes ----

// A failed step: `reason` is the condition's reason in the contract's words.
struct StepError {
  Code code = Code::internal;
  std::string reason;
  std::string message;
  bool terminal = false;  // Stalled: no retry until the object changes
  std::vector<ObjectId> unanswered{};  // objects whose apply got no answer: they may stand
};

struct ManifestsRendered {
  RenderedPtr rendered;  // null when a claimant's manifests could not be built
  bool from_cache = false;
  ObjectId claimant;
};

enum class Action : std::uint8_t { created, configured, unchanged, skipped, deleted };
std::string_view action_name(Action action);

struct ObjectChange {
  ObjectId id;
  Action action = Action::unchanged;
  base::Digest manifest, manifest_blob;
  base::Digest live_blob;  // the live object before it was corrected or deleted; empty: not read
  base::Digest made_blob;  // the live object as the API answered it; empty: not kept
  LiveFacts facts;         // after the action
  std::string note;        // why skipped; which fields drifted
  std::string error;       // the deletion failed
};

struct StageApplied {
  std::size_t stage = 0;
  std::vector<ObjectChange> changes;  // complete up to the failure
  std::optional<StepError> failure;
};

struct ObjectsPruned {
  std::vector<ObjectChange> changes;
  bool orphaned = false;   // the impersonated account is gone: nothing was deleted
  bool timed_out = false;  // waited for termination in vain
};

struct ObjectsRead {
  std::vector<std::pair<ObjectId, LiveFacts>> facts;
};

struct ObjectsRestored {
  std::vector<ObjectChange> changes;  // created, or skipped with a note; or with an error
  std::vector<std::uint64_t> pruned;  // beside them
  std::string actor;
};

struct CommitPushed {
  std::string branch, actor;
  GitCommit commit;
  std::size_t files = 0;
};

struct LiveKept {
  ObjectId id;
  base::Digest blob;
  std::string resource_version, health, message;
};

struct ArtifactsCollected {
  std::vector<std::string> removed;  // paths
};

struct StatusWritten { Value object; };  // as the API returned it

struct HelmChartApplied {
  Action action = Action::unchanged;
  bool removed = false;
};

struct HelmPrepared {
  PreparedPtr prepared;
  std::shared_ptr<HelmStorage> storage;
  KubeApiPtr cluster;  // null: the one that weir runs against
};

struct HelmRan {
  HelmRunPtr run;
};

struct ClusterReached {
  KubeApiPtr cluster;
};

struct Done {};  // finalizer, event, collection: nothing to tell

using OutcomeBody =
    std::variant<StepError, SourceFetched, ManifestsRendered, StageApplied, ObjectsPruned,
                 ObjectsRead, StatusWritten, HelmChartApplied, HelmPrepared, HelmRan,
                 ObjectsRestored, CommitPushed, LiveKept, ArtifactsCollected, Done, ClusterReached>;

struct Outcome {
  ObjectId owner;
  std::uint64_t attempt = 0;
  std::uint64_t cause = 0;
  std::size_t command = 0;  // index of the command's body in CommandBody
  base::Duration took{};
  OutcomeBody body;
};

}  // namespace weir::reconcile
