// The Deployment and ReplicaSet controllers.
#include <algorithm>

#include "api/kube/workloads.hh"

namespace weir::api::kube {

namespace {

constexpr const char* revision_key = "deployment.kubernetes.io/revision";
constexpr const char* hash_key = "pod-template-hash";

struct ReplicaSets {
  std::vector<std::pair<Key, Value>> all;
  std::pair<Key, Value>* current = nullptr;

  std::int64_t sum(const char* part, const char* field) const {
    std::int64_t total = 0;
    for (const auto& [key, set] : all) total += set[part][field].get_int();
    return total;
  }
};

std::int64_t revision_of(const Value& object) {
  const std::string text(object["metadata"]["annotations"][revision_key].get_string());
  return std::strtoll(text.c_str(), nullptr, 10);
}

ReplicaSets find_sets(Core& core, const Value& deployment) {
  ReplicaSets sets;
  sets.all = children(core, deployment, replica_sets_set);
  std::sort(sets.all.begin(), sets.all.end(), [](const auto& a, const auto& b) {
    const auto rank = [](const Value& set) { return revision_of(set); };
    return std::pair(rank(a.second), a.first) < std::pair(rank(b.second), b.first);
  });
  const std::string hash = template_hash(deployment["spec"]["template"]);
  for (auto& entry : sets.all) {
    if (entry.second["metadata"]["labels"][hash_key].get_string() == hash) sets.current = &entry;
  }
  return sets;
}

Value new_set(const Value& deployment, std::int64_t replicas, std::int64_t revision) {
  const Value& spec = deployment["spec"];
  const std::string hash = template_hash(spec["template"]);
  const std::string name = std::string(deployment["metadata"]["name"].get_string()) + "-" + hash;
  Value pod_template = spec["template"];
  pod_template.entry("metadata").entry("labels").set(hash_key, hash);
  Value selector = spec["selector"];
  selector.entry("matchLabels").set(hash_key, hash);
  Value metadata =
      Value::object({{"name", name},
                     {"namespace", deployment["metadata"]["namespace"]},
                     {"labels", pod_template["metadata"]["labels"]},
                     {"annotations", Value::object({{revision_key, std::to_string(revision)}})},
                     {"ownerReferences", Value::array({owner_reference(deployment)})}});
  Value made = Value::object(
      {{"apiVersion", "apps/v1"}, {"kind", "ReplicaSet"}, {"metadata", std::move(metadata)}});
  Value set_spec = Value::object({{"replicas", replicas},
                                  {"selector", std::move(selector)},
                                  {"template", std::move(pod_template)}});
  if (const Value* seconds = spec.find("minReadySeconds"))
    set_spec.set("minReadySeconds", *seconds);
  made.set("spec", std::move(set_spec));
  return made;
}

bool resize(Core& core, const std::pair<Key, Value>& set, std::int64_t replicas) {
  if (set.second["spec"]["replicas"].get_int() == replicas) return false;
  Value next = set.second;
  next.entry("spec").set("replicas", replicas);
  save(core, set.first, next, "");
  return true;
}

// The next move of a roll-out; false when there is none to make.
bool roll(Core& core, const Value& deployment, ReplicaSets& sets) {
  const Value& spec = deployment["spec"];
  const std::int64_t wanted = spec["replicas"].get_int(1);
  const bool recreate = spec["strategy"]["type"].get_string() == "Recreate";
  const Value& rolling = spec["strategy"]["rollingUpdate"];
  const std::int64_t surge = recreate ? 0 : scaled(rolling["maxSurge"], wanted, true);
  std::int64_t unavailable = recreate ? wanted : scaled(rolling["maxUnavailable"], wanted, false);
  if (surge == 0 && unavailable == 0) unavailable = 1;
  const std::int64_t total = sets.sum("spec", "replicas");
  std::int64_t old_pods = 0;
  for (const auto& entry : sets.all) {
    if (&entry != sets.current) old_pods += entry.second["status"]["replicas"].get_int();
  }
  if (sets.current == nullptr) {
    std::int64_t latest = 0;
    for (const auto& entry : sets.all) latest = std::max(latest, revision_of(entry.second));
    const bool wait = recreate && old_pods > 0;
    const std::int64_t first =
        wait ? 0 : std::clamp<std::int64_t>(wanted + surge - total, 0, wanted);
    return make(core, replica_sets_set, new_set(deployment, first, latest + 1));
  }
  const std::int64_t have = sets.current->second["spec"]["replicas"].get_int();
  bool moved = false;
  if (have > wanted) return resize(core, *sets.current, wanted);
  if (have < wanted && !(recreate && old_pods > 0)) {
    const std::int64_t room = wanted + surge - total;
    if (room > 0) moved = resize(core, *sets.current, std::min(wanted, have + room));
  }
  const std::int64_t new_missing =
      have - sets.current->second["status"]["availableReplicas"].get_int();
  std::int64_t may_go = total - (wanted - unavailable) - new_missing;
  for (auto& entry : sets.all) {
    if (&entry == sets.current) continue;
    const std::int64_t old = entry.second["spec"]["replicas"].get_int();
    if (old == 0) continue;
    const std::int64_t broken = old - entry.second["status"]["availableReplicas"].get_int();
    const std::int64_t go =
        recreate ? old : std::clamp<std::int64_t>(std::max(may_go, broken), 0, old);
    may_go -= go;
    moved = resize(core, entry, old - go) || moved;
  }
  return moved;
}

Value condition(std::string_view type, bool holds, std::string_view reason, std::string message) {
  return Value::object({{"type", type},
                        {"status", holds ? "True" : "False"},
                        {"reason", reason},
                        {"message", std::move(message)}});
}

// Progressing, with the deadline; schedules a look at the deadline.
void judge_progress(Core& core, const Key& key, const Value& deployment, const ReplicaSets& sets,
                    Value& status, bool progressed) {
  const std::string now = core.now_text();
  const std::int64_t wanted = deployment["spec"]["replicas"].get_int(1);
  const std::int64_t deadline = deployment["spec"]["progressDeadlineSeconds"].get_int(600);
  const std::string name = sets.current == nullptr ? "" : sets.current->first.name;
  const bool complete = status["updatedReplicas"].get_int() == wanted &&
                        status["replicas"].get_int() == wanted &&
                        status["availableReplicas"].get_int() == wanted;
  Value had;
  for (const Value& one : deployment["status"]["conditions"].items()) {
    if (one["type"].get_string() == "Progressing") had = one;
  }
  Value next = complete ? condition("Progressing", true, "NewReplicaSetAvailable",
                                    "ReplicaSet \"" + name + "\" has successfully progressed.")
               : had.is_null() ? condition("Progressing", true, "NewReplicaSetCreated",
                                           "Created new replica set \"" + name + "\"")
                               : condition("Progressing", true, "ReplicaSetUpdated",
                                           "ReplicaSet \"" + name + "\" is progressing.");
  Value updated = Value(now);
  if (!progressed && !had.is_null() && !complete) {
    const auto since = base::parse_rfc3339(had["lastUpdateTime"].get_string());
    const base::TimeUs left =
        (since.ok() ? *since : core.now()) + deadline * 1'000'000 - core.now();
    if (had["reason"].get_string() == "NewReplicaSetAvailable") {
      // A complete Deployment that lost Pods is not progressing; its clock does not run.
      next = had;
    } else if (left <= 0) {
      next = condition("Progressing", false, "ProgressDeadlineExceeded",
                       "ReplicaSet \"" + name + "\" has timed out progressing.");
    } else {
      next = had;
    }
    updated = had["lastUpdateTime"];
    if (left > 0)
      core.schedule({"deployment", key}, std::chrono::microseconds(left) + std::chrono::seconds(1));
  } else if (complete && had["reason"] == next["reason"] && had["message"] == next["message"]) {
    updated = had["lastUpdateTime"];
  } else if (!complete) {
    core.schedule({"deployment", key}, std::chrono::seconds(deadline + 1));
  }
  next.erase("lastTransitionTime");
  next.set("lastUpdateTime", updated);
  Value& conditions = status.entry("conditions");
  if (!set_condition(conditions, next, now)) {
    for (std::size_t i = 0; i < conditions.size(); ++i) {
      if (conditions.at(i)["type"].get_string() == "Progressing")
        conditions.item_mut(i).set("lastUpdateTime", updated);
    }
  }
}

void write_status(Core& core, const Key& key, const Value& deployment, const ReplicaSets& sets) {
  const Value& spec = deployment["spec"];
  const Value& was = deployment["status"];
  const std::int64_t wanted = spec["replicas"].get_int(1);
  const auto put = [](Value& status, const char* field, std::int64_t number) {
    if (number != 0) status.set(field, number);
  };
  Value status = Value::object();
  const std::int64_t available = sets.sum("status", "availableReplicas");
  const std::int64_t updated =
      sets.current == nullptr ? 0 : sets.current->second["status"]["replicas"].get_int();
  put(status, "availableReplicas", available);
  status.set("conditions", was["conditions"].is_array() ? was["conditions"] : Value::array());
  status.set("observedGeneration", deployment["metadata"]["generation"]);
  put(status, "readyReplicas", sets.sum("status", "readyReplicas"));
  put(status, "replicas", sets.sum("status", "replicas"));
  status.set("terminatingReplicas", 0);
  put(status, "unavailableReplicas",
      std::max<std::int64_t>(0, std::max(wanted, sets.sum("status", "replicas")) - available));
  put(status, "updatedReplicas", updated);

  const std::int64_t unavailable_most =
      spec["strategy"]["type"].get_string() == "Recreate"
          ? 0
          : scaled(spec["strategy"]["rollingUpdate"]["maxUnavailable"], wanted, false);
  const bool enough = available >= wanted - unavailable_most;
  const bool progressed =
      updated > was["updatedReplicas"].get_int() ||
      available > was["availableReplicas"].get_int() ||
      was["observedGeneration"].get_int() < deployment["metadata"]["generation"].get_int();
  Value ready = enough ? condition("Available", true, "MinimumReplicasAvailable",
                                   "Deployment has minimum availability.")
                       : condition("Available", false, "MinimumReplicasUnavailable",
                                   "Deployment does not have minimum availability.");
  Value& conditions = status.entry("conditions");
  const std::string now = core.now_text();
  ready.set("lastUpdateTime", now);
  set_condition(conditions, std::move(ready), now);
  judge_progress(core, key, deployment, sets, status, progressed);
  if (status == was) return;
  Value next = deployment;
  next.set("status", std::move(status));
  save(core, key, next, "status");
}

void trim_history(Core& core, const Value& deployment, const ReplicaSets& sets) {
  const auto keep = static_cast<std::size_t>(
      std::max<std::int64_t>(0, deployment["spec"]["revisionHistoryLimit"].get_int(10)));
  std::vector<const std::pair<Key, Value>*> idle;
  for (const auto& entry : sets.all) {
    if (&entry != sets.current && entry.second["spec"]["replicas"].get_int() == 0 &&
        entry.second["status"]["replicas"].get_int() == 0) {
      idle.push_back(&entry);
    }
  }
  for (std::size_t i = 0; i + keep < idle.size(); ++i) {
    destroy(core, idle[i]->first, idle[i]->second["metadata"]["uid"].get_string());
  }
}

// The Deployment shows its current ReplicaSet's revision; a ReplicaSet that becomes current again
// gets a new one.
void number_revision(Core& core, const Key& key, const Value& deployment, ReplicaSets& sets) {
  std::int64_t latest = 0;
  for (const auto& entry : sets.all) {
    if (&entry != sets.current) latest = std::max(latest, revision_of(entry.second));
  }
  std::int64_t own = revision_of(sets.current->second);
  Value set = sets.current->second;
  if (own <= latest) {
    own = latest + 1;
    set.entry("metadata").entry("annotations").set(revision_key, std::to_string(own));
  }
  const std::int64_t wanted = deployment["spec"]["replicas"].get_int(1);
  const bool recreate = deployment["spec"]["strategy"]["type"].get_string() == "Recreate";
  const std::int64_t most =
      wanted + (recreate ? 0
                         : scaled(deployment["spec"]["strategy"]["rollingUpdate"]["maxSurge"],
                                  wanted, true));
  Value& notes = set.entry("metadata").entry("annotations");
  notes.set("deployment.kubernetes.io/desired-replicas", std::to_string(wanted));
  notes.set("deployment.kubernetes.io/max-replicas", std::to_string(most));
  if (!(set == sets.current->second)) {
    save(core, sets.current->first, set, "");
    sets.current->second = load(core, sets.current->first);
  }
  if (revision_of(deployment) == own) return;
  Value next = deployment;
  next.entry("metadata").entry("annotations").set(revision_key, std::to_string(own));
  save(core, key, next, "");
}

}  // namespace

void step_deployment(Core& core, const Key& key) {
  Value deployment = load(core, key);
  if (deployment.is_null() || deployment["metadata"].contains("deletionTimestamp")) return;
  ReplicaSets sets = find_sets(core, deployment);
  const bool paused = deployment["spec"]["paused"].get_bool();
  if (!paused) roll(core, deployment, sets);
  sets = find_sets(core, deployment);
  if (sets.current != nullptr) {
    number_revision(core, key, deployment, sets);
    deployment = load(core, key);
    if (deployment.is_null()) return;
  }
  trim_history(core, deployment, sets);
  write_status(core, key, deployment, sets);
}

void step_replica_set(Core& core, const Key& key) {
  Value set = load(core, key);
  if (set.is_null() || set["metadata"].contains("deletionTimestamp")) return;
  const std::int64_t wanted = set["spec"]["replicas"].get_int(1);
  std::vector<std::pair<Key, Value>> pods = children(core, set, "pods");
  std::erase_if(pods, [](const auto& pod) { return !pod_active(pod.second); });
  for (std::int64_t have = static_cast<std::int64_t>(pods.size()); have < wanted; ++have) {
    if (!make(core, "pods", pod_from(set, set["spec"]["template"], ""))) break;
  }
  // Those that are not ready go first, then the youngest.
  std::sort(pods.begin(), pods.end(), [](const auto& a, const auto& b) {
    const auto rank = [](const Value& pod) {
      return std::pair(pod_ready(pod),
                       std::string(pod["metadata"]["creationTimestamp"].get_string()));
    };
    const auto left = rank(a.second);
    const auto right = rank(b.second);
    if (left.first != right.first) return !left.first;
    if (left.second != right.second) return left.second > right.second;
    return a.first < b.first;
  });
  for (std::size_t i = 0; static_cast<std::int64_t>(pods.size() - i) > wanted && i < pods.size();
       ++i) {
    destroy(core, pods[i].first, pods[i].second["metadata"]["uid"].get_string());
  }
  std::int64_t replicas = 0;
  std::int64_t ready = 0;
  for (const auto& [name, pod] : children(core, set, "pods")) {
    if (!pod_active(pod)) continue;
    ++replicas;
    if (pod_ready(pod)) ++ready;
  }
  Value status = Value::object();
  if (ready > 0) status.set("availableReplicas", ready);
  if (replicas > 0) status.set("fullyLabeledReplicas", replicas);
  status.set("observedGeneration", set["metadata"]["generation"]);
  if (ready > 0) status.set("readyReplicas", ready);
  status.set("replicas", replicas);
  status.set("terminatingReplicas", 0);
  if (status == set["status"]) return;
  set.set("status", std::move(status));
  save(core, key, set, "status");
}

}  // namespace weir::api::kube
