#include "engine/reconcile/sensitive.hh"

#include <algorithm>

#include "engine/base/limits.hh"

namespace weir::reconcile {
namespace {

struct UserPart {
  std::size_t begin = 0, end = 0;  // "user:password@"
};

// The next user part with credentials from `at` on; begin == end when there is none.
UserPart next_user_part(std::string_view text, std::size_t at) {
  while ((at = text.find("://", at)) != std::string_view::npos) {
    const std::size_t begin = at + 3;
    const std::size_t end = std::min(text.find_first_of("/?# \t\r\n\"'\\", begin), text.size());
    const std::string_view authority = text.substr(begin, end - begin);
    const std::size_t mark = authority.rfind('@');
    const std::string_view scheme = text.substr(0, at);
    const bool over_http = scheme.ends_with("http") || scheme.ends_with("https");
    if (mark != std::string_view::npos && mark > 0 &&
        (over_http || authority.substr(0, mark).find(':') != std::string_view::npos))
      return {begin, begin + mark + 1};
    at = begin;
  }
  return {};
}

void drop(Value& value, std::size_t depth) {
  if (depth > base::limits::value_depth_max) return;
  if (value.is_string()) {
    if (has_url_credentials(value.as_string()))
      value = Value(without_url_credentials(value.as_string()));
    return;
  }
  for (std::size_t i = 0; i < value.size(); ++i)
    drop(value.is_object() ? value.member_mut(i).value : value.item_mut(i), depth + 1);
}

bool holds(const Value& value, std::size_t depth) {
  if (depth > base::limits::value_depth_max) return true;
  if (value.is_string()) return has_url_credentials(value.as_string());
  return std::any_of(value.members().begin(), value.members().end(),
                     [&](const auto& member) { return holds(member.value, depth + 1); }) ||
         std::any_of(value.items().begin(), value.items().end(),
                     [&](const Value& item) { return holds(item, depth + 1); });
}

}  // namespace

bool has_url_credentials(std::string_view text) {
  const UserPart part = next_user_part(text, 0);
  return part.begin != part.end;
}

std::string without_url_credentials(std::string_view text) {
  std::string out;
  std::size_t done = 0;
  for (UserPart part = next_user_part(text, 0); part.begin != part.end;
       part = next_user_part(text, done)) {
    out.append(text.substr(done, part.begin - done));
    done = part.end;
  }
  return out.append(text.substr(done));
}

void drop_url_credentials(Value& value) {
  if (holds(value, 0)) drop(value, 0);
}

}  // namespace weir::reconcile
