#include "engine/reconcile/helm_history.hh"

#include <algorithm>

namespace weir::reconcile {
namespace {

constexpr std::size_t history_max = 5;

const Value null_value;

std::string whole_seconds(const std::string& time) {
  auto parsed = base::parse_rfc3339(time);
  return parsed.ok() ? base::format_rfc3339(*parsed) : std::string();
}

void set_text(Value& object, std::string_view name, std::string_view text) {
  if (!text.empty()) object.set(name, text);
}

bool is_good(const Value& snapshot, bool ignore_tests) {
  const std::string_view status = snapshot["status"].get_string();
  if (status != "deployed" && status != "superseded") return false;
  return ignore_tests || !has_failed_test(snapshot);
}

}  // namespace

Value make_snapshot(const helm::Release& release, std::string_view oci_digest,
                    std::string_view action, const Value& before) {
  Value out = Value::object();
  set_text(out, "action", action.empty() ? before["action"].get_string() : action);
  out.set("apiVersion", snapshot_version);
  set_text(out, "appVersion", release.app_version());
  out.set("chartName", release.chart_name());
  out.set("chartVersion", release.chart_version());
  out.set("configDigest", helm::config_digest(release));
  if (!release.deleted.empty()) out.set("deleted", whole_seconds(release.deleted));
  out.set("digest", helm::release_digest(release, oci_digest).to_string());
  out.set("firstDeployed", whole_seconds(release.first_deployed));
  out.set("lastDeployed", whole_seconds(release.last_deployed));
  out.set("name", release.name);
  out.set("namespace", release.ns);
  set_text(out, "ociDigest", oci_digest);
  out.set("status", release.status);
  if (!before["testHooks"].is_null()) out.set("testHooks", before["testHooks"]);
  out.set("version", release.version);
  return out;
}

void record_snapshot(Value& history, const helm::Release& release, std::string_view oci_digest,
                     std::string_view action) {
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Value& old = history.at(i);
    if (old["version"].get_int() != release.version || old["name"].get_string() != release.name ||
        old["namespace"].get_string() != release.ns)
      continue;
    // A release keeps the artifact it came from, whatever is being released now.
    const std::string digest(old["ociDigest"].get_string());
    history.item_mut(i) = make_snapshot(release, digest, action, old);
    return;
  }
  Value snapshot = make_snapshot(release, oci_digest, action, null_value);
  std::size_t at = 0;
  while (at < history.size() && history.at(at)["version"].get_int() > release.version) ++at;
  if (history.is_null()) history = Value::array();
  history.insert(at, std::move(snapshot));
}

const Value& latest_snapshot(const Value& history) {
  const Value* best = &null_value;
  for (const Value& item : history.items())
    if (best->is_null() || item["version"].get_int() > (*best)["version"].get_int()) best = &item;
  return *best;
}

const Value& previous_snapshot(const Value& history, bool ignore_tests) {
  const std::int64_t newest = latest_snapshot(history)["version"].get_int();
  const Value* best = &null_value;
  for (const Value& item : history.items()) {
    const std::int64_t version = item["version"].get_int();
    if (version == newest || !is_good(item, ignore_tests)) continue;
    if (best->is_null() || version > (*best)["version"].get_int()) best = &item;
  }
  return *best;
}

void truncate_history(Value& history, bool ignore_tests) {
  for (std::size_t i = 1; i < history.size(); ++i)
    if (is_good(history.at(i), ignore_tests)) return history.truncate(i + 1);
  truncate_history_to_newest(history);
}

void truncate_history_to_newest(Value& history) {
  if (history.size() > history_max) history.truncate(history_max);
}

bool was_tested(const Value& snapshot) {
  const Value& hooks = snapshot["testHooks"];
  if (!hooks.is_object()) return false;
  if (has_failed_test(snapshot)) return true;
  return std::all_of(hooks.members().begin(), hooks.members().end(), [](const auto& member) {
    return member.value["phase"].get_string() == "Succeeded";
  });
}

bool has_failed_test(const Value& snapshot) {
  const auto hooks = snapshot["testHooks"].members();
  return std::any_of(hooks.begin(), hooks.end(), [](const auto& member) {
    return member.value["phase"].get_string() == "Failed";
  });
}

bool is_test_selected(const model::TestOptions& test, std::string_view name) {
  bool includes = false, included = false;
  for (const model::TestFilter& filter : test.filters) {
    if (filter.exclude && filter.name == name) return false;
    if (filter.exclude) continue;
    includes = true;
    included = included || filter.name == name;
  }
  return !includes || included;
}

Value test_hooks_of(const helm::Release& release, const model::TestOptions& test) {
  Value out = Value::object();
  for (const helm::ReleaseHook& item : release.hooks) {
    if (!item.hook.is_test() || !is_test_selected(test, item.hook.name)) continue;
    Value run = Value::object();
    if (!item.completed.empty()) run.set("lastCompleted", whole_seconds(item.completed));
    if (!item.started.empty()) run.set("lastStarted", whole_seconds(item.started));
    set_text(run, "phase", item.phase);
    out.set(item.hook.name, std::move(run));
  }
  return out;
}

std::string full_release_name(const Value& snapshot) {
  std::string out(snapshot["namespace"].get_string());
  out.append("/").append(snapshot["name"].get_string());
  return out + ".v" + std::to_string(snapshot["version"].get_int());
}

std::string versioned_chart_name(const Value& snapshot) {
  std::string out(snapshot["chartName"].get_string());
  return out.append("@").append(snapshot["chartVersion"].get_string());
}

bool is_observed(const Value& snapshot, const helm::Release& release) {
  if (snapshot["apiVersion"].get_string() != snapshot_version) return true;
  return helm::release_digest(release, snapshot["ociDigest"].get_string()).to_string() ==
         snapshot["digest"].get_string();
}

}  // namespace weir::reconcile
