#include <thread>

#include "engine/apply/health.hh"
#include "engine/apply/plan.hh"
#include "engine/apply/skip.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/flows.hh"

namespace weir::reconcile {
namespace {

ObjectChange prune_one(const Ports& ports, const PruneObjects& prune, const ObjectId& id) {
  ObjectChange change;
  change.id = id;
  change.action = Action::deleted;
  auto live = ports.kube->get(id, prune.as);
  if (!live.ok() && live.error().code != Code::not_found) {
    change.error = id.subject() + " delete failed: " + live.error().message;
    return change;
  }
  const Value object = live.ok() ? *live : Value();
  apply::PruneDecision decision =
      apply::decide_prune(object, prune.owner.ns, prune.owner.name);
  for (const auto& [handed, from] : prune.former)
    if (decision.skip == apply::SkipReason::not_owned && model::same_object(handed, id))
      decision = apply::decide_prune(object, from.ns, from.name);
  if (decision.verdict == apply::PruneVerdict::absent) return change;
  if (decision.verdict == apply::PruneVerdict::skip) {
    change.action = Action::skipped;
    change.note = apply::skip_reason_text(decision.skip);
    return change;
  }
  if (auto stored = store_live(*ports.log, *live); stored.ok()) change.live_blob = *stored;
  DeleteOptions options;
  options.as = prune.as;
  options.uid = live->path("metadata", "uid").get_string();
  auto removed = ports.kube->remove(id, options);
  if (!removed.ok() && removed.error().code != Code::not_found)
    change.error = id.subject() + " delete failed: " + removed.error().message;
  return change;
}

// WaitForTermination: one object after another, one budget for all. False when it ran out.
bool wait_until_gone(const Ports& ports, const PruneObjects& prune,
                     const std::vector<ObjectChange>& changes) {
  const auto deadline = ports.clock->monotonic() +
                        std::chrono::duration_cast<std::chrono::microseconds>(prune.timeout);
  for (const ObjectChange& change : changes) {
    if (change.action != Action::deleted || !change.error.empty()) continue;
    while (true) {
      auto live = ports.kube->get(change.id, prune.as);
      if (!live.ok() && live.error().code == Code::not_found) break;
      if (ports.clock->monotonic() >= deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  }
  return true;
}

// The account to act as is looked up under weir's own identity.
bool account_is_gone(const Ports& ports, const PruneObjects& prune) {
  constexpr std::string_view prefix = "system:serviceaccount:";
  if (!prune.finalizing || prune.cluster != nullptr) return false;
  if (!prune.as.user.starts_with(prefix)) return false;
  const std::string name = prune.as.user.substr(prune.as.user.rfind(':') + 1);
  auto account = ports.kube->get({Gvk{"", "v1", "ServiceAccount"}, prune.owner.ns, name});
  return !account.ok() && account.error().code == Code::not_found;
}

// "app=web,tier in (a,b)" of a LabelSelector.
std::string selector_text(const Value& selector) {
  std::string text;
  const auto add = [&](const std::string& term) {
    if (!text.empty()) text.push_back(',');
    text += term;
  };
  for (const auto& member : selector["matchLabels"].members())
    add(std::string(member.name()) + "=" + std::string(member.value.get_string()));
  for (const Value& term : selector["matchExpressions"].items()) {
    const std::string key(term["key"].get_string());
    const std::string_view op = term["operator"].get_string();
    std::string values;
    for (const Value& item : term["values"].items()) {
      if (!values.empty()) values.push_back(',');
      values += item.get_string();
    }
    if (op == "In") add(key + " in (" + values + ")");
    if (op == "NotIn") add(key + " notin (" + values + ")");
    if (op == "Exists") add(key);
    if (op == "DoesNotExist") add("!" + key);
  }
  return text;
}

// Of kinds that say little about their pods, the pods are asked too (K10.7).
LiveFacts read_facts(const Ports& ports, const EngineOptions& options, const ReadObjects& read,
                     const Value& live) {
  const base::TimeUs now = ports.clock->now();
  LiveFacts facts = facts_of(live, &read.rules, now, options);
  const ObjectId id = ObjectId::of(live);
  if (facts.health != "InProgress" || !apply::wants_pods(id.gvk)) return facts;
  ListOptions pods_of;
  pods_of.as = read.as;
  pods_of.ns = id.ns;
  pods_of.label_selector = selector_text(live.path("spec", "selector"));
  auto pods = ports.kube->list(Gvk{"", "v1", "Pod"}, pods_of);
  if (pods.ok()) return facts_of(live, &read.rules, now, options, &pods->items);
  facts.health = "Unknown";
  facts.health_message = pods.error().message;
  return facts;
}

}  // namespace

OutcomeBody Executor::run(const ObjectId&, const PruneObjects& prune) {
  ObjectsPruned out;
  if (account_is_gone(ports_, prune)) {
    out.orphaned = true;
    return out;
  }
  const Ports ports = ports_at(prune.cluster);
  for (const ObjectId& id : prune.ids) out.changes.push_back(prune_one(ports, prune, id));
  if (prune.wait) out.timed_out = !wait_until_gone(ports, prune, out.changes);
  return out;
}

OutcomeBody Executor::run(const ObjectId&, const ReadObjects& read) {
  const Ports ports = ports_at(read.cluster);
  ObjectsRead out;
  for (const ObjectId& id : read.ids) {
    auto live = ports.kube->get(id, read.as);
    LiveFacts facts;
    if (live.ok()) {
      facts = read_facts(ports, options_, read, *live);
    } else if (live.error().code != Code::not_found) {
      facts.exists = true;
      facts.health = "Unknown";
      facts.health_message = live.error().message;
    }
    out.facts.emplace_back(id, std::move(facts));
  }
  return out;
}

}  // namespace weir::reconcile
