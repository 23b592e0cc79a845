#include "engine/reconcile/recording.hh"

#include "engine/event/wire.hh"
#include "engine/reconcile/helm_run.hh"
#include "engine/reconcile/input_codec.hh"
#include "engine/value/json.hh"

namespace weir::reconcile {
namespace {

// What a command says, put together piece by piece.
class Words {
 public:
  Words& add(std::string_view text) {
    event::append_string(bytes_, text);
    return *this;
  }
  Words& add(const std::string& text) { return add(std::string_view(text)); }
  Words& add(std::uint64_t number) {
    event::append_varint(bytes_, number);
    return *this;
  }
  Words& add(const base::Digest& digest) {
    event::append_digest(bytes_, digest);
    return *this;
  }
  Words& add(const ObjectId& id) { return add(id.gvk.group).add(id.subject()); }
  Words& add(const Value& value) { return add(value::write_json(value)); }
  Words& add(const Artifact& artifact) {
    return add(artifact.revision).add(artifact.digest).add(artifact.path);
  }
  template <typename T>
  Words& add(const std::vector<T>& list) {
    add(list.size());
    for (const T& item : list) add(item);
    return *this;
  }
  std::uint64_t digest() const {
    const base::Digest whole = base::sha256(bytes_);
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < sizeof out; ++i) out = out << 8 | whole.bytes[i];
    return out;
  }

 private:
  std::string bytes_;
};

std::string number(std::size_t count) { return std::to_string(count); }

// Each: what the command is called, with what tells it apart from its like; all else into `words`.
std::string tell(const FetchSource& c, Words& words) {
  words.add(c.current).add(c.status).add(static_cast<std::uint64_t>(c.generation));
  words.add(c.repositories.size());
  if (c.origin) words.add(c.origin->id).add(c.origin->artifact);
  return "FetchSource" + (c.current.empty() ? "" : " (at " + c.current.revision + ")");
}
std::string tell(const BuildManifests& c, Words& words) {
  words.add(c.object["spec"]).add(c.artifact).add(c.claimant);
  return "BuildManifests " + c.artifact.revision +
         (c.claimant.empty() ? "" : " asked by " + c.claimant.name);
}
std::string tell(const ReachCluster& c, Words& words) {
  words.add(c.to.secret).add(c.to.key).add(c.to.config_map);
  return "ReachCluster " + c.to.name();
}
std::string tell(const LoadRendered& c, Words& words) {
  words.add(c.set_blob);
  return "LoadRendered " + c.revision;
}
std::string tell(const ApplyStage& c, Words& words) {
  words.add(c.rendered->set_blob).add(c.as.user).add(c.ignore).add(c.owner).add(c.known.size());
  for (const auto& [id, facts] : c.known)
    words.add(id).add(facts.resource_version).add(facts.applied_manifest).add(facts.owned);
  return "ApplyStage " + number(c.stage) + " of " + c.rendered->revision +
         (c.force ? ", forced" : "") + (c.full_check ? ", all checked" : "") +
         (c.validate_all ? ", all validated" : "");
}
std::string tell(const PruneObjects& c, Words& words) {
  words.add(c.ids).add(c.as.user).add(static_cast<std::uint64_t>(c.timeout.count()));
  return "PruneObjects " + number(c.ids.size()) + (c.finalizing ? ", finalizing" : "") +
         (c.wait ? ", awaited" : "");
}
std::string tell(const ReadObjects& c, Words& words) {
  words.add(c.ids).add(c.as.user);
  return "ReadObjects " + number(c.ids.size());
}
std::string tell(const WriteStatus& c, Words& words) {
  words.add(c.status);
  for (const Value& condition : c.status["conditions"].items())
    if (condition["type"].get_string() == "Ready")
      return "WriteStatus Ready=" + std::string(condition["status"].get_string()) + " " +
             std::string(condition["reason"].get_string());
  return "WriteStatus";
}
std::string tell(const WriteFinalizer& c, Words&) {
  return c.add ? "WriteFinalizer" : "WriteFinalizer away";
}
std::string tell(const EmitEvent& c, Words& words) {
  words.add(c.message);
  for (const auto& [name, text] : c.annotations) words.add(name).add(text);
  return "EmitEvent " + c.type + " " + c.reason;
}
std::string tell(const CollectArtifacts& c, Words& words) {
  words.add(c.current);
  return "CollectArtifacts";
}
std::string tell(const RestoreObjects& c, Words& words) {
  words.add(c.manager).add(c.actor).add(c.as.user);
  for (const RestoreItem& item : c.items) words.add(item.id).add(item.blob).add(item.pruned);
  return "RestoreObjects " + number(c.items.size());
}
std::string tell(const RevertCommit& c, Words& words) {
  words.add(c.message).add(c.actor);
  for (const GitFile& file : c.files) words.add(file.path).add(file.commit);
  return "RevertCommit on " + c.head;
}
std::string tell(const KeepLive& c, Words& words) {
  words.add(c.message);
  return "KeepLive " + ObjectId::of(c.object).subject() + " " + c.health;
}
std::string tell(const ApplyHelmChart& c, Words& words) {
  words.add(c.manifest).add(std::uint64_t{c.exists}).add(c.remove);
  return std::string("ApplyHelmChart") + (c.manifest.is_null() ? "" : " as it should be") +
         (c.remove.empty() ? "" : ", " + c.remove.name + " removed");
}
std::string tell(const PrepareHelm& c, Words& words) {
  words.add(c.artifact).add(std::uint64_t{c.by_digest}).add(c.recorded).add(c.as.user);
  return "PrepareHelm " + c.artifact.revision + (c.recorded.empty() ? "" : ", rolled back");
}
std::string tell(const RunHelm& c, Words& words) {
  const HelmRun& run = *c.run;
  words.add(run.step).add(run.release_ns).add(run.as.user).add(run.cancelled).add(run.waiting);
  words.add(run.cluster_name).add(static_cast<std::uint64_t>(run.rollback_version));
  words.add(std::uint64_t{c.reload_storage}).add(c.known.size());
  for (const auto& [id, facts] : c.known) words.add(id).add(facts.health).add(facts.owned);
  for (const HelmDrift& drift : run.drifts) words.add(drift.id);
  return "RunHelm " + std::string(helm_action_name(run.kind)) + (run.resume ? ", resumed" : "") +
         (run.step == 0 ? "" : ", going on") + (run.cancelled.empty() ? "" : ", given up") +
         (c.finalizing ? ", finalizing" : "");
}

}  // namespace

RecordedCommand describe(const Command& command) {
  Words words;
  RecordedCommand out;
  const std::string what =
      std::visit([&](const auto& body) { return tell(body, words); }, command.body);
  out.text = command.owner.subject() + ": " + what;
  out.digest = words.add(out.text).add(command.owner).add(command.attempt).digest();
  return out;
}

RecordedCommand describe(const WatchOptions& watch) {
  Words words;
  const std::string key = watch_key(watch);
  return {"watch " + key, words.add(key).add(watch.label_selector).digest()};
}

std::vector<RecordedCommand> decisions_since(const Effects& effects, std::size_t commands,
                                             std::size_t watches, bool releases) {
  std::vector<RecordedCommand> out;
  for (std::size_t i = commands; i < effects.commands.size(); ++i)
    if (releases || !is_helm_release_id(effects.commands[i].owner))
      out.push_back(describe(effects.commands[i]));
  for (std::size_t i = watches; i < effects.watches.size(); ++i)
    out.push_back(describe(effects.watches[i]));
  return out;
}

void append_entry(std::string& record, const RecordEntry& entry) {
  record.push_back(static_cast<char>(entry.kind));
  event::append_varint(record, static_cast<std::uint64_t>(entry.now));
  event::append_varint(record, entry.head);
  event::append_string(record, entry.payload);
  event::append_string(record, entry.build);
  event::append_varint(record, entry.events);
  event::append_varint(record, entry.decisions.size());
  for (const RecordedCommand& decision : entry.decisions) {
    event::append_string(record, decision.text);
    event::append_big_endian(record, decision.digest);
  }
}

Result<std::vector<RecordEntry>> parse_record(std::string_view record) {
  std::vector<RecordEntry> out;
  event::Reader reader(record);
  while (reader.ok() && !reader.at_end()) {
    RecordEntry entry;
    entry.kind = static_cast<RecordEntry::Kind>(reader.byte());
    entry.now = static_cast<base::TimeUs>(reader.varint());
    entry.head = reader.varint();
    entry.payload = reader.string();
    entry.build = reader.string();
    entry.events = reader.varint();
    for (std::uint64_t i = reader.varint(); i > 0 && reader.ok(); --i) {
      RecordedCommand decision;
      decision.text = reader.string();
      decision.digest = reader.big_endian();
      entry.decisions.push_back(std::move(decision));
    }
    const bool known = entry.kind >= RecordEntry::Kind::begin &&
                       entry.kind <= RecordEntry::Kind::begin_all;
    if (!reader.ok() || !known)
      return make_error(Code::corrupt, "a record of the engine's inputs is malformed");
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace weir::reconcile
