#include "engine/base/semver.hh"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iterator>
#include <optional>

#include <re2/re2.h>

#include "engine/base/limits.hh"

namespace weir::base {
namespace {

Error invalid(std::string message) { return make_error(Code::invalid, std::move(message)); }

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02x", byte);
      out += hex;
    } else {
      out += c;
    }
  }
  return out + '"';
}

enum class Number { ok, syntax, range };

Number parse_number(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc::result_out_of_range) return Number::range;
  return error == std::errc() && end == text.data() + text.size() ? Number::ok : Number::syntax;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + separator.size());
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_identifier(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}
bool all_of(std::string_view text, bool (*predicate)(char)) {
  return std::all_of(text.begin(), text.end(), predicate);
}

Result<void> validate_prerelease(std::string_view text) {
  for (const std::string_view part : split(text, ".")) {
    if (part.empty() || !all_of(part, is_identifier)) return invalid("invalid prerelease string");
    if (all_of(part, is_digit) && part.size() > 1 && part[0] == '0')
      return invalid("version segment starts with 0");
  }
  return {};
}

Result<void> validate_metadata(std::string_view text) {
  for (const std::string_view part : split(text, "."))
    if (part.empty() || !all_of(part, is_identifier)) return invalid("invalid metadata string");
  return {};
}

// "1.2.3-pre+meta" taken apart, each piece with neither dot nor sign. Nothing when it has another
// shape.
struct Pieces {
  std::string_view numbers[3];
  std::size_t count = 0;
  std::string_view prerelease, metadata;
};

std::string_view take_while(std::string_view& text, bool (*predicate)(char)) {
  std::size_t n = 0;
  while (n < text.size() && predicate(text[n])) ++n;
  const std::string_view taken = text.substr(0, n);
  text.remove_prefix(n);
  return taken;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::string_view> take_identifiers(std::string_view& text) {
  const char* begin = text.data();
  do {
    if (take_while(text, is_identifier).empty()) return std::nullopt;
  } while (take(text, '.'));
  return std::string_view(begin, static_cast<std::size_t>(text.data() - begin));
}

std::optional<Pieces> take_apart(std::string_view text) {
  Pieces pieces;
  take(text, 'v');
  do {
    const std::string_view number = take_while(text, is_digit);
    if (number.empty()) return std::nullopt;
    pieces.numbers[pieces.count++] = number;
  } while (pieces.count < 3 && take(text, '.'));
  if (take(text, '-')) {
    const auto found = take_identifiers(text);
    if (!found) return std::nullopt;
    pieces.prerelease = *found;
  }
  if (take(text, '+')) {
    const auto found = take_identifiers(text);
    if (!found) return std::nullopt;
    pieces.metadata = *found;
  }
  if (!text.empty()) return std::nullopt;
  return pieces;
}

int compare_numbers(std::uint64_t a, std::uint64_t b) { return a < b ? -1 : a > b ? 1 : 0; }

// An identifier past 64 bits counts as text, as it does for the peer.
int compare_identifier(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  if (a.empty() || b.empty()) return a.empty() ? -1 : 1;
  std::uint64_t number_a = 0, number_b = 0;
  const bool numeric_a = parse_number(a, number_a) == Number::ok;
  const bool numeric_b = parse_number(b, number_b) == Number::ok;
  if (numeric_a && numeric_b) return number_a > number_b ? 1 : -1;
  if (numeric_a != numeric_b) return numeric_a ? -1 : 1;
  return a > b ? 1 : -1;
}

int compare_prerelease(std::string_view a, std::string_view b) {
  const auto parts_a = split(a, ".");
  const auto parts_b = split(b, ".");
  for (std::size_t i = 0; i < std::max(parts_a.size(), parts_b.size()); ++i) {
    const int order = compare_identifier(i < parts_a.size() ? parts_a[i] : std::string_view(),
                                         i < parts_b.size() ? parts_b[i] : std::string_view());
    if (order != 0) return order;
  }
  return 0;
}

// The version part of a range: numbers may be wildcards, and '|' passes here, only to fail as a
// number.
#define WEIR_RANGE_NUMBER "[0-9xX*|]+"
#define WEIR_RANGE_TAIL                              \
  "(-[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?"           \
  "(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?"
#define WEIR_RANGE_TAIL_PLAIN                        \
  "(?:-[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?"         \
  "(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?"
#define WEIR_RANGE_VERSION                                                                   \
  "v?" WEIR_RANGE_NUMBER "(?:\\." WEIR_RANGE_NUMBER ")?(?:\\." WEIR_RANGE_NUMBER ")?"        \
  WEIR_RANGE_TAIL_PLAIN
#define WEIR_RANGE_OPERATION "=||!=|>|<|>=|=>|<=|=<|~|~>|\\^"

struct Patterns {
  RE2 term{"\\s*(" WEIR_RANGE_OPERATION ")\\s*(v?(" WEIR_RANGE_NUMBER ")(\\." WEIR_RANGE_NUMBER
           ")?(\\." WEIR_RANGE_NUMBER ")?" WEIR_RANGE_TAIL ")\\s*"};
  RE2 hyphen{"(\\s*(" WEIR_RANGE_VERSION ")\\s+-\\s+(" WEIR_RANGE_VERSION ")\\s*)"};
  RE2 find{"((?:" WEIR_RANGE_OPERATION ")\\s*" WEIR_RANGE_VERSION ")"};
  RE2 valid{"\\s*(?:" WEIR_RANGE_OPERATION ")\\s*" WEIR_RANGE_VERSION "\\s*(?:(?:\\s+|,\\s*)(?:"
            WEIR_RANGE_OPERATION ")\\s*" WEIR_RANGE_VERSION "\\s*)*"};
};

const Patterns& patterns() {
  static const Patterns all;
  return all;
}

std::string_view view(const re2::StringPiece& piece) {
  if (piece.data() == nullptr) return {};
  return std::string_view(piece.data(), piece.size());
}

constexpr std::string_view blanks = " \t\n\r\f";

// "1.2 - 1.4" -> ">= 1.2, <= 1.4 ". Each match replaces its first occurrence, as the peer does.
std::string rewrite_hyphens(std::string_view text) {
  std::string out(text);
  bool spaced = false;
  for (std::size_t at = text.find('-'); at != std::string_view::npos; at = text.find('-', at + 1))
    spaced = spaced || (at > 0 && blanks.find(text[at - 1]) != std::string_view::npos);
  if (!spaced) return out;
  re2::StringPiece rest(text.data(), text.size()), whole, low, high;
  while (RE2::FindAndConsume(&rest, patterns().hyphen, &whole, &low, &high)) {
    std::string replacement = ">= ";
    replacement.append(view(low)).append(", <= ").append(view(high)).append(" ");
    out.replace(out.find(view(whole)), whole.size(), replacement);
  }
  return out;
}

bool is_wildcard(std::string_view text) {
  return text.empty() || text == "x" || text == "X" || text == "*";
}

// One comparison of a range: ">= 1.2.x-rc.1".
struct Comparison {
  std::string_view operation, version;
  std::string_view numbers[3];  // with the dots before the second and third; may be empty
  std::string_view prerelease;  // with its '-'
};

bool is_blank(char c) { return blanks.find(c) != std::string_view::npos; }
bool is_operator(char c) { return std::string_view("=!<>~^").find(c) != std::string_view::npos; }

std::string_view between(std::string_view from, std::string_view rest) {
  return from.substr(0, from.size() - rest.size());
}

// "1.2.x-rc.1+build" at the front of `text`, which ends there or has a blank or comma next.
bool take_range_version(std::string_view& text, Comparison& out) {
  const std::string_view begin = text;
  take(text, 'v');
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string_view before = text;
    if (i > 0 && !take(text, '.')) break;
    if (!take(text, 'x') && !take(text, 'X') && !take(text, '*') &&
        take_while(text, is_digit).empty())
      return false;
    out.numbers[i] = between(before, text);
  }
  const std::string_view tail = text;
  if (take(text, '-')) {
    if (!take_identifiers(text)) return false;
    out.prerelease = between(tail, text);
  }
  if (take(text, '+') && !take_identifiers(text)) return false;
  out.version = between(begin, text);
  return text.empty() || is_blank(text.front()) || text.front() == ',';
}

// The comparison at the front of `text`, read without regular expressions. False when it is of a
// rarer shape, right or wrong: those decide then.
bool take_comparison(std::string_view& text, Comparison& out) {
  static constexpr std::string_view operations[] = {"",   "=",  "!=", ">", "<", ">=",
                                                    "=>", "<=", "=<", "~", "~>", "^"};
  take_while(text, is_blank);
  out.operation = take_while(text, is_operator);
  take_while(text, is_blank);
  return std::find(std::begin(operations), std::end(operations), out.operation) !=
             std::end(operations) &&
         take_range_version(text, out);
}

// The comparisons of one alternative, where all are of the plain shape.
std::optional<std::vector<std::string_view>> plain_comparisons(std::string_view text) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::string_view begin = text;
    Comparison comparison;
    if (!take_comparison(text, comparison)) return std::nullopt;
    out.push_back(between(begin, text));
    take_while(text, is_blank);
    if (text.empty()) return out;
    take(text, ',');
  }
}

Result<Comparison> read_comparison(std::string_view text) {
  Comparison plain;
  std::string_view rest = text;
  if (take_comparison(rest, plain) && rest.empty()) return plain;
  re2::StringPiece operation, whole, major, minor, patch, prerelease;
  if (!RE2::FullMatch(re2::StringPiece(text.data(), text.size()), patterns().term, &operation,
                      &whole, &major, &minor, &patch, &prerelease))
    return invalid("improper constraint: " + quoted(text));
  return Comparison{view(operation),
                    view(whole),
                    {view(major), view(minor), view(patch)},
                    view(prerelease)};
}

// The comparisons of an alternative of any shape. Error: invalid.
Result<std::vector<std::string_view>> comparisons(std::string_view alternative) {
  if (auto plain = plain_comparisons(alternative)) return *std::move(plain);
  re2::StringPiece rest(alternative.data(), alternative.size()), found;
  if (!RE2::FullMatch(rest, patterns().valid))
    return invalid("improper constraint: " + quoted(alternative));
  std::vector<std::string_view> out;
  while (RE2::FindAndConsume(&rest, patterns().find, &found)) out.push_back(view(found));
  return out;
}

}  // namespace

Result<Version> Version::parse(std::string_view text) {
  if (text.size() > limits::version_bytes_max)
    return invalid("version string is too long (max 256 bytes)");
  const auto pieces = take_apart(text);
  if (!pieces) return invalid("invalid semantic version");
  Version version;
  std::uint64_t* const numbers[] = {&version.major, &version.minor, &version.patch};
  for (std::size_t i = 0; i < pieces->count; ++i)
    if (parse_number(pieces->numbers[i], *numbers[i]) != Number::ok)
      return invalid("error parsing version segment: strconv.ParseUint: parsing " +
                     quoted(pieces->numbers[i]) + ": value out of range");
  version.prerelease = pieces->prerelease;
  version.metadata = pieces->metadata;
  version.original = text;
  if (!version.prerelease.empty()) WEIR_CHECK(validate_prerelease(version.prerelease));
  return version;
}

Result<Version> Version::parse_strict(std::string_view text) {
  if (text.empty()) return invalid("version string empty");
  if (text.size() > limits::version_bytes_max)
    return invalid("version string is too long (max 256 bytes)");
  if (std::count(text.begin(), text.end(), '.') < 2) return invalid("invalid semantic version");
  Version version;
  version.original = text;
  const std::size_t dot = text.find('.');
  const std::size_t second = text.find('.', dot + 1);
  std::string_view parts[] = {text.substr(0, dot), text.substr(dot + 1, second - dot - 1),
                              text.substr(second + 1)};
  if (const std::size_t at = parts[2].find('+'); at != std::string_view::npos) {
    version.metadata = parts[2].substr(at + 1);
    parts[2] = parts[2].substr(0, at);
    WEIR_CHECK(validate_metadata(version.metadata));
  }
  if (const std::size_t at = parts[2].find('-'); at != std::string_view::npos) {
    version.prerelease = parts[2].substr(at + 1);
    parts[2] = parts[2].substr(0, at);
    WEIR_CHECK(validate_prerelease(version.prerelease));
  }
  for (const std::string_view part : parts) {
    if (!all_of(part, is_digit)) return invalid("invalid characters in version");
    if (part.size() > 1 && part[0] == '0') return invalid("version segment starts with 0");
  }
  std::uint64_t* const numbers[] = {&version.major, &version.minor, &version.patch};
  for (std::size_t i = 0; i < 3; ++i) {
    const Number parsed = parse_number(parts[i], *numbers[i]);
    if (parsed != Number::ok)
      return invalid("strconv.ParseUint: parsing " + quoted(parts[i]) +
                     (parsed == Number::range ? ": value out of range" : ": invalid syntax"));
  }
  return version;
}

std::string Version::to_string() const {
  std::string out =
      std::to_string(major) + '.' + std::to_string(minor) + '.' + std::to_string(patch);
  if (!prerelease.empty()) out += '-' + prerelease;
  if (!metadata.empty()) out += '+' + metadata;
  return out;
}

int compare(const Version& a, const Version& b) {
  if (const int order = compare_numbers(a.major, b.major)) return order;
  if (const int order = compare_numbers(a.minor, b.minor)) return order;
  if (const int order = compare_numbers(a.patch, b.patch)) return order;
  if (a.prerelease.empty() || b.prerelease.empty())
    return static_cast<int>(a.prerelease.empty()) - static_cast<int>(b.prerelease.empty());
  return compare_prerelease(a.prerelease, b.prerelease);
}

bool is_version_candidate(std::string_view text) {
  return std::count(text.begin(), text.end(), '.') >= 2;
}

Result<VersionConstraint::Term> VersionConstraint::parse_term(std::string_view text) {
  WEIR_TRY(const Comparison comparison, read_comparison(text));
  Term term;
  term.operation = comparison.operation;
  term.original = comparison.version;
  std::string version(comparison.version);
  const auto wild = [](std::string_view part) {
    return is_wildcard(part.empty() ? part : part.substr(1));
  };
  const std::string_view major = comparison.numbers[0], minor = comparison.numbers[1];
  if (is_wildcard(major)) {
    version = "0.0.0";
    term.dirty = true;
  } else if (wild(minor)) {
    version = std::string(major) + ".0.0";
    term.dirty = term.minor_dirty = true;
  } else if (wild(comparison.numbers[2])) {
    version = std::string(major).append(minor) + ".0";
    term.dirty = term.patch_dirty = true;
  }
  if (term.dirty) version += comparison.prerelease;
  auto parsed = Version::parse(version);
  if (!parsed) return invalid("constraint parser error");
  term.version = std::move(*parsed);
  return term;
}

Result<VersionConstraint> VersionConstraint::parse(std::string_view text) {
  if (text.size() > limits::version_range_bytes_max)
    return invalid("constraint string is too long (max 512 bytes)");
  const std::string rewritten = rewrite_hyphens(text);
  const auto alternatives = split(rewritten, "||");
  if (alternatives.size() > limits::version_range_groups_max)
    return invalid("too many constraint groups (max 32)");
  VersionConstraint constraint;
  for (const std::string_view alternative : alternatives) {
    WEIR_TRY(const auto texts, comparisons(alternative));
    Group group;
    for (const std::string_view comparison : texts) {
      WEIR_TRY(Term term, parse_term(comparison));
      group.has_prerelease = group.has_prerelease || !term.version.prerelease.empty();
      group.terms.push_back(std::move(term));
    }
    constraint.groups_.push_back(std::move(group));
  }
  return constraint;
}

bool VersionConstraint::check_not_equal(const Version& v, const Term& c) {
  if (c.dirty) {
    if (c.version.major != v.major) return true;
    if (c.minor_dirty) return false;
    if (c.version.minor != v.minor) return true;
    if (c.patch_dirty) {
      if (v.prerelease.empty() && c.version.prerelease.empty()) return false;
      return compare_prerelease(v.prerelease, c.version.prerelease) != 0;
    }
    if (c.version.patch != v.patch) return true;
  }
  return compare(v, c.version) != 0;
}

bool VersionConstraint::check_greater(const Version& v, const Term& c) {
  if (!c.dirty) return compare(v, c.version) > 0;
  if (v.major != c.version.major) return v.major > c.version.major;
  // ">11" means 12 and up, ">11.1" means 11.2 and up.
  if (c.minor_dirty) return false;
  if (c.patch_dirty) return v.minor > c.version.minor;
  return compare(v, c.version) > 0;
}

bool VersionConstraint::check_less(const Version& v, const Term& c) {
  return compare(v, c.version) < 0;
}

bool VersionConstraint::check_greater_equal(const Version& v, const Term& c) {
  return compare(v, c.version) >= 0;
}

bool VersionConstraint::check_less_equal(const Version& v, const Term& c) {
  if (!c.dirty) return compare(v, c.version) <= 0;
  if (v.major != c.version.major) return v.major < c.version.major;
  return c.minor_dirty || v.minor <= c.version.minor;
}

bool VersionConstraint::check_tilde(const Version& v, const Term& c) {
  if (compare(v, c.version) < 0) return false;
  // "~0.0.0" and "~*" mean anything.
  if (c.version.major == 0 && c.version.minor == 0 && c.version.patch == 0 && !c.minor_dirty &&
      !c.patch_dirty)
    return true;
  return v.major == c.version.major && (v.minor == c.version.minor || c.minor_dirty);
}

bool VersionConstraint::check_equal(const Version& v, const Term& c) {
  return c.dirty ? check_tilde(v, c) : compare(v, c.version) == 0;
}

bool VersionConstraint::check_caret(const Version& v, const Term& c) {
  if (compare(v, c.version) < 0) return false;
  if (c.version.major > 0 || c.minor_dirty) return v.major == c.version.major;
  if (v.major > 0) return false;
  if (c.version.minor > 0 || c.patch_dirty) return v.minor == c.version.minor;
  return v.minor == 0 && c.version.patch == v.patch;
}

bool VersionConstraint::check(const Version& version, const Term& term) {
  struct Entry {
    std::string_view operation;
    bool (*check)(const Version&, const Term&);
  };
  static constexpr Entry table[] = {
      {"", check_equal},          {"=", check_equal},       {"!=", check_not_equal},
      {">", check_greater},       {"<", check_less},        {">=", check_greater_equal},
      {"=>", check_greater_equal}, {"<=", check_less_equal}, {"=<", check_less_equal},
      {"~", check_tilde},         {"~>", check_tilde},      {"^", check_caret},
  };
  const auto found = std::find_if(std::begin(table), std::end(table), [&](const Entry& entry) {
    return entry.operation == term.operation;
  });
  WEIR_ASSERT(found != std::end(table));
  return found->check(version, term);
}

bool VersionConstraint::matches(const Version& version) const {
  return std::any_of(groups_.begin(), groups_.end(), [&](const Group& group) {
    if (!version.prerelease.empty() && !group.has_prerelease) return false;
    return std::all_of(group.terms.begin(), group.terms.end(),
                       [&](const Term& term) { return check(version, term); });
  });
}

std::string VersionConstraint::to_string() const {
  std::string out;
  for (const Group& group : groups_) {
    if (&group != &groups_.front()) out += " || ";
    for (const Term& term : group.terms) {
      if (&term != &group.terms.front()) out += ' ';
      out += term.operation + term.original;
    }
  }
  return out;
}

}  // namespace weir::base
