#include "engine/kustomize/selector.hh"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "engine/kustomize/label_syntax.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

// In the words of Go's regexp package.
std::string problem_of(const re2::RE2& regex) {
  using enum re2::RE2::ErrorCode;
  std::string words = regex.error();
  switch (regex.error_code()) {
    case ErrorMissingBracket: words = "missing closing ]"; break;
    case ErrorMissingParen: words = "missing closing )"; break;
    case ErrorBadEscape: words = "invalid escape sequence"; break;
    case ErrorBadCharClass:
    case ErrorBadCharRange: words = "invalid character class range"; break;
    case ErrorTrailingBackslash: words = "trailing backslash at end of expression"; break;
    case ErrorRepeatArgument: words = "missing argument to repetition operator"; break;
    case ErrorRepeatSize: words = "invalid repeat count"; break;
    case ErrorRepeatOp: words = "invalid nested repetition operator"; break;
    default: return words;
  }
  return words + ": `" + regex.error_arg() + "`";
}

// One part of a selector: matches all when it was left empty; a plain word is compared without a
// machine.
class Pattern {
 public:
  Result<void> set(std::string_view text) {
    if (text.empty()) return {};
    any_ = false;
    constexpr std::string_view special = "\\.+*?()|[]{}^$";
    if (text.find_first_of(special) == text.npos) {
      word_ = text;
      return {};
    }
    re2::RE2::Options options;
    options.set_log_errors(false);
    // Anchored as the reference does it, so that an error shows the same piece of it.
    regex_ = std::make_unique<re2::RE2>("^(?:" + std::string(text) + ")$", options);
    if (regex_->ok()) return {};
    return make_error(Code::invalid, "error parsing regexp: " + problem_of(*regex_));
  }

  bool matches(std::string_view text) const {
    if (any_) return true;
    if (!regex_) return text == word_;
    return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *regex_);
  }

 private:
  bool any_ = true;
  std::string word_;
  std::unique_ptr<re2::RE2> regex_;
};

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

class LabelParser {
 public:
  explicit LabelParser(std::string_view text) : rest_(text) {}

  Result<LabelSelector> parse() {
    LabelSelector selector;
    skip_space();
    if (rest_.empty()) return selector;
    while (true) {
      if (rest_[0] != '!' && at_symbol())
        return found("expected: !, identifier, or 'end of string'");
      WEIR_TRY(LabelSelector::Requirement requirement, parse_requirement());
      WEIR_CHECK(check(requirement).with_context("unable to parse requirement"));
      selector.requirements_.push_back(std::move(requirement));
      skip_space();
      if (rest_.empty()) return selector;
      if (!take(',')) return found("expected: ',' or 'end of string'");
      skip_space();
      if (rest_.empty() || (rest_[0] != '!' && at_symbol()))
        return found("expected: identifier after ','");
    }
  }

 private:
  using Op = LabelSelector::Op;
  using Requirement = LabelSelector::Requirement;

  static constexpr std::string_view symbols = " \t\r\n,=!()<>";

  static Result<void> check(const Requirement& requirement) {
    WEIR_CHECK(check_label_key(requirement.key));
    const std::set<std::string> values(requirement.values.begin(), requirement.values.end());
    for (const std::string& value : values)
      WEIR_CHECK(check_label_value(requirement.key, value));
    return {};
  }

  bool at_symbol() const {
    return !rest_.empty() && symbols.find(rest_[0]) != std::string_view::npos;
  }

  // The next word or operator is not what belongs there.
  base::Error found(std::string_view what) const {
    std::size_t end = std::min(rest_.find_first_of(symbols), rest_.size());
    if (end == 0 && !rest_.empty())
      end = rest_.starts_with("==") || rest_.starts_with("!=") ? 2 : 1;
    return make_error(Code::invalid,
                      "found '" + std::string(rest_.substr(0, end)) + "', " + std::string(what));
  }
  base::Error refuse(std::string_view what) const {
    return found(what).with_context("unable to parse requirement");
  }

  void skip_space() {
    while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_[0]) != std::string_view::npos) {
      rest_.remove_prefix(1);
    }
  }

  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string word() {
    skip_space();
    const std::size_t end = std::min(rest_.find_first_of(symbols), rest_.size());
    std::string result(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return result;
  }

  Result<Requirement> parse_requirement() {
    Requirement requirement;
    skip_space();
    if (take('!')) {
      requirement.op = Op::not_exists;
      requirement.key = word();
      if (requirement.key.empty()) return refuse("expected: identifier");
      return requirement;
    }
    requirement.key = word();
    if (requirement.key.empty()) return refuse("expected: identifier");
    skip_space();
    if (rest_.empty() || rest_[0] == ',') return requirement;
    if (take('=')) {
      take('=');
      return with_value(std::move(requirement), Op::in);
    }
    if (rest_.starts_with("!=")) {
      rest_.remove_prefix(2);
      return with_value(std::move(requirement), Op::not_in);
    }
    if (take('>')) return with_number(std::move(requirement), Op::greater);
    if (take('<')) return with_number(std::move(requirement), Op::less);
    const std::string_view before = rest_;
    const std::string op = word();
    if (op != "in" && op != "notin") {
      rest_ = before;
      return refuse("expected: '=', '!=', '==', 'in', notin'");
    }
    requirement.op = op == "in" ? Op::in : Op::not_in;
    return with_list(std::move(requirement));
  }

  Result<Requirement> with_value(Requirement requirement, Op op) {
    requirement.op = op;
    requirement.values.push_back(word());
    return requirement;
  }

  Result<Requirement> with_number(Requirement requirement, Op op) {
    WEIR_TRY(Requirement result, with_value(std::move(requirement), op));
    if (!to_integer(result.values[0])) {
      return make_error(Code::invalid,
                        "unable to parse requirement: for 'Gt', 'Lt' operators, the value must be "
                        "an integer");
    }
    return result;
  }

  Result<Requirement> with_list(Requirement requirement) {
    skip_space();
    if (!take('(')) {
      base::Error error = refuse("expected: '('");
      error.message.replace(error.message.find("', expected"), 2, "'");
      return error;
    }
    while (true) {
      requirement.values.push_back(word());
      skip_space();
      if (take(')')) return requirement;
      if (!take(',')) return refuse("expected: ',' or ')'");
    }
  }

  std::string_view rest_;
};

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  return LabelParser(text).parse();
}

bool LabelSelector::matches(const StringMap& labels) const {
  return std::all_of(
      requirements_.begin(), requirements_.end(), [&](const Requirement& requirement) {
        const auto found = labels.find(requirement.key);
        const bool exists = found != labels.end();
        const auto listed = [&] {
          return std::find(requirement.values.begin(), requirement.values.end(), found->second) !=
                 requirement.values.end();
        };
        switch (requirement.op) {
          case Op::in: return exists && listed();
          case Op::not_in: return !exists || !listed();
          case Op::exists: return exists;
          case Op::not_exists: return !exists;
          case Op::greater:
          case Op::less: break;
        }
        const std::optional<std::int64_t> mine = exists ? to_integer(found->second) : std::nullopt;
        const std::optional<std::int64_t> limit = to_integer(requirement.values[0]);
        if (!mine || !limit) return false;
        return requirement.op == Op::greater ? *mine > *limit : *mine < *limit;
      });
}

struct Selector::Patterns {
  Pattern group;
  Pattern version;
  Pattern kind;
  Pattern name;
  Pattern ns;
  Result<LabelSelector> labels = LabelSelector();
  Result<LabelSelector> annotations = LabelSelector();
};

Selector::Selector(std::unique_ptr<Patterns> patterns) : patterns_(std::move(patterns)) {}
Selector::~Selector() = default;
Selector::Selector(Selector&&) noexcept = default;
Selector& Selector::operator=(Selector&&) noexcept = default;

Result<Selector> Selector::make(const Value& fields) {
  auto patterns = std::make_unique<Patterns>();
  WEIR_CHECK(patterns->group.set(fields["group"].get_string()));
  WEIR_CHECK(patterns->version.set(fields["version"].get_string()));
  WEIR_CHECK(patterns->kind.set(fields["kind"].get_string()));
  WEIR_CHECK(patterns->name.set(fields["name"].get_string()));
  WEIR_CHECK(patterns->ns.set(fields["namespace"].get_string()));
  patterns->labels = LabelSelector::parse(fields["labelSelector"].get_string());
  patterns->annotations = LabelSelector::parse(fields["annotationSelector"].get_string());
  return Selector(std::move(patterns));
}

Result<bool> Selector::matches(const Resource& resource) const {
  const Patterns& p = *patterns_;
  const ResId& now = resource.id();
  const ResId first = resource.original_id();
  if (!p.ns.matches(first.effective_namespace()) && !p.ns.matches(now.effective_namespace()))
    return false;
  if (!p.name.matches(first.name) && !p.name.matches(now.name)) return false;
  if (!p.group.matches(now.gvk.group) || !p.version.matches(now.gvk.version) ||
      !p.kind.matches(now.gvk.kind)) {
    return false;
  }
  if (!p.labels.ok()) return p.labels.error();
  if (!p.labels->empty() && !p.labels->matches(resource.labels())) return false;
  if (!p.annotations.ok()) return p.annotations.error();
  return p.annotations->empty() || p.annotations->matches(resource.annotations());
}

Result<std::vector<std::size_t>> Selector::select(const ResMap& resources) const {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < resources.size(); ++i) {
    WEIR_TRY(const bool matched, matches(resources[i]));
    if (matched) result.push_back(i);
  }
  return result;
}

}  // namespace weir::kustomize
