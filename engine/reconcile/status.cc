#include "engine/reconcile/status.hh"

#include "engine/base/limits.hh"
#include "engine/model/condition.hh"
#include "engine/model/inventory.hh"

namespace weir::reconcile {

std::string_view condition_text(const Value& status, std::string_view type,
                                std::string_view field) {
  const Value* found = model::find_condition(status["conditions"], type);
  return found == nullptr ? std::string_view() : (*found)[field].get_string();
}

void StatusEditor::set(std::string_view type, std::string_view status, std::string_view reason,
                       std::string_view message) {
  model::set_condition(owner_.status.entry("conditions"), {type, status, reason, message},
                       owner_.generation(), now_);
}

void StatusEditor::remove(std::string_view type) {
  if (Value* conditions = owner_.status.find_mut("conditions"))
    model::remove_condition(*conditions, type);
}

void StatusEditor::observe_generation() {
  owner_.status.set("observedGeneration", owner_.generation());
}

void StatusEditor::handle_request(std::string_view request) {
  if (!request.empty()) owner_.status.set("lastHandledReconcileAt", request);
}

void StatusEditor::set_field(std::string_view name, std::string_view text) {
  if (text.empty()) {
    owner_.status.erase(name);
  } else {
    owner_.status.set(name, text);
  }
}

void StatusEditor::set_artifact(const Artifact& artifact, std::int64_t size) {
  Value block = Value::object({{"digest", artifact.digest},
                               {"lastUpdateTime", base::format_rfc3339(now_)},
                               {"path", artifact.path},
                               {"revision", artifact.revision},
                               {"size", size},
                               {"url", artifact.url}});
  if (!artifact.metadata.empty()) block.set("metadata", artifact.metadata);
  owner_.status.set("artifact", std::move(block));
}

void StatusEditor::set_inventory(const std::vector<ObjectId>& ids) {
  owner_.status.set("inventory", model::make_inventory(ids));
}

void StatusEditor::record_history(const base::Digest& digest, std::string_view result,
                                  std::string_view revision, std::string_view origin_revision,
                                  base::Duration took) {
  const std::string text = digest.to_string();
  const std::string time = base::format_rfc3339(now_);
  const Value before = owner_.status["history"];
  Value entry = Value::object({{"digest", text}, {"firstReconciled", time}});
  std::int64_t total = 0;
  Value history = Value::array();
  history.push_back(Value());
  for (const Value& old : before.items()) {
    if (old["digest"].get_string() == text && old["lastReconciledStatus"].get_string() == result) {
      entry.set("firstReconciled", old["firstReconciled"]);
      total = old["totalReconciliations"].get_int();
    } else if (history.size() < base::limits::status_history_max) {
      history.push_back(old);
    }
  }
  entry.set("lastReconciled", time);
  entry.set("lastReconciledDuration", base::format_duration(took));
  entry.set("lastReconciledStatus", result);
  Value metadata = Value::object({{"revision", revision}});
  if (!origin_revision.empty()) metadata.set("originRevision", origin_revision);
  entry.set("metadata", std::move(metadata));
  entry.set("totalReconciliations", total + 1);
  history.item_mut(0) = std::move(entry);
  owner_.status.set("history", std::move(history));
}

Artifact read_artifact(const Value& status) {
  const Value& block = status["artifact"];
  Artifact artifact;
  artifact.revision = block["revision"].get_string();
  artifact.digest = block["digest"].get_string();
  artifact.path = block["path"].get_string();
  artifact.url = block["url"].get_string();
  artifact.metadata = block["metadata"];
  artifact.origin_revision =
      artifact.metadata["org.opencontainers.image.revision"].get_string();
  return artifact;
}

std::vector<ObjectId> read_inventory(const Value& status) {
  auto ids = model::parse_inventory(status["inventory"]);
  return ids.ok() ? *std::move(ids) : std::vector<ObjectId>();
}

}  // namespace weir::reconcile
