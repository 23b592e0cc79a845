#include "engine/model/condition.hh"

#include <algorithm>
#include <vector>

#include "engine/base/limits.hh"

namespace weir::model {
namespace {

int rank(std::string_view type) {
  static constexpr std::string_view first[] = {"Stalled", "Reconciling", "Ready"};
  const auto* it = std::find(std::begin(first), std::end(first), type);
  return static_cast<int>(it - std::begin(first));
}

bool comes_before(const Value& a, const Value& b) {
  const std::string_view type_a = a["type"].get_string();
  const std::string_view type_b = b["type"].get_string();
  const int rank_a = rank(type_a);
  const int rank_b = rank(type_b);
  if (rank_a != rank_b) return rank_a < rank_b;
  const std::int64_t seen_a = a["observedGeneration"].get_int();
  const std::int64_t seen_b = b["observedGeneration"].get_int();
  if (seen_a != seen_b) return seen_a > seen_b;
  return type_a < type_b;
}

std::string_view text_of(const Value& conditions, std::string_view type, std::string_view field) {
  const Value* condition = find_condition(conditions, type);
  return condition == nullptr ? std::string_view() : (*condition)[field].get_string();
}

}  // namespace

std::string trim_condition_message(std::string_view message) {
  constexpr std::size_t cap = base::limits::condition_message_max;
  if (message.size() <= cap) return std::string(message);
  std::size_t end = cap - 3;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  return std::string(message.substr(0, end)) + "...";
}

const Value* find_condition(const Value& conditions, std::string_view type) {
  for (const Value& condition : conditions.items()) {
    if (condition["type"].get_string() == type) return &condition;
  }
  return nullptr;
}

std::string_view condition_status(const Value& conditions, std::string_view type) {
  return text_of(conditions, type, "status");
}

std::string_view condition_reason(const Value& conditions, std::string_view type) {
  return text_of(conditions, type, "reason");
}

std::string_view condition_message(const Value& conditions, std::string_view type) {
  return text_of(conditions, type, "message");
}

bool condition_is(const Value& conditions, std::string_view type, std::string_view status) {
  return condition_status(conditions, type) == status;
}

bool set_condition(Value& conditions, const Condition& condition, std::int64_t generation,
                   base::TimeUs now, TransitionRule rule) {
  const std::string message = trim_condition_message(condition.message);
  Value made = Value::object({{"type", condition.type},
                              {"status", condition.status},
                              {"observedGeneration", generation},
                              {"lastTransitionTime", base::format_rfc3339(now)},
                              {"reason", condition.reason},
                              {"message", message}});
  if (!conditions.is_array()) conditions = Value::array();
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const Value& old = conditions.at(i);
    if (old["type"].get_string() != condition.type) continue;
    bool moved = old["status"].get_string() != condition.status;
    if (rule == TransitionRule::any_change) {
      moved = moved || old["reason"].get_string() != condition.reason ||
              old["message"].get_string() != message;
    }
    if (!moved && old["lastTransitionTime"].is_string()) {
      made.set("lastTransitionTime", old["lastTransitionTime"]);
    }
    if (old == made) return false;
    conditions.item_mut(i) = std::move(made);
    sort_conditions(conditions);
    return true;
  }
  conditions.push_back(std::move(made));
  sort_conditions(conditions);
  return true;
}

bool remove_condition(Value& conditions, std::string_view type) {
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    if (conditions.at(i)["type"].get_string() != type) continue;
    conditions.erase_at(i);
    return true;
  }
  return false;
}

void sort_conditions(Value& conditions) {
  const auto items = conditions.items();
  if (std::is_sorted(items.begin(), items.end(), comes_before)) return;
  std::vector<Value> sorted(items.begin(), items.end());
  std::stable_sort(sorted.begin(), sorted.end(), comes_before);
  for (std::size_t i = 0; i < sorted.size(); ++i) conditions.item_mut(i) = std::move(sorted[i]);
}

}  // namespace weir::model
