#include "engine/kustomize/selector.hh"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

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
    regex_ = std::make_unique<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
    if (regex_->ok()) return {};
    return make_error(Code::invalid, "error parsing regexp: " + regex_->error() + " in `" +
                                         std::string(text) + "`");
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
      WEIR_TRY(LabelSelector::Requirement requirement, parse_requirement());
      selector.requirements_.push_back(std::move(requirement));
      skip_space();
      if (rest_.empty()) return selector;
      if (!take(',')) return refuse("expected: ',' or 'end of string'");
      skip_space();
      if (rest_.empty()) return refuse("expected: identifier after ','");
    }
  }

 private:
  using Op = LabelSelector::Op;
  using Requirement = LabelSelector::Requirement;

  base::Error refuse(std::string_view what) const {
    return make_error(Code::invalid, "unable to parse requirement: found '" + std::string(rest_) +
                                         "', " + std::string(what));
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
    const std::size_t end = std::min(rest_.find_first_of(" \t\r\n,=!()<>"), rest_.size());
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
    const std::string op = word();
    if (op != "in" && op != "notin") return refuse("expected: in, notin, =, ==, !=, gt, lt");
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
    if (!to_integer(result.values[0]))
      return refuse("for 'Gt', 'Lt' operators, the value must be an integer");
    return result;
  }

  Result<Requirement> with_list(Requirement requirement) {
    skip_space();
    if (!take('(')) return refuse("expected: '('");
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
  LabelSelector labels;
  LabelSelector annotations;
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
  WEIR_TRY(patterns->labels, LabelSelector::parse(fields["labelSelector"].get_string()));
  WEIR_TRY(patterns->annotations, LabelSelector::parse(fields["annotationSelector"].get_string()));
  return Selector(std::move(patterns));
}

bool Selector::matches(const Resource& resource) const {
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
  return (p.labels.empty() || p.labels.matches(resource.labels())) &&
         (p.annotations.empty() || p.annotations.matches(resource.annotations()));
}

std::vector<std::size_t> Selector::select(const ResMap& resources) const {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < resources.size(); ++i) {
    if (matches(resources[i])) result.push_back(i);
  }
  return result;
}

}  // namespace weir::kustomize
