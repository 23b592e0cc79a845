#include "engine/value/yaml_scalar.hh"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/digest.hh"
#include "engine/value/number_text.hh"
#include "engine/value/utf8.hh"

namespace weir::value {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Word {
  std::string_view text;
  ScalarKind kind;
  bool truth;
  bool only_1_1;
};

constexpr std::array<Word, 39> words = {{
    {"true", ScalarKind::boolean, true, false},   {"True", ScalarKind::boolean, true, false},
    {"TRUE", ScalarKind::boolean, true, false},   {"false", ScalarKind::boolean, false, false},
    {"False", ScalarKind::boolean, false, false}, {"FALSE", ScalarKind::boolean, false, false},
    {"null", ScalarKind::null, false, false},     {"Null", ScalarKind::null, false, false},
    {"NULL", ScalarKind::null, false, false},     {"~", ScalarKind::null, false, false},
    {".nan", ScalarKind::no_number, false, false}, {".NaN", ScalarKind::no_number, false, false},
    {".NAN", ScalarKind::no_number, false, false}, {".inf", ScalarKind::no_number, false, false},
    {".Inf", ScalarKind::no_number, false, false}, {".INF", ScalarKind::no_number, false, false},
    {"+.inf", ScalarKind::no_number, false, false}, {"+.Inf", ScalarKind::no_number, false, false},
    {"+.INF", ScalarKind::no_number, false, false}, {"-.inf", ScalarKind::no_number, false, false},
    {"-.Inf", ScalarKind::no_number, false, false}, {"-.INF", ScalarKind::no_number, false, false},
    {"<<", ScalarKind::merge, false, false},      {"y", ScalarKind::boolean, true, true},
    {"Y", ScalarKind::boolean, true, true},       {"yes", ScalarKind::boolean, true, true},
    {"Yes", ScalarKind::boolean, true, true},     {"YES", ScalarKind::boolean, true, true},
    {"on", ScalarKind::boolean, true, true},      {"On", ScalarKind::boolean, true, true},
    {"ON", ScalarKind::boolean, true, true},      {"n", ScalarKind::boolean, false, true},
    {"N", ScalarKind::boolean, false, true},      {"no", ScalarKind::boolean, false, true},
    {"No", ScalarKind::boolean, false, true},     {"NO", ScalarKind::boolean, false, true},
    {"off", ScalarKind::boolean, false, true},    {"Off", ScalarKind::boolean, false, true},
    {"OFF", ScalarKind::boolean, false, true},
}};

const Word* find_word(std::string_view text, bool yaml_1_1) {
  if (text.size() > 5) return nullptr;
  for (const Word& word : words)
    if (word.text == text) return word.only_1_1 && !yaml_1_1 ? nullptr : &word;
  return nullptr;
}

// What the first byte allows: '.' a float, 'D' a number or timestamp, 'M' a word, 0 a string.
constexpr std::array<char, 256> make_hints() {
  std::array<char, 256> hints{};
  for (const char c : std::string_view("+-0123456789")) hints[static_cast<unsigned char>(c)] = 'D';
  for (const char c : std::string_view("yYnNtTfFoO~<")) hints[static_cast<unsigned char>(c)] = 'M';
  hints['.'] = '.';
  return hints;
}
constexpr std::array<char, 256> hints = make_hints();

// strconv.ParseFloat on text with a leading '.': underscores may stand between digits.
ScalarKind resolve_dotted(std::string_view text, Value& out) {
  std::string without;
  if (text.find('_') != std::string_view::npos) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] != '_') {
        without += text[at];
      } else if (at + 1 >= text.size() || !is_digit(text[at - 1]) || !is_digit(text[at + 1])) {
        return ScalarKind::string;
      }
    }
    text = without;
  }
  const auto number = parse_decimal_float(text);
  if (!number) return ScalarKind::string;
  out = Value(*number);
  return ScalarKind::floating;
}

ScalarKind resolve_number(std::string_view text, bool yaml_1_1, Value& out) {
  // One pass tells most strings apart: a number holds nothing but these.
  bool underscore = false;
  for (const char c : text) {
    underscore = underscore || c == '_';
    const char lower = static_cast<char>(c | 0x20);
    const bool possible = is_digit(c) || c == '.' || c == '+' || c == '-' || c == '_' ||
                          (lower >= 'a' && lower <= 'f') || lower == 'x' || lower == 'o';
    if (!possible) return ScalarKind::string;
  }
  std::string without;
  if (underscore) {
    for (const char c : text)
      if (c != '_') without += c;
    text = without;
  }
  if (auto number = parse_prefixed_integer(text)) {
    out = std::move(*number);
    return ScalarKind::integer;
  }
  if (const auto number = parse_decimal_float(text)) {
    out = Value(*number);
    return ScalarKind::floating;
  }
  // go-yaml cuts the prefix and parses what follows with its sign: "0b-1", "-0o+7".
  const bool negative = text.starts_with('-');
  const std::string_view body = text.substr(negative ? 1 : 0);
  const bool octal = !yaml_1_1 && body.starts_with("0o");
  if (!octal && !body.starts_with("0b")) return ScalarKind::string;
  std::string_view digits = body.substr(2);
  bool minus = negative;
  if (!negative && !digits.empty() && (digits[0] == '-' || digits[0] == '+')) {
    minus = digits[0] == '-';
    digits.remove_prefix(1);
  }
  if (digits.empty() || digits.size() > 64) return ScalarKind::string;
  std::string again = minus ? "-" : "";
  again.append(octal ? "0o" : "0b").append(digits);
  auto number = parse_prefixed_integer(again);
  if (!number) return ScalarKind::string;
  out = std::move(*number);
  return ScalarKind::integer;
}

// [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?
bool is_sexagesimal(std::string_view text) {
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  if (at >= text.size() || !is_digit(text[at])) return false;
  while (at < text.size() && (is_digit(text[at]) || text[at] == '_')) ++at;
  std::size_t groups = 0;
  while (at < text.size() && text[at] == ':') {
    ++at;
    if (at >= text.size() || !is_digit(text[at])) return false;
    if (at + 1 < text.size() && is_digit(text[at + 1])) {
      if (text[at] > '5') return false;
      ++at;
    }
    ++at;
    ++groups;
  }
  if (groups == 0) return false;
  if (at == text.size()) return true;
  if (text[at++] != '.') return false;
  while (at < text.size() && (is_digit(text[at]) || text[at] == '_')) ++at;
  return at == text.size();
}

// Reads the parts of a timestamp, as Go's time.Parse does with the layouts go-yaml allows.
class TimestampParser {
 public:
  explicit TimestampParser(std::string_view text) : text_(text) {}

  std::optional<std::string> parse() {
    if (text_.size() < 8 || text_[4] != '-' || !number(4, 4, year_)) return std::nullopt;
    if (!literal('-') || !number(1, 2, month_) || !literal('-') || !number(1, 2, day_))
      return std::nullopt;
    if (month_ < 1 || month_ > 12 || day_ < 1 || day_ > days_in_month()) return std::nullopt;
    if (at_ == text_.size()) return format();
    const char separator = text_[at_++];
    if (separator != 'T' && separator != 't' && separator != ' ') return std::nullopt;
    // Layouts of one space take more of them; "15" takes one or two digits.
    if (separator == ' ')
      while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (!number(1, 2, hour_) || !literal(':') || !number(1, 2, minute_) || !literal(':') ||
        !number(1, 2, second_) || hour_ > 23 || minute_ > 59 || second_ > 59 || !fraction())
      return std::nullopt;
    if (separator != ' ' && !zone()) return std::nullopt;
    if (at_ != text_.size()) return std::nullopt;
    return format();
  }

 private:
  bool literal(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool number(int least, int most, int& out) {
    int digits = 0;
    out = 0;
    while (digits < most && at_ < text_.size() && is_digit(text_[at_])) {
      out = out * 10 + (text_[at_++] - '0');
      ++digits;
    }
    return digits >= least;
  }
  bool fraction() {
    if (at_ >= text_.size() || (text_[at_] != '.' && text_[at_] != ',')) return true;
    std::size_t end = at_ + 1;
    while (end < text_.size() && is_digit(text_[end])) ++end;
    if (end == at_ + 1) return false;
    fraction_ = text_.substr(at_ + 1, std::min<std::size_t>(9, end - at_ - 1));
    while (!fraction_.empty() && fraction_.back() == '0') fraction_.remove_suffix(1);
    at_ = end;
    return true;
  }
  bool zone() {
    if (literal('Z')) return true;
    if (at_ >= text_.size() || (text_[at_] != '+' && text_[at_] != '-')) return false;
    sign_ = text_[at_++];
    return number(2, 2, zone_hour_) && literal(':') && number(2, 2, zone_minute_) &&
           zone_hour_ <= 24 && zone_minute_ <= 60;
  }
  int days_in_month() const {
    static constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year_ % 4 == 0 && (year_ % 100 != 0 || year_ % 400 == 0);
    return month_ == 2 && leap ? 29 : days[month_ - 1];
  }
  std::string format() const {
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", year_, month_, day_, hour_,
                  minute_, second_);
    std::string out = text;
    if (!fraction_.empty()) out.append(".").append(fraction_);
    if (zone_hour_ == 0 && zone_minute_ == 0) return out + "Z";
    std::snprintf(text, sizeof text, "%c%02d:%02d", sign_, zone_hour_, zone_minute_);
    return out + text;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int year_ = 0, month_ = 0, day_ = 0, hour_ = 0, minute_ = 0, second_ = 0;
  int zone_hour_ = 0, zone_minute_ = 0;
  char sign_ = '+';
  std::string_view fraction_;
};

bool is_timestamp_prefix(std::string_view text) {
  return text.size() >= 8 && text[4] == '-' && is_digit(text[0]) && is_digit(text[1]) &&
         is_digit(text[2]) && is_digit(text[3]);
}

}  // namespace

ScalarKind resolve_plain(std::string_view text, bool yaml_1_1, Value& out) {
  if (text.empty()) {
    out = Value();
    return ScalarKind::null;
  }
  const char hint = hints[static_cast<unsigned char>(text[0])];
  if (hint == 0) return ScalarKind::string;
  if (const Word* word = find_word(text, yaml_1_1)) {
    if (word->kind == ScalarKind::null) out = Value();
    if (word->kind == ScalarKind::boolean) out = Value(word->truth);
    return word->kind;
  }
  if (hint == 'M') return ScalarKind::string;
  if (hint == '.') return resolve_dotted(text, out);
  if (is_timestamp_prefix(text) && normal_timestamp(text)) return ScalarKind::timestamp;
  return resolve_number(text, yaml_1_1, out);
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  const char hint = hints[static_cast<unsigned char>(text[0])];
  if (hint == 0 || text[0] == '<') return false;
  Value ignored;
  if (resolve_plain(text, true, ignored) != ScalarKind::string) return true;
  return hint == 'D' && is_sexagesimal(text);
}

std::optional<std::string> normal_timestamp(std::string_view text) {
  if (!is_timestamp_prefix(text)) return std::nullopt;
  return TimestampParser(text).parse();
}

Result<Value> resolve_tagged(std::string_view tag, std::string_view text, YamlDialect dialect) {
  if (tag == "str") return Value(text);
  if (tag == "binary") {
    // Go's decoder skips line breaks and insists on padding.
    const auto breaks = std::count_if(text.begin(), text.end(),
                                      [](char c) { return c == '\n' || c == '\r'; });
    auto bytes = base::base64_decode(text);
    if (!bytes || (text.size() - static_cast<std::size_t>(breaks)) % 4 != 0)
      return make_error(Code::invalid, "!!binary value contains invalid base64 data");
    return valid_utf8(*bytes) ? Value(*bytes) : Value(replace_invalid_utf8(*bytes));
  }
  const bool yaml_1_1 = dialect != YamlDialect::kustomize;
  Value found;
  const ScalarKind kind = resolve_plain(text, yaml_1_1, found);
  static constexpr std::string_view kind_tags[] = {"str", "null", "bool", "int",
                                                   "float", "timestamp", "merge", "float"};
  const std::string_view resolved = kind_tags[static_cast<std::size_t>(kind)];
  if (tag == "float" && kind == ScalarKind::integer) return settle_float(found.as_double());
  if (tag != resolved)
    return make_error(Code::invalid, "cannot decode !!" + std::string(resolved) + " `" +
                                         std::string(text) + "` as a !!" + std::string(tag));
  if (kind == ScalarKind::no_number)
    return make_error(Code::invalid, "unsupported value: " + std::string(text));
  if (kind == ScalarKind::floating) return settle_float(found.as_double());
  if (kind == ScalarKind::timestamp)
    return dialect == YamlDialect::kustomize ? Value(*normal_timestamp(text)) : Value(text);
  return found;
}

}  // namespace weir::value
