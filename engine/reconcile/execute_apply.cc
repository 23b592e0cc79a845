#include <algorithm>
#include <optional>
#include <thread>

#include "engine/apply/drift.hh"
#include "engine/apply/plan.hh"
#include "engine/apply/skip.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/parallel.hh"

namespace weir::reconcile {
namespace {

// What the first pass found out about one object; the second pass writes.
struct Planned {
  const RenderedObject* object = nullptr;
  Action action = Action::unchanged;
  Value desired;          // the manifest, less ignored paths where they must be left alone
  Value live;             // null when there is none, or none was needed
  bool known = false;     // verified without asking
  bool recreate = false;  // an immutable field changed and force is on
  bool unanswered = false;  // it was sent, and may stand
  bool trusted = false;   // new, of a shape that the server has taken before: no dry-run
  std::optional<base::Digest> shape;
  std::string note;
  std::optional<Error> error;
};

// The server may have done what it was asked for all the same.
bool got_no_answer(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::timeout ||
         error.code == Code::cancelled || error.code == Code::io || error.code == Code::internal;
}

WriteOptions apply_options(const ApplyStage& apply, bool dry_run) {
  WriteOptions options;
  options.as = apply.as;
  options.field_manager = field_manager;
  options.force = true;
  options.dry_run = dry_run;
  return options;
}

class StageRun {
 public:
  StageRun(const Ports& ports, const EngineOptions& options, const ApplyStage& apply,
           apply::ShapeMemory& shapes)
      : ports_(ports), options_(options), apply_(apply), shapes_(shapes) {}

  OutcomeBody run() {
    StageApplied out;
    out.stage = apply_.stage;
    auto rules = apply::compile_ignore_rules(apply_.ignore);
    if (!rules.ok()) {
      out.failure = failure_of(rules.error());
      return out;
    }
    ignore_ = *std::move(rules);
    if (apply_.validate_all)
      if (auto failure = validate_later_stages()) {
        out.failure = std::move(failure);
        return out;
      }
    for (const ObjectId& id : apply_.rendered->ids()) names_.insert(id.name);
    names_.insert(apply_.owner.name);
    auto planned = plan_all(apply_.rendered->stages[apply_.stage]);
    for (const Planned& plan : planned)
      if (plan.error) {
        out.failure = failure_of(*plan.error);
        return out;
      }
    write_all(planned, out);
    return out;
  }

 private:
  static Error write_error(const ObjectId& id, const Error& error) {
    return make_error(error.code, id.subject() + " apply failed: " + error.message, error.reason);
  }

  static StepError failure_of(const Error& error) {
    return {error.code, "ReconciliationFailed", error.message, false};
  }

  std::vector<Planned> plan_all(const std::vector<RenderedObject>& stage) {
    std::vector<Planned> planned(stage.size());
    parallel_for(stage.size(), options_.concurrent_ssa, [&](std::size_t i) {
      planned[i].object = &stage[i];
      plan(planned[i]);
    });
    return planned;
  }

  // spec.validation: nothing is written before every object of every stage has passed a dry-run.
  // What needs a namespace or a definition of this very set cannot be asked about yet.
  std::optional<StepError> validate_later_stages() {
    std::vector<const RenderedObject*> objects;
    for (std::size_t i = apply_.stage + 1; i < apply_.rendered->stages.size(); ++i)
      for (const RenderedObject& object : apply_.rendered->stages[i]) objects.push_back(&object);
    for (const RenderedObject* object : objects) {
      if (made_by_this_set(object->id)) continue;
      auto dry = ports_.kube->apply(object->manifest, apply_options(apply_, true));
      if (!dry.ok()) return failure_of(apply::dry_run_error(object->id, dry.error()));
    }
    return std::nullopt;
  }

  bool made_by_this_set(const ObjectId& id) const {
    for (const auto& stage : apply_.rendered->stages)
      for (const RenderedObject& object : stage) {
        if (object.id.gvk.kind == "Namespace" && object.id.name == id.ns) return true;
        if (object.id.gvk.kind == "CustomResourceDefinition" &&
            object.manifest.path("spec", "group").get_string() == id.gvk.group &&
            object.manifest.path("spec", "names", "kind").get_string() == id.gvk.kind)
          return true;
      }
    return false;
  }

  void plan(Planned& out) {
    const RenderedObject& object = *out.object;
    const auto facts = apply_.known.find(object.id);
    if (!apply_.full_check && facts != apply_.known.end() &&
        facts->second.verified(object.digest)) {
      out.known = true;
      return;
    }
    out.desired = object.manifest;
    const bool stood = facts != apply_.known.end() && facts->second.exists;
    // What one server has taken, another one may refuse.
    if (!stood && apply_.cluster == nullptr) out.shape = apply::shape_of(out.desired, names_);
    if (out.shape && shapes_.knows(*out.shape, ports_.clock->now()) && plan_trusted(out)) return;
    auto dry = ports_.kube->apply(out.desired, apply_options(apply_, true));
    const bool exists = !dry.ok() || !(*dry).path("metadata", "resourceVersion").is_null();
    if (exists) {
      auto live = ports_.kube->get(object.id, apply_.as);
      if (live.ok()) out.live = *std::move(live);
    }
    const apply::SkipReason skip = apply::skip_apply(out.desired, out.live);
    if (skip != apply::SkipReason::none) {
      out.action = Action::skipped;
      out.note = apply::skip_reason_text(skip);
      return;
    }
    if (!dry.ok()) return plan_failed(out, dry.error());
    if (out.shape) shapes_.accept(*out.shape, ports_.clock->now());
    if (!exists) {
      out.action = Action::created;
      return;
    }
    plan_existing(out, *dry);
  }

  // A look whether the object is there costs the server a fifth of a dry-run.
  bool plan_trusted(Planned& out) {
    if (apply_.validate_all || apply_.force) return false;
    const auto live = ports_.kube->get(out.object->id, apply_.as);
    if (live.ok() || live.error().code != Code::not_found) return false;
    const apply::SkipReason skip = apply::skip_apply(out.desired, Value());
    out.action = skip == apply::SkipReason::none ? Action::created : Action::skipped;
    if (skip != apply::SkipReason::none) out.note = apply::skip_reason_text(skip);
    out.trusted = true;
    return true;
  }

  void plan_failed(Planned& out, const Error& error) {
    if (!apply::should_recreate(error, out.desired, out.live, apply_.force)) {
      out.error = apply::dry_run_error(out.object->id, error);
      return;
    }
    out.recreate = true;
    out.action = Action::created;
  }

  void plan_existing(Planned& out, const Value& dry) {
    bool cleaned = false;
    if (!apply::skip_cleanup(out.desired, out.live)) {
      const Value operations =
          apply::make_cleanup_patch(out.live, {field_manager, options_.override_managers});
      if (!operations.empty()) {
        WriteOptions options = apply_options(apply_, false);
        options.force = false;
        auto patched = ports_.kube->patch(out.object->id, PatchType::json, operations, options);
        if (!patched.ok()) {
          out.error = apply::dry_run_error(out.object->id, patched.error());
          return;
        }
        cleaned = true;
      }
    }
    const apply::DecisionInput input{out.desired, out.live, dry, cleaned, &ignore_};
    const apply::Decision decision = apply::decide_apply(input);
    if (decision.verdict == apply::Verdict::unchanged) return;
    out.action = Action::configured;
    out.note = decision.changed;
    out.desired = apply::payload_of(input);
  }

  // One after another by kind, equal kinds side by side.
  void write_all(std::vector<Planned>& planned, StageApplied& out) {
    std::size_t begin = 0;
    while (begin < planned.size()) {
      std::size_t end = begin + 1;
      const std::string& kind = planned[begin].object->id.gvk.kind;
      while (end < planned.size() && planned[end].object->id.gvk.kind == kind) ++end;
      std::vector<std::optional<ObjectChange>> changes(end - begin);
      parallel_for(end - begin, options_.concurrent_ssa,
                   [&](std::size_t i) { changes[i] = write(planned[begin + i]); });
      for (auto& change : changes)
        if (change) out.changes.push_back(*std::move(change));
      for (std::size_t i = begin; i < end; ++i) {
        if (!planned[i].error) continue;
        if (!out.failure) out.failure = failure_of(*planned[i].error);
        if (planned[i].unanswered) out.failure->unanswered.push_back(planned[i].object->id);
      }
      if (out.failure) return;
      begin = end;
    }
  }

  std::optional<ObjectChange> write(Planned& plan) {
    if (plan.known) return std::nullopt;
    const RenderedObject& object = *plan.object;
    ObjectChange change;
    change.id = object.id;
    change.action = plan.action;
    change.manifest = object.digest;
    change.manifest_blob = object.blob;
    change.note = plan.note;
    if (plan.action == Action::skipped) {
      if (!plan.live.is_null())
        change.facts = facts_of(plan.live, &apply_.rules, ports_.clock->now(), options_);
      return change;
    }
    Value result = plan.live;
    if (plan.action != Action::unchanged) {
      if (plan.recreate && !remove_first(plan)) return std::nullopt;
      auto applied = ports_.kube->apply(plan.desired, apply_options(apply_, false));
      if (!applied.ok()) {
        plan.unanswered = got_no_answer(applied.error());
        plan.error = plan.trusted ? apply::dry_run_error(object.id, applied.error())
                                  : write_error(object.id, applied.error());
        if (plan.trusted) shapes_.forget(*plan.shape);
        return std::nullopt;
      }
      result = *std::move(applied);
      if (plan.action == Action::configured) keep_live(plan, change);
    }
    keep_made(plan, result, change);
    change.facts = facts_of(result, &apply_.rules, ports_.clock->now(), options_);
    change.facts.applied_manifest = object.digest;
    change.facts.applied_owned = change.facts.owned;
    return change;
  }

  // What the object had become before it was corrected; only a drift of something applied before is
  // news.
  void keep_live(const Planned& plan, ObjectChange& change) {
    const auto facts = apply_.known.find(change.id);
    if (facts == apply_.known.end() || facts->second.applied_manifest != change.manifest) return;
    auto stored = store_live(*ports_.log, plan.live);
    if (stored.ok()) change.live_blob = *stored;
  }

  // What the API made of the manifest, with its defaults; unless that is known already.
  void keep_made(const Planned& plan, const Value& result, ObjectChange& change) {
    const auto facts = apply_.known.find(change.id);
    const bool known =
        facts != apply_.known.end() && facts->second.applied_manifest == change.manifest;
    if (plan.action == Action::unchanged && known) return;
    auto stored = store_live(*ports_.log, result);
    if (stored.ok()) change.made_blob = *stored;
  }

  bool remove_first(Planned& plan) {
    DeleteOptions options;
    options.as = apply_.as;
    auto removed = ports_.kube->remove(plan.object->id, options);
    if (!removed.ok() && removed.error().code != Code::not_found) {
      plan.error = write_error(plan.object->id, removed.error());
      return false;
    }
    for (int i = 0; i < 300; ++i) {
      auto live = ports_.kube->get(plan.object->id, apply_.as);
      if (!live.ok() && live.error().code == Code::not_found) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(i < 20 ? 10 : 200));
    }
    plan.error = make_error(
        Code::timeout, plan.object->id.subject() + " is still there a minute after its deletion");
    return false;
  }

  const Ports& ports_;
  const EngineOptions& options_;
  const ApplyStage& apply_;
  apply::ShapeMemory& shapes_;
  apply::NameSet names_;
  std::vector<apply::IgnoreRule> ignore_;
};

}  // namespace

OutcomeBody Executor::run(const ObjectId&, const ApplyStage& apply) {
  const Ports ports = ports_at(apply.cluster);
  return StageRun(ports, options_, apply, shapes_).run();
}

}  // namespace weir::reconcile
