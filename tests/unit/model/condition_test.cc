#include "engine/model/condition.hh"

#include <catch2/catch.hpp>

#include "engine/base/limits.hh"

using namespace weir;
using namespace weir::model;

namespace {

constexpr base::TimeUs early = 1'700'000'000'000'000;
constexpr base::TimeUs late = early + 60'000'000;

Value one(std::string_view type, std::string_view status = "True") {
  Value list;
  set_condition(list, {type, status, "Because", "text"}, 1, early);
  return list;
}

std::string transition(const Value& list) {
  return std::string(list.at(0)["lastTransitionTime"].get_string());
}

}  // namespace

TEST_CASE("a changed message moves lastTransitionTime") {
  Value list = one("Ready");
  CHECK(set_condition(list, {"Ready", "True", "Because", "other"}, 1, late));
  CHECK(transition(list) == base::format_rfc3339(late));
}

TEST_CASE("an equal condition changes nothing") {
  Value list = one("Ready");
  const Value before = list;
  CHECK_FALSE(set_condition(list, {"Ready", "True", "Because", "text"}, 1, late));
  CHECK(list == before);
}

TEST_CASE("a new generation alone does not move lastTransitionTime") {
  Value list = one("Ready");
  CHECK(set_condition(list, {"Ready", "True", "Because", "text"}, 2, late));
  CHECK(transition(list) == base::format_rfc3339(early));
  CHECK(list.at(0)["observedGeneration"].get_int() == 2);
}

TEST_CASE("under the status rule only the status moves lastTransitionTime") {
  Value list = one("Ready");
  set_condition(list, {"Ready", "True", "Other", "other"}, 1, late, TransitionRule::status_change);
  CHECK(transition(list) == base::format_rfc3339(early));
  set_condition(list, {"Ready", "False", "Other", "other"}, 1, late, TransitionRule::status_change);
  CHECK(transition(list) == base::format_rfc3339(late));
}

TEST_CASE("K13.1 order: Stalled, Reconciling, Ready, then newest generation, then type") {
  Value list;
  set_condition(list, {"Zed", "True", "R", ""}, 1, early);
  set_condition(list, {"Healthy", "True", "R", ""}, 1, early);
  set_condition(list, {"Newer", "True", "R", ""}, 2, early);
  set_condition(list, {"Ready", "True", "R", ""}, 1, early);
  set_condition(list, {"Reconciling", "True", "R", ""}, 1, early);
  set_condition(list, {"Stalled", "True", "R", ""}, 1, early);
  std::vector<std::string> types;
  for (const Value& condition : list.items()) types.emplace_back(condition["type"].get_string());
  CHECK(types ==
        std::vector<std::string>{"Stalled", "Reconciling", "Ready", "Newer", "Healthy", "Zed"});
}

TEST_CASE("K13.1 messages are capped with dots, never inside a character") {
  std::string text(base::limits::condition_message_max - 4, 'a');
  text += "\xC3\xA9\xC3\xA9\xC3\xA9";
  Value list;
  set_condition(list, {"Ready", "False", "R", text}, 1, early);
  const std::string_view message = condition_message(list, "Ready");
  CHECK(message.size() <= base::limits::condition_message_max);
  CHECK(message.ends_with("a..."));
  const std::string fits(base::limits::condition_message_max, 'b');
  CHECK(trim_condition_message(fits) == fits);
}

TEST_CASE("conditions are read and removed by type") {
  Value list = one("Ready", "False");
  CHECK(condition_is(list, "Ready", "False"));
  CHECK(condition_reason(list, "Ready") == "Because");
  CHECK(condition_status(list, "Stalled").empty());
  CHECK(remove_condition(list, "Ready"));
  CHECK_FALSE(remove_condition(list, "Ready"));
  CHECK(list.empty());
}
