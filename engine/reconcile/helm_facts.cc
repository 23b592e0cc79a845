#include "engine/reconcile/helm_facts.hh"

#include <algorithm>
#include <set>

namespace weir::reconcile {
namespace {

// The OCI digests that a release may be looked at with: of the chart in hand, and of snapshots.
std::set<std::string> oci_digests(const Value& history, const std::string& desired) {
  std::set<std::string> out{desired};
  for (const Value& item : history.items()) out.emplace(item["ociDigest"].get_string());
  return out;
}

std::string hidden(std::string_view text, std::string_view key) {
  if (text.empty()) return {};
  base::Sha256 inner, outer;
  inner.update(key);
  inner.update(text);
  outer.update(key);
  outer.update(inner.finish().hex());
  return outer.finish().hex();
}

Value hook_facts(const helm::ReleaseHook& item) {
  Value events = Value::array();
  for (const std::string& event : item.hook.events) events.push_back(event);
  return Value::object({{"name", item.hook.name},
                        {"events", std::move(events)},
                        {"started", item.started},
                        {"completed", item.completed},
                        {"phase", item.phase}});
}

// Without digests: of a release that is not looked at as one in storage.
Value plain_facts(const helm::Release& release) {
  Value hooks = Value::array();
  for (const helm::ReleaseHook& item : release.hooks)
    if (item.hook.is_test()) hooks.push_back(hook_facts(item));
  return Value::object({{"name", release.name},
                        {"namespace", release.ns},
                        {"version", release.version},
                        {"status", release.status},
                        {"description", release.description},
                        {"firstDeployed", release.first_deployed},
                        {"lastDeployed", release.last_deployed},
                        {"deleted", release.deleted},
                        {"chart", release.chart_name()},
                        {"chartVersion", release.chart_version()},
                        {"appVersion", release.app_version()},
                        {"tests", std::move(hooks)}});
}

Value release_facts(const helm::Release& release, const std::set<std::string>& oci,
                    std::string_view key) {
  Value out = plain_facts(release);
  Value digests = Value::object();
  for (const std::string& digest : oci)
    digests.set(digest, helm::release_digest(release, digest).to_string());
  out.set("config", helm::config_digest(release));
  out.set("manifest", hidden(release.manifest, key));
  out.set("digests", std::move(digests));
  return out;
}

helm::Release release_from(const Value& facts) {
  helm::Release out;
  out.name = facts["name"].get_string();
  out.ns = facts["namespace"].get_string();
  out.version = static_cast<int>(facts["version"].get_int());
  out.status = facts["status"].get_string();
  out.description = facts["description"].get_string();
  out.first_deployed = facts["firstDeployed"].get_string();
  out.last_deployed = facts["lastDeployed"].get_string();
  out.deleted = facts["deleted"].get_string();
  out.chart = Value::object({{"metadata", Value::object({{"name", facts["chart"]},
                                                         {"version", facts["chartVersion"]},
                                                         {"appVersion", facts["appVersion"]}})}});
  out.manifest = facts["manifest"].get_string();
  helm::ReleaseDigests digests;
  digests.config = facts["config"].get_string();
  for (const auto& member : facts["digests"].members())
    digests.whole[std::string(member.name())] = member.value.get_string();
  out.digests = std::make_shared<const helm::ReleaseDigests>(std::move(digests));
  for (const Value& item : facts["tests"].items()) {
    helm::ReleaseHook hook;
    hook.hook.name = item["name"].get_string();
    for (const Value& event : item["events"].items())
      hook.hook.events.emplace_back(event.get_string());
    hook.started = item["started"].get_string();
    hook.completed = item["completed"].get_string();
    hook.phase = item["phase"].get_string();
    out.hooks.push_back(std::move(hook));
  }
  return out;
}

// The newest, and those that the history names: no other is looked at.
std::vector<Value> storage_facts(const HelmStorage* storage, const std::set<std::string>& oci,
                                 const FactsScope& scope) {
  std::vector<Value> out;
  if (storage == nullptr) return out;
  const Value& history = scope.status["history"];
  for (const ReleasePtr& release : storage->releases()) {
    const auto known = [&](const Value& item) {
      return item["version"].get_int() == release->version;
    };
    if (out.empty() || std::any_of(history.items().begin(), history.items().end(), known))
      out.push_back(release_facts(*release, oci, scope.key));
  }
  return out;
}

std::shared_ptr<HelmStorage> storage_from(const std::vector<Value>& facts) {
  std::vector<helm::Release> releases;
  for (const Value& item : facts) releases.push_back(release_from(item));
  return std::make_shared<HelmStorage>(HelmStorage::of(releases));
}

}  // namespace

PreparedFacts facts_of(const HelmPrepared& prepared, const FactsScope& scope) {
  PreparedFacts out;
  out.there = prepared.prepared != nullptr;
  if (out.there) {
    out.charts = prepared.prepared->charts != nullptr;
    out.desired = prepared.prepared->desired;
  }
  std::set<std::string> oci = oci_digests(scope.status["history"], out.desired.oci_digest);
  if (out.there && prepared.prepared->recorded != nullptr) {
    const RecordedRelease& kept = *prepared.prepared->recorded;
    oci.insert(kept.oci_digest);
    out.recorded = release_facts(kept.release, oci, scope.key);
    out.recorded_oci = kept.oci_digest;
  }
  out.storage = storage_facts(prepared.storage.get(), oci, scope);
  return out;
}

HelmPrepared outcome_of(const PreparedFacts& facts) {
  HelmPrepared out;
  out.storage = storage_from(facts.storage);
  if (!facts.there) return out;
  auto made = std::make_shared<PreparedRelease>();
  if (facts.charts) made->charts = std::make_shared<const helm::ChartSet>();
  made->desired = facts.desired;
  if (facts.recorded)
    made->recorded = std::make_shared<const RecordedRelease>(
        RecordedRelease{release_from(*facts.recorded), facts.recorded_oci});
  out.prepared = std::move(made);
  return out;
}

RanFacts facts_of(const HelmRan& ran, const FactsScope& scope) {
  const HelmRun& run = *ran.run;
  const std::set<std::string> oci =
      oci_digests(scope.status["history"],
                  run.prepared == nullptr ? std::string() : run.prepared->desired.oci_digest);
  RanFacts out;
  static_cast<HelmResult&>(out) = run;
  out.release = plain_facts(run.release);
  // What is told of an unlocked release is read off it, for there may be no snapshot of it yet.
  if (run.kind == HelmActionKind::unlock)
    out.release.set("config", helm::config_digest(run.release));
  for (const ReleasePtr& release : run.written)
    out.written.push_back(release_facts(*release, oci, scope.key));
  out.storage = storage_facts(run.storage.get(), oci, scope);
  for (HelmDrift& drift : out.drifts) {
    drift.manifest = Value();
    if (!drift.patch.is_null()) drift.patch = true;
  }
  if (run.rendered == nullptr) return out;
  out.revision = run.rendered->revision;
  out.rendered = run.rendered->digest;
  out.set_blob = run.rendered->set_blob;
  out.release_blob = run.rendered->release_blob;
  out.objects = run.rendered->size();
  return out;
}

HelmRan outcome_of(const RanFacts& facts) {
  auto run = std::make_shared<HelmRun>();
  static_cast<HelmResult&>(*run) = facts;
  run->release = release_from(facts.release);
  for (const Value& item : facts.written)
    run->written.push_back(std::make_shared<const helm::Release>(release_from(item)));
  run->storage = storage_from(facts.storage);
  if (facts.set_blob.empty()) return {std::move(run)};
  RenderedSet set;
  set.revision = facts.revision;
  set.digest = facts.rendered;
  set.set_blob = facts.set_blob;
  set.release_blob = facts.release_blob;
  set.stages.emplace_back(facts.objects);  // how many is all that is asked of them
  run->rendered = std::make_shared<const RenderedSet>(std::move(set));
  return {std::move(run)};
}

void take_outcome(HelmRun& run, const HelmRun& told) {
  static_cast<HelmResult&>(run) = told;
  run.release = told.release;
  run.written = told.written;
  if (run.storage != nullptr && told.storage != nullptr) *run.storage = *told.storage;
  run.rendered = told.rendered;
}

}  // namespace weir::reconcile
