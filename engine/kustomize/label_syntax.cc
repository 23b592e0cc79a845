#include "engine/kustomize/label_syntax.hh"

#include <algorithm>

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

constexpr std::size_t name_bytes_max = 63;
constexpr std::size_t prefix_bytes_max = 253;

constexpr std::string_view name_rule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view value_rule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
    "or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
constexpr std::string_view prefix_rule =
    "a DNS-1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation "
    "is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_letter_or_digit(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

bool is_name(std::string_view text) {
  return !text.empty() && is_letter_or_digit(text.front()) && is_letter_or_digit(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
         });
}

bool is_subdomain(std::string_view text) {
  while (true) {
    const std::size_t end = std::min(text.find('.'), text.size());
    const std::string_view part = text.substr(0, end);
    if (part.empty() || !is_lower_or_digit(part.front()) || !is_lower_or_digit(part.back()) ||
        !std::all_of(part.begin(), part.end(),
                     [](char c) { return is_lower_or_digit(c) || c == '-'; })) {
      return false;
    }
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

std::string too_long(std::size_t most) {
  return "must be no more than " + std::to_string(most) + " characters";
}

// The problems of a qualified name, joined as Kubernetes does; empty when there are none.
std::string key_problems(std::string_view key) {
  std::string problems;
  const auto add = [&](const std::string& problem) {
    if (!problems.empty()) problems += "; ";
    problems += problem;
  };
  std::string_view name = key;
  if (const std::size_t slash = key.find('/'); slash != key.npos) {
    name = key.substr(slash + 1);
    const std::string_view prefix = key.substr(0, slash);
    if (name.find('/') != name.npos) {
      return "a qualified name " + std::string(name_rule) +
             " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    }
    if (prefix.empty()) {
      add("prefix part must be non-empty");
    } else {
      if (prefix.size() > prefix_bytes_max) add("prefix part " + too_long(prefix_bytes_max));
      if (!is_subdomain(prefix)) add("prefix part " + std::string(prefix_rule));
    }
  }
  if (name.empty()) add("name part must be non-empty");
  if (name.size() > name_bytes_max) add("name part " + too_long(name_bytes_max));
  if (!is_name(name)) add("name part " + std::string(name_rule));
  return problems;
}

}  // namespace

Result<void> check_label_key(std::string_view key) {
  const std::string problems = key_problems(key);
  if (problems.empty()) return {};
  return make_error(Code::invalid, "invalid label key \"" + std::string(key) + "\": " + problems);
}

Result<void> check_label_value(std::string_view key, std::string_view value) {
  std::string problems;
  if (value.size() > name_bytes_max) problems = too_long(name_bytes_max);
  if (!value.empty() && !is_name(value))
    problems += (problems.empty() ? "" : "; ") + std::string(value_rule);
  if (problems.empty()) return {};
  return make_error(Code::invalid, "invalid label value: \"" + std::string(value) +
                                       "\": at key: \"" + std::string(key) + "\": " + problems);
}

}  // namespace weir::kustomize
