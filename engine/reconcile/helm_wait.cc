// Whether the objects of a release are ready: what is known by watches and our own writes first.
#include "engine/apply/legacy_ready.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/helm_runner.hh"

namespace weir::reconcile {
namespace {

const Value no_manifest;

}  // namespace

// What is known without asking: the answer to our own write, or what a watch has told since.
const LiveFacts* HelmRunner::known_facts(const ObjectId& id) const {
  const auto own = run_.applied.find(id);
  const auto watched = known_.find(id);
  const LiveFacts* written = own == run_.applied.end() ? nullptr : &own->second;
  if (written != nullptr && written->health == "Current") return written;
  if (watched == known_.end() || !watched->second.exists) return nullptr;
  const std::string& version = watched->second.resource_version;
  const bool older =
      written != nullptr &&
      (version.size() < written->resource_version.size() ||
       (version.size() == written->resource_version.size() && version < written->resource_version));
  return older ? nullptr : &watched->second;
}

bool HelmRunner::is_ready(const ObjectId& id, std::string& text, bool& failed) {
  const HelmObject* desired = find_object(run_.objects, id);
  const Value& manifest = desired == nullptr ? no_manifest : desired->manifest;
  if (run_.spec->legacy_wait) {
    auto live = live_of(id);
    if (live.ok() && !live->is_null() &&
        apply::is_ready_for_helm_3(*live, !options_of_kind().disable_wait_for_jobs))
      return true;
    text = live.ok() ? live->is_null() ? "NotFound" : "InProgress" : live.error().message;
    return false;
  }
  if (id.gvk.kind == "Deployment" && manifest.path("spec", "paused").get_bool()) return true;
  const bool started_is_enough = id.gvk.kind == "Job" && options_of_kind().disable_wait_for_jobs;
  std::string health;
  if (const LiveFacts* known = known_facts(id); known != nullptr && !started_is_enough) {
    health = known->health;
  } else if (auto live = live_of(id); !live.ok()) {
    health = live.error().message;
  } else if (live->is_null()) {
    health = apply::health_status_name(apply::missing_health(manifest).status);
  } else {
    health =
        facts_of(*live, &run_.rules, ports_.clock->now(), options_, nullptr, helm_field_manager)
            .health;
    if (started_is_enough && health == "InProgress" && !live->path("status", "startTime").is_null())
      health = "Current";
  }
  if (health == "Current") return true;
  failed = failed || health == "Failed";
  text = health;
  return false;
}

Result<HelmRunner::Next> HelmRunner::await_ready() {
  if (options_of_kind().disable_wait) return Next::proceed;
  if (!run_.cancelled.empty()) return make_error(Code::cancelled, "New " + run_.cancelled);
  std::vector<ObjectId> pending;
  std::string all, stalled;
  for (const HelmObject& object : run_.objects) {
    if (object.generated) continue;
    std::string text;
    bool failed = false;
    if (is_ready(object.id, text, failed)) continue;
    pending.push_back(object.id);
    const std::string entry = object.id.subject() + " status: '" + text + "'";
    all += (all.empty() ? "" : ", ") + entry;
    if (failed) stalled += (stalled.empty() ? "" : ", ") + entry;
  }
  if (pending.empty()) return Next::proceed;
  if (!stalled.empty() && !run_.spec->legacy_wait)
    return make_error(Code::timeout, "failed early due to stalled resources: [" + stalled + "]");
  if (late() && run_.spec->legacy_wait)
    return make_error(Code::timeout, "context deadline exceeded");
  if (late()) return make_error(Code::timeout, "timeout waiting for: [" + all + "]");
  return wait_for(HelmWait::ready, std::move(pending), timeout());
}

}  // namespace weir::reconcile
