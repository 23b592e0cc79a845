// Explained incidents: the chain of events from what is seen of an object to its root, and what
// reconciles cost and how they failed, owner by owner.
#include <algorithm>
#include <set>

#include "api/audit/instant.hh"
#include "api/audit/kinds.hh"
#include "api/audit/origin.hh"
#include "api/audit/side.hh"
#include "api/audit/views.hh"
#include "store/projections/reconciles.hh"

namespace weir::api::audit {
namespace {

using event::Event;
using event::Type;

constexpr std::size_t chain_max = 50;
constexpr std::size_t reconciles_max = 10'000;

// What of an event's data a person wants in one line.
std::string summary_of(const Event& event) {
  const Value& data = event.data;
  std::string text(event::type_name(event.type));
  const auto add = [&](std::string_view name) {
    const std::string_view value = data[name].get_string();
    if (!value.empty()) text.append(" ").append(value);
  };
  for (const std::string_view name :
       {"action", "status", "reason", "message", "revision", "manager", "fields"})
    add(name);
  const std::string_view revision = data.path("artifact", "revision").get_string();
  if (!revision.empty()) text.append(" ").append(revision);
  const Value& commit = data["commit"];
  if (const std::string_view subject = commit["subject"].get_string(); !subject.empty())
    text.append(" \"").append(subject).append("\" by ").append(commit["author"].get_string());
  if (event.type == Type::operator_acted) text.append(" by ").append(event.actor);
  return text;
}

Value link_view(const Event& event, std::string_view relation) {
  Value out = Value::object({{"seq", event.seq},
                             {"time", base::format_rfc3339_micro(event.time)},
                             {"type", event::type_name(event.type)},
                             {"subject", event.subject.object.subject()},
                             {"relation", relation},
                             {"summary", summary_of(event)}});
  if (!event.actor.empty()) out.set("actor", event.actor);
  return out;
}

class Walk {
 public:
  explicit Walk(const Call& call) : call_(call), log_(call.log()) {}

  // From the newest thing that tells of the object's state at `at`.
  Result<Value> run(const model::ObjectId& id, store::Seq at) {
    at_ = at;
    WEIR_TRY(auto event, effect(id, at));
    std::string relation = "observed";
    while (event && chain_.size() < chain_max && met_.insert(event->seq).second) {
      chain_.push_back(link_view(*event, relation));
      WEIR_TRY(event, cause_of(*event, relation));
    }
    return std::move(chain_);
  }

 private:
  using Found = Result<std::optional<Event>>;

  Found newest_of(const model::ObjectId& id, std::initializer_list<Type> types, store::Seq at) {
    std::optional<Event> best;
    for (const Type type : types) {
      WEIR_TRY(auto event, newest_event(log_, id, type, at));
      if (event && (!best || event->seq > best->seq)) best = std::move(event);
    }
    return best;
  }

  Found effect(const model::ObjectId& id, store::Seq at) {
    if (is_owner_kind(id.gvk))
      return newest_of(
          id,
          {Type::step_failed, Type::reconcile_finished, Type::source_fetched, Type::spec_deleted},
          at);
    return newest_of(id,
                     {Type::health_observed, Type::object_applied, Type::object_pruned,
                      Type::object_skipped, Type::drift_detected},
                     at);
  }

  // The cause that the event names; else what its words lead to.
  Found cause_of(const Event& event, std::string& relation) {
    if (event.type == Type::reconcile_finished) {
      WEIR_TRY(auto failed, failure_in(event));
      if (failed) {
        relation = "failed step";
        return failed;
      }
    }
    if (event.type == Type::step_failed) {
      WEIR_TRY(auto behind, behind_failure(event));
      if (behind) {
        relation = "waits for";
        return behind;
      }
    }
    if (event.cause != 0 && event.cause < event.seq) {
      auto cause = log_.read(event.cause);
      if (!cause.ok() && cause.error().code == Code::gone) return std::optional<Event>();
      if (!cause.ok()) return std::move(cause).error();
      // A reconcile does not bring about the next one; logs of older builds say so.
      const bool both = event.type == Type::reconcile_started && cause->type == event.type;
      relation = cause->type == Type::source_fetched ? "new revision" : "caused by";
      if (!both) return std::optional<Event>(std::move(*cause));
    }
    if (event.type != Type::reconcile_started) return std::optional<Event>();
    relation = "new revision";
    return source_of(event);
  }

  // The step that failed in the same reconcile, if it did not succeed.
  Found failure_in(const Event& finished) {
    if (finished.data["status"].get_string() == "ReconciliationSucceeded")
      return std::optional<Event>();
    WEIR_TRY(auto failed,
             newest_event(log_, finished.subject.object, Type::step_failed, finished.seq));
    if (failed && failed->reconcile_id == finished.reconcile_id) return failed;
    return std::optional<Event>();
  }

  // What the owner's spec at that time names: its source, or those it depends on.
  Found behind_failure(const Event& failed) {
    const std::string_view reason = failed.data["reason"].get_string();
    const bool dependency = reason == "DependencyNotReady";
    if (!dependency && reason != "ArtifactFailed" && reason != "SourceNotReady")
      return std::optional<Event>();
    const model::ObjectId& owner = failed.subject.object;
    WEIR_TRY(const auto spec, newest_event(log_, owner, Type::spec_observed, failed.seq));
    if (!spec) return std::optional<Event>();
    const Value& fields = spec->data.path("object", "spec");
    if (!dependency) {
      return newest_of(source_reference(owner, fields["sourceRef"]), {Type::step_failed},
                       failed.seq);
    }
    for (const Value& item : fields["dependsOn"].items()) {
      model::ObjectId on = owner;
      on.name = item["name"].get_string();
      if (!item["namespace"].get_string().empty()) on.ns = item["namespace"].get_string();
      // It may have begun to wait before the dependency failed: what holds it now is that.
      WEIR_TRY(auto end, newest_of(on, {Type::step_failed, Type::reconcile_finished}, at_));
      const bool good = end && end->data["status"].get_string() == "ReconciliationSucceeded";
      if (end && !good) return end;
    }
    return std::optional<Event>();
  }

  // Where the revision came from that a reconcile began with.
  Found source_of(const Event& started) {
    const std::string_view revision = started.data["revision"].get_string();
    WEIR_TRY(const auto spec,
             newest_event(log_, started.subject.object, Type::spec_observed, started.seq));
    if (!spec || revision.empty()) return std::optional<Event>();
    const Value& ref = spec->data.path("object", "spec", "sourceRef");
    if (ref.is_null()) return std::optional<Event>();
    const model::ObjectId source = source_reference(started.subject.object, ref);
    WEIR_TRY(auto fetched, newest_event(log_, source, Type::source_fetched, started.seq));
    if (fetched && fetched->data.path("artifact", "revision").get_string() == revision)
      return fetched;
    return std::optional<Event>();
  }

  const Call& call_;
  const store::EventLog& log_;
  store::Seq at_ = 0;  // the instant asked about
  Value chain_ = Value::array();
  std::set<store::Seq> met_;
};

// Of one owner, since an instant.
struct Toll {
  std::size_t reconciles = 0, failures = 0, restores = 0;
  base::TimeUs restoring = 0;               // sum, from the first failure to the next success
  std::vector<std::int64_t> lead_times_ms;  // from the source's commit being fetched to applied
};

double seconds(base::TimeUs time) { return static_cast<double>(time) / 1e6; }

Value toll_view(const model::ObjectId& owner, Toll& toll) {
  Value out = id_view(owner);
  out.set("reconciles", toll.reconciles);
  out.set("failures", toll.failures);
  out.set("failureRate", toll.reconciles == 0 ? 0.0
                                              : static_cast<double>(toll.failures) /
                                                    static_cast<double>(toll.reconciles));
  out.set("restores", toll.restores);
  if (toll.restores > 0)
    out.set("timeToRestoreSeconds", seconds(toll.restoring) / static_cast<double>(toll.restores));
  if (!toll.lead_times_ms.empty()) {
    std::sort(toll.lead_times_ms.begin(), toll.lead_times_ms.end());
    const auto median = toll.lead_times_ms[toll.lead_times_ms.size() / 2];
    out.set("leadTimeSeconds", static_cast<double>(median) / 1e3);
  }
  return out;
}

// When each revision of the owner's source was committed, as far as the log says; else fetched.
Result<base::TimeUs> commit_time(const Call& call, const model::ObjectId& owner,
                                 const store::projections::ReconcileRecord& record) {
  WEIR_TRY(const auto spec,
           newest_event(call.log(), owner, Type::spec_observed, record.finished_seq));
  if (!spec) return base::TimeUs{0};
  const Value& ref = spec->data.path("object", "spec", "sourceRef");
  const model::ObjectId source = source_reference(owner, ref);
  WEIR_TRY(const auto fetched,
           newest_event(call.log(), source, Type::source_fetched, record.finished_seq));
  if (!fetched || fetched->data.path("artifact", "revision").get_string() != record.revision)
    return base::TimeUs{0};
  const auto time = base::parse_rfc3339(fetched->data.path("commit", "time").get_string());
  return time.ok() ? *time : fetched->time;
}

Result<Toll> toll_of(const Call& call, const model::ObjectId& owner, store::Seq since) {
  WEIR_TRY(auto records, store::projections::reconciles(call.log().kv(), owner, reconciles_max));
  std::reverse(records.begin(), records.end());
  Toll toll;
  base::TimeUs broken_since = 0;
  std::string applied;
  for (const auto& record : records) {
    if (record.finished_seq < std::max<store::Seq>(since, 1)) continue;
    ++toll.reconciles;
    if (record.status != "ReconciliationSucceeded") {
      ++toll.failures;
      if (broken_since == 0) broken_since = record.finished;
      continue;
    }
    if (broken_since != 0) {
      ++toll.restores;
      toll.restoring += record.finished - broken_since;
      broken_since = 0;
    }
    if (record.revision == applied) continue;
    WEIR_TRY(const base::TimeUs committed, commit_time(call, owner, record));
    if (committed == 0) continue;  // a rollback: nothing new was delivered
    applied = record.revision;
    toll.lead_times_ms.push_back(std::max<base::TimeUs>(record.finished - committed, 0) / 1000);
  }
  return toll;
}

}  // namespace

Result<kube::Response> object_why(const Call& call) {
  model::ObjectId id;
  WEIR_TRY(id.gvk, resolve_kind(call.log(), call.path.find("kind")->second, "kind"));
  id.ns = call.path.find("namespace")->second;
  if (id.ns == "-") id.ns.clear();
  id.name = call.path.find("name")->second;
  store::Seq at = call.log().head().seq;
  if (!call.parameter("at").empty()) {
    WEIR_TRY(at, resolve_instant(call.log(), call.parameter("at"), call.now(), "at"));
  }
  WEIR_TRY(Value chain, Walk(call).run(id, at));
  if (chain.empty()) return make_error(Code::not_found, "the log knows no " + id.subject());
  return json_response(Value::object({{"object", id_view(id)}, {"chain", std::move(chain)}}));
}

Result<kube::Response> list_incidents(const Call& call) {
  store::Seq since = 1;
  if (!call.parameter("since").empty()) {
    WEIR_TRY(since, resolve_instant(call.log(), call.parameter("since"), call.now(), "since"));
  }
  WEIR_TRY(const auto owners, store::projections::owners_ever(call.log().kv()));
  Value items = Value::array();
  for (const model::ObjectId& owner : owners) {
    WEIR_TRY(Toll toll, toll_of(call, owner, since));
    if (toll.reconciles > 0) items.push_back(toll_view(owner, toll));
  }
  return json_response(Value::object({{"items", std::move(items)}}));
}

}  // namespace weir::api::audit
