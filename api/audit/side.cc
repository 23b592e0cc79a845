#include "api/audit/side.hh"

#include <algorithm>

#include "engine/value/json.hh"

namespace weir::api::audit {
namespace {

namespace views = store::projections;

constexpr std::string_view names[] = {"desired", "rendered", "live", "health"};

views::Side side_of(View view) {
  return view == View::live || view == View::health ? views::Side::live : views::Side::desired;
}

// The set that the owner had rendered last, as states whose manifests are those of the set.
Result<std::vector<views::ObjectState>> rendered_by(const Call& call, const model::ObjectId& owner,
                                                    store::Seq at) {
  std::vector<views::ObjectState> out;
  WEIR_TRY(const auto event, newest_event(call.log(), owner, event::Type::manifests_rendered, at));
  WEIR_TRY(const auto gone, newest_event(call.log(), owner, event::Type::spec_deleted, at));
  if (!event || event->blobs.empty() || (gone && gone->seq > event->seq)) return out;
  WEIR_TRY(const std::string bytes, call.blobs().get(event->blobs.front()));
  const auto set = value::parse_json(bytes);
  if (!set.ok())
    return make_error(Code::corrupt, "the rendered set of event " + std::to_string(event->seq) +
                                         " does not parse");
  for (const Value& item : set->items()) {
    views::ObjectState& state = out.emplace_back();
    state.id = {model::Gvk::from(item["apiVersion"].get_string(), item["kind"].get_string()),
                std::string(item["namespace"].get_string()),
                std::string(item["name"].get_string())};
    state.change.seq = event->seq;
    state.change.time = event->time;
    state.change.type = event->type;
    state.change.action = "rendered";
    state.change.version = state.id.gvk.version;
    state.change.owner = owner;
    state.change.revision = event->data["revision"].get_string();
    state.change.actor = event->actor;
    state.change.reconcile_id = event->reconcile_id;
    WEIR_TRY(state.change.manifest, base::Digest::parse(item["blob"].get_string()));
  }
  return out;
}

bool wanted(const views::ObjectState& state, const views::StateFilter& filter) {
  return (!filter.kind || *filter.kind == state.id.gvk.kind) &&
         (!filter.ns || *filter.ns == state.id.ns);
}

bool before(const views::ObjectState& a, const views::ObjectState& b) {
  return std::tie(a.id.gvk.kind, a.id.ns, a.id.name, a.id.gvk.group) <
         std::tie(b.id.gvk.kind, b.id.ns, b.id.name, b.id.gvk.group);
}

}  // namespace

std::string_view view_name(View view) { return names[static_cast<std::size_t>(view)]; }

Result<View> read_view(const Call& call) {
  WEIR_TRY(const std::string word,
           call.one_of("side", {"", "desired", "rendered", "live", "health"}));
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (names[i] == word) return static_cast<View>(i);
  return View::desired;
}

Result<std::optional<event::Event>> newest_event(const store::EventLog& log,
                                                 const model::ObjectId& subject, event::Type type,
                                                 store::Seq to) {
  store::ScanRequest scan;
  scan.to = to;
  scan.backward = true;
  scan.limit = 1;
  scan.filter.type = type;
  scan.filter.group = subject.gvk.group;
  scan.filter.kind = subject.gvk.kind;
  scan.filter.ns = subject.ns;
  scan.filter.name = subject.name;
  WEIR_TRY(store::EventPage page, log.scan(scan));
  if (page.events.empty()) return std::optional<event::Event>();
  return std::optional<event::Event>(std::move(page.events.front()));
}

Result<std::optional<views::ObjectState>> object_in_view(const Call& call,
                                                         const model::ObjectId& id, store::Seq at,
                                                         View view) {
  if (view != View::rendered) return views::object_at(call.log().kv(), id, at, side_of(view));
  WEIR_TRY(const auto owners, views::owners_ever(call.log().kv()));
  std::optional<views::ObjectState> found;
  for (const model::ObjectId& owner : owners) {
    WEIR_TRY(auto states, rendered_by(call, owner, at));
    for (views::ObjectState& state : states)
      if (model::same_object(state.id, id) && (!found || found->change.seq < state.change.seq))
        found = std::move(state);
  }
  return found;
}

Result<std::vector<views::ObjectState>> cluster_in_view(const Call& call, store::Seq at, View view,
                                                        const views::StateFilter& filter) {
  if (view != View::rendered) return views::state_at(call.log().kv(), at, side_of(view), filter);
  std::vector<model::ObjectId> owners;
  if (filter.owner) {
    owners.push_back(*filter.owner);
  } else {
    WEIR_TRY(owners, views::owners_ever(call.log().kv()));
  }
  std::vector<views::ObjectState> out;
  for (const model::ObjectId& owner : owners) {
    WEIR_TRY(auto states, rendered_by(call, owner, at));
    for (views::ObjectState& state : states)
      if (wanted(state, filter)) out.push_back(std::move(state));
  }
  std::stable_sort(out.begin(), out.end(), before);
  return out;
}

Result<store::Seq> HealthReader::last_success(const model::ObjectId& owner) {
  if (owner.empty()) return store::Seq{0};
  const std::string key = owner.subject();
  if (const auto known = successes_.find(key); known != successes_.end()) return known->second;
  store::Seq to = at_, seq = 0;
  while (seq == 0 && to > 0) {
    WEIR_TRY(const auto event, newest_event(log_, owner, event::Type::reconcile_finished, to));
    if (!event) break;
    if (event->data["status"].get_string() == "ReconciliationSucceeded") seq = event->seq;
    to = event->seq - 1;
  }
  successes_.emplace(key, seq);
  return seq;
}

Result<Value> HealthReader::of(const views::ObjectState& state) {
  WEIR_TRY(const auto seen, newest_event(log_, state.id, event::Type::health_observed, at_));
  WEIR_TRY(const store::Seq success, last_success(state.change.owner));
  if (seen && seen->seq > success)
    return Value::object(
        {{"status", seen->data["status"]}, {"message", seen->data["message"]}, {"seq", seen->seq}});
  if (success > 0) return Value::object({{"status", "Current"}, {"seq", success}});
  return Value::object({{"status", "Unknown"}});
}

}  // namespace weir::api::audit
