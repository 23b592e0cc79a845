#include "engine/reconcile/replay.hh"

#include <algorithm>
#include <deque>
#include <memory>
#include <unordered_map>

#include "engine/reconcile/core.hh"
#include "engine/reconcile/input_codec.hh"
#include "engine/reconcile/metrics.hh"
#include "engine/reconcile/recording.hh"
#include "engine/value/json.hh"

namespace weir::reconcile {
namespace {

constexpr std::size_t text_max = 300;
constexpr std::size_t events_a_read = 1000;

// Events in order, read ahead.
class EventFeed {
 public:
  explicit EventFeed(const LogPort& log) : log_(log) {}

  // Those of (after, after + count].
  Result<std::vector<event::Event>> take(std::uint64_t after, std::uint64_t count) {
    while (!ahead_.empty() && ahead_.front().seq <= after) ahead_.pop_front();
    std::vector<event::Event> out;
    for (std::uint64_t seq = after + 1; seq <= after + count; ++seq) {
      if (ahead_.empty() || ahead_.front().seq > seq) WEIR_CHECK(read(seq));
      if (ahead_.empty() || ahead_.front().seq != seq) {
        return make_error(Code::not_found, "event " + std::to_string(seq) +
                                               " is not in the log any more; its record is");
      }
      out.push_back(std::move(ahead_.front()));
      ahead_.pop_front();
    }
    return out;
  }

 private:
  Result<void> read(std::uint64_t from) {
    ahead_.clear();
    return log_.replay(from, [&](const event::Event& event) {
      ahead_.push_back(event);
      return ahead_.size() < events_a_read;
    });
  }

  const LogPort& log_;
  std::deque<event::Event> ahead_;
};

// Of a run that left HelmReleases out. A heartbeat counts owners found unchanged, HelmReleases
// among them.
bool is_of_no_release(const event::Event& event) {
  if (event.type == event::Type::heartbeat) return false;
  return !is_helm_release_id(event.subject.object) && !is_helm_release_id(event.owner);
}

// What an event says, without its place in the log.
std::string text_of(event::Event event) {
  event.seq = 0;
  event.time = 0;
  std::string text(event::type_name(event.type));
  const std::string data = event.data.is_null() ? "" : value::write_json(event.data);
  for (const std::string& part : {event.subject.object.subject(), event.actor,
                                  event.owner.subject(), std::to_string(event.cause), data})
    if (!part.empty()) text += " " + part;
  for (const base::Digest& blob : event.blobs) text += " " + blob.hex();
  return text;
}

std::string cut(std::string text) {
  if (text.size() > text_max) text = text.substr(0, text_max) + "...";
  return text;
}

std::string told_by(const Input* input) {
  if (input == nullptr) return "a timer";
  if (const auto* seen = std::get_if<Observed>(input)) {
    if (seen->event.object.is_null()) return "the watch " + seen->key;
    return "the watch on " + ObjectId::of(seen->event.object).subject();
  }
  if (const auto* outcome = std::get_if<Outcome>(input))
    return "an outcome for " + outcome->owner.subject();
  if (const auto* action = std::get_if<OperatorAction>(input))
    return "an operator on " + action->target.subject();
  return "the store";
}

// What is in one list and not in the other, each as often as it is.
std::vector<std::string> only_in(std::vector<std::string> list, std::vector<std::string> other) {
  std::vector<std::string> out;
  for (std::string& text : list) {
    const auto same = std::find(other.begin(), other.end(), text);
    if (same == other.end()) {
      out.push_back(cut(std::move(text)));
    } else {
      other.erase(same);
    }
  }
  return out;
}

class Replayer {
 public:
  Replayer(const LogPort& log, const std::function<void(EngineOptions&)>& adjust,
           const std::function<void(const DecisionDifference&)>& visit)
      : log_(log), adjust_(adjust), visit_(visit), feed_(log) {}

  Result<DecisionReport> run() {
    const auto all =
        log_.for_each_record([&](std::string_view record) { return take_all(record); });
    if (!all.ok()) return all.error();
    return report_;
  }

 private:
  Result<bool> take_all(std::string_view record) {
    WEIR_TRY(const auto entries, parse_record(record));
    for (const RecordEntry& entry : entries) {
      const std::string context = "the step behind event " + std::to_string(entry.head);
      WEIR_CHECK(take(entry).with_context(context));
    }
    return true;
  }

  Result<void> take(const RecordEntry& entry) {
    const bool all = entry.kind == RecordEntry::Kind::begin_all;
    if (all || entry.kind == RecordEntry::Kind::begin) return begin(entry, all);
    if (entry.kind == RecordEntry::Kind::ended) {
      core_.reset();
      ++report_.ended;
    }
    return core_ == nullptr ? Result<void>() : step(entry);
  }

  Result<void> begin(const RecordEntry& entry, bool with_releases) {
    releases_ = with_releases;
    WEIR_TRY(EngineOptions options, decode_options(entry.payload));
    if (adjust_) adjust_(options);
    core_ = std::make_unique<Core>(std::move(options), metrics_);
    Delivery delivery;
    WEIR_CHECK(core_->restore(log_, entry.head, delivery));
    if (report_.runs++ == 0) report_.first_seq = entry.head + 1;
    diverged_ = false;
    ordered_.clear();
    clients_.clear();
    turn_ = last_turn_ = entry.now;
    return {};
  }

  Result<void> step(const RecordEntry& entry) {
    // Timers of a turn are run at its end: one that is older was not there then.
    if (entry.now != turn_) {
      last_turn_ = turn_;
      turn_ = entry.now;
      if (const base::TimeUs due = core_->next_due(); due != 0 && due <= last_turn_)
        WEIR_CHECK(compare(nullptr, last_turn_, {}, entry.head, 0));
    }
    std::optional<Input> input;
    if (!entry.payload.empty()) {
      WEIR_TRY(input, decode_input(entry.payload, log_, clients_));
    }
    ++report_.steps;
    report_.events += entry.events;
    report_.commands += entry.decisions.size();
    report_.last_seq = std::max(report_.last_seq, entry.head + entry.events);
    return compare(input ? &*input : nullptr, entry.now, entry.decisions, entry.head, entry.events);
  }

  Result<void> compare(const Input* input, base::TimeUs now,
                       const std::vector<RecordedCommand>& then, std::uint64_t head,
                       std::uint64_t events) {
    WEIR_TRY(const auto logged, feed_.take(head, events));
    core_->appended(head);
    Effects out;
    if (input == nullptr) {
      core_->tick(now, out);
    } else if (was_ordered(*input)) {
      core_->step(*input, now, out);
    }
    for (const Command& command : out.commands) note_ordered(command);
    const auto commands = decisions_since(out, 0, 0, releases_);
    std::vector<std::string> texts_then, texts_now;
    add_events(logged, texts_then);
    add_events(out.events, texts_now);
    const bool same_events = texts_then == texts_now;
    if (same_events && commands == then) return {};
    add_commands(then, texts_then);
    add_commands(commands, texts_now);
    DecisionDifference difference{head, now, told_by(input), only_in(texts_then, texts_now),
                                  only_in(texts_now, texts_then), diverged_};
    if (difference.then.empty() && difference.now.empty())
      difference.now.push_back("the same, in another order");
    diverged_ = true;
    ++report_.differences;
    visit_(difference);
    return {};
  }

  void add_events(const std::vector<event::Event>& events, std::vector<std::string>& out) const {
    for (const event::Event& event : events)
      if (releases_ || is_of_no_release(event)) out.push_back(text_of(event));
  }

  // Once decisions differ, there are outcomes of what this build has not ordered: it is not told of
  // them, as no engine ever is.
  bool was_ordered(const Input& input) {
    const auto* outcome = std::get_if<Outcome>(&input);
    if (outcome == nullptr) return true;
    const auto found = ordered_.find(key_of(outcome->owner, outcome->attempt, outcome->command));
    if (found == ordered_.end()) return false;
    // Stages are told one after another.
    const auto* applied = std::get_if<StageApplied>(&outcome->body);
    if (applied != nullptr && found->second.back() != applied->stage) return false;
    found->second.pop_back();
    if (found->second.empty()) ordered_.erase(found);
    return true;
  }
  void note_ordered(const Command& command) {
    const auto* stage = std::get_if<ApplyStage>(&command.body);
    ordered_[key_of(command.owner, command.attempt, command.body.index())].push_back(
        stage == nullptr ? 0 : stage->stage);
  }
  static std::string key_of(const ObjectId& owner, std::uint64_t attempt, std::size_t command) {
    return owner.gvk.group + "/" + owner.subject() + " " + std::to_string(attempt) + " " +
           std::to_string(command);
  }

  // The digest is of what the text leaves out.
  static void add_commands(const std::vector<RecordedCommand>& commands,
                           std::vector<std::string>& out) {
    for (const RecordedCommand& command : commands) {
      char digest[24];
      std::snprintf(digest, sizeof digest, " [%08llx]",
                    static_cast<unsigned long long>(command.digest >> 32));
      out.push_back(command.text + digest);
    }
  }

  const LogPort& log_;
  const std::function<void(EngineOptions&)>& adjust_;
  const std::function<void(const DecisionDifference&)>& visit_;
  EventFeed feed_;
  Metrics metrics_;
  std::unique_ptr<Core> core_;
  DecisionReport report_;
  base::TimeUs turn_ = 0, last_turn_ = 0;
  bool diverged_ = false;
  // What this build has ordered and not been told of yet: the stages, 0 for what has none.
  std::unordered_map<std::string, std::vector<std::size_t>> ordered_;
  ClientStandIns clients_;
  bool releases_ = true;  // the run's record is of HelmReleases too
};

}  // namespace

Result<DecisionReport> replay_decisions(
    const LogPort& log, const std::function<void(EngineOptions&)>& adjust,
    const std::function<void(const DecisionDifference&)>& visit) {
  return Replayer(log, adjust, visit).run();
}

}  // namespace weir::reconcile
