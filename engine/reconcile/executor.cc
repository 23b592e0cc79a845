#include "engine/reconcile/executor.hh"

#include "engine/reconcile/sensitive.hh"
#include "engine/value/json.hh"

namespace weir::reconcile {

std::string_view action_name(Action action) {
  static constexpr std::string_view names[] = {"created", "configured", "unchanged", "skipped",
                                               "deleted"};
  return names[static_cast<std::size_t>(action)];
}

std::size_t RenderedSet::size() const {
  std::size_t count = 0;
  for (const auto& stage : stages) count += stage.size();
  return count;
}

std::vector<ObjectId> RenderedSet::ids() const {
  std::vector<ObjectId> ids;
  ids.reserve(size());
  for (const auto& stage : stages)
    for (const RenderedObject& object : stage) ids.push_back(object.id);
  return ids;
}

RenderedPtr RenderCache::find(const base::Digest& key) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  recent_.splice(recent_.begin(), recent_, found->second);
  return found->second->second;
}

void RenderCache::put(const base::Digest& key, RenderedPtr set) {
  const std::lock_guard lock(mutex_);
  if (index_.contains(key)) return;
  objects_ += set->size();
  recent_.emplace_front(key, std::move(set));
  index_[key] = recent_.begin();
  while (objects_ > objects_max && recent_.size() > 1) {
    objects_ -= recent_.back().second->size();
    index_.erase(recent_.back().first);
    recent_.pop_back();
  }
}

Outcome Executor::execute(const Command& command) {
  const auto started = ports_.clock->monotonic();
  Outcome outcome;
  outcome.owner = command.owner;
  outcome.attempt = command.attempt;
  outcome.cause = command.cause;
  outcome.command = command.body.index();
  outcome.body =
      std::visit([&](const auto& body) { return run(command.owner, body); }, command.body);
  outcome.took = ports_.clock->monotonic() - started;
  return outcome;
}

Result<std::pair<base::Digest, base::Digest>> store_manifest(LogPort& log, const Value& manifest) {
  const std::string bytes = value::write_json(manifest, {.escape_html = false});
  const bool secret = manifest["kind"].get_string() == "Secret" || has_url_credentials(bytes);
  WEIR_TRY(const base::Digest blob, log.put_blob(bytes, secret));
  // A sealed blob's name is a keyed digest of the bytes: equal bytes, equal name.
  return std::pair(blob, blob);
}

Result<base::Digest> store_set(LogPort& log, const RenderedSet& set) {
  Value list = Value::array();
  for (const auto& stage : set.stages)
    for (const RenderedObject& object : stage)
      list.push_back(Value::object({{"apiVersion", object.id.gvk.api_version()},
                                    {"kind", object.id.gvk.kind},
                                    {"namespace", object.id.ns},
                                    {"name", object.id.name},
                                    {"blob", object.blob.hex()}}));
  return log.put_blob(value::write_json(list), false);
}

Result<std::vector<RenderedObject>> load_set(const LogPort& log, const base::Digest& set_blob) {
  WEIR_TRY(const std::string bytes, log.get_blob(set_blob));
  WEIR_TRY(const Value list, value::parse_json(bytes));
  std::vector<RenderedObject> objects;
  for (const Value& item : list.items()) {
    RenderedObject object;
    WEIR_TRY(object.blob, base::Digest::parse(item["blob"].get_string()));
    WEIR_TRY(const std::string text, log.get_blob(object.blob));
    WEIR_TRY(object.manifest, value::parse_json(text));
    object.digest = object.blob;
    object.id = ObjectId::of(object.manifest);
    objects.push_back(std::move(object));
  }
  return objects;
}

Result<base::Digest> store_live(LogPort& log, const Value& live) {
  Value kept = live;
  if (Value* metadata = kept.find_mut("metadata")) metadata->erase("managedFields");
  WEIR_TRY(const auto stored, store_manifest(log, kept));
  return stored.second;
}

}  // namespace weir::reconcile
