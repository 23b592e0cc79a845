// Any text as a template, with all functions: parsing and executing must return, within the caps,
// and an error names the template. An input that begins with \x01 chooses the words of calls. What
// was parsed once must answer the same a second time.
#include "engine/template/template.hh"

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/assert.hh"
#include "engine/template/functions/functions.hh"
#include "engine/value/json.hh"

using namespace weir;
using namespace weir::tmpl;

namespace {

FunctionMap known_functions() {
  FunctionMap map;
  add_helm_functions(map);
  // Slow on purpose.
  for (const char* name :
       {"genPrivateKey", "genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey",
        "genSignedCert", "genSignedCertWithKey", "bcrypt", "htpasswd", "derivePassword"})
    map.remove(name);
  return map;
}

// What calls are made of when the input chooses: every function, with arguments of every kind.
constexpr std::string_view names =
    "002 01 02 03 04 05 06 1 15 2 2006 3 4 5 Abs Add AddDate After Before Compare Day Equal "
    "Format GreaterThan GreaterThanEqual Hour Hours IncMajor IncMinor IncPatch IsDST IsZero "
    "Jan January LessThan LessThanEqual Local MST Major Metadata Microseconds Milliseconds "
    "Minor Minute Minutes Mon Monday Month Nanosecond Nanoseconds Original PM Patch Prerelease "
    "Round Second Seconds SetMetadata SetPrerelease String Sub Truncate UTC Unix UnixMicro "
    "UnixMilli UnixNano Weekday Year YearDay Z07 Z0700 Z070000 _2 __2 abbrev abbrevboth add "
    "add1 add1f addf ago all and any append atoi b32enc b64enc base biggest buildCustomCert "
    "call camelcase cat ceil chunk clean coalesce compact concat contains date dateInZone "
    "dateModify date_in_zone date_modify decryptAES deepCopy deepEqual default dict dig dir "
    "div divf duration durationRound empty encryptAES eq ext fail first float64 floor fromJson "
    "fromJsonArray fromToml fromYaml fromYamlArray ge get getHostByName gt has hasKey "
    "hasPrefix hasSuffix hello html htmlDate htmlDateInZone indent index initial initials int "
    "int64 isAbs join js kebabcase keys kindIs kindOf last le len list lower lt max maxf "
    "maximum merge mergeOverwrite min minf mod mul mulf mustAppend mustChunk mustCompact "
    "mustDateModify mustDeepCopy mustFirst mustFromJson mustHas mustInitial mustLast mustMerge "
    "mustMergeOverwrite mustPrepend mustPush mustRegexFind mustRegexFindAll mustRegexMatch "
    "mustRegexReplaceAll mustRegexReplaceAllLiteral mustRegexSplit mustRest mustReverse "
    "mustSlice mustToDate mustToJson mustToPrettyJson mustToRawJson mustToToml mustToYaml "
    "mustUniq mustWithout must_date_modify ne nindent nospace not now omit or pick pluck "
    "plural pm prepend print printf println push quote randAlpha randAlphaNum randAscii "
    "randBytes randInt randNumeric regexFind regexFindAll regexMatch regexQuoteMeta "
    "regexReplaceAll regexReplaceAllLiteral regexSplit repeat replace required rest reverse "
    "round semver semverCompare seq set sha1sum sha512sum short shuffle slice snakecase "
    "sortAlpha split splitList splitn squote sub subf substr swapcase ternary title toDate "
    "toDecimal toJson toPrettyJson toRawJson toString toStrings toToml toYaml toYamlPretty "
    "trim trimAll trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf uniq "
    "unixEpoch unset until untilStep untitle upper urlJoin urlParse urlquery uuidv4 values "
    "without wrap wrapWith ";
constexpr std::string_view operands =
    ".s .e .n .f .t .o .nil .none .empty .l .m .m.m .missing . $ 0 1 -1 3 2.5 1e30 "
    "-9223372036854775808 "
    "9223372036854775807 'x' true nil \"\" \"a\" \"k\" \"1.2.3\" \">=1,<2\" \"a,b\" \"%d%s%v\" "
    "\"2h\" "
    "\"2006-01-02\" \"{\\\"a\\\":[1]}\" \"a:\\n-b\" \"\\xff\\x00\" \"(\" \"http://[::1]/%zz\" "
    "(list) (dict) "
    "(list\u00a01\u00a0nil\u00a0\"z\") (dict\u00a0\"a\"\u00a0.l) ";

// The word of a list of words that a number chooses; \u00a0 stands for a space within one.
std::string word_of(std::string_view words, std::size_t choice) {
  static constexpr std::string_view hard_space = "\u00a0";
  std::size_t count = 0;
  for (const char c : words) count += c == ' ' ? 1 : 0;
  std::size_t at = 0;
  for (choice %= count; choice > 0; --choice) at = words.find(' ', at) + 1;
  std::string_view rest = words.substr(at, words.find(' ', at) - at);
  std::string word;
  for (std::size_t place; (place = rest.find(hard_space)) != std::string_view::npos;) {
    word.append(rest.substr(0, place)).push_back(' ');
    rest.remove_prefix(place + hard_space.size());
  }
  return word.append(rest);
}

// A template of calls, three bytes or so a word.
std::string composed(std::string_view choices) {
  std::size_t at = 0;
  const auto choose = [&]() -> std::size_t {
    return at < choices.size() ? static_cast<unsigned char>(choices[at++]) : 0;
  };
  const auto call = [&](const auto& self, int depth) -> std::string {
    std::string text = word_of(names, choose() * 251 + choose());
    for (std::size_t left = choose() % 4; left > 0; --left) {
      text += ' ';
      if (depth < 4 && choose() % 4 == 0) {
        text += '(';
        text += self(self, depth + 1);
        text += ')';
      } else {
        text += word_of(operands, choose());
      }
    }
    return text;
  };
  std::string text;
  while (at < choices.size()) {
    text += "{{$x := ";
    text += call(call, 0);
    text += "}}{{toJson $x}}{{$x}}";
    if (choose() % 4 == 0) break;
  }
  return text;
}

Datum known_data() {
  const auto document = value::parse_json(
      R"({"s":"text","e":"","n":1,"f":1.5,"t":true,"o":false,"nil":null,"none":[],"empty":{},)"
      R"("l":[1,"two",null,[3.5,"x"],{"k":"v"}],"m":{"b":2,"a":1,"m":{"deep":"down"}}})");
  return from_value(document.value());
}

Result<std::string> render(const Set& set) {
  const DatumScope scope;
  Budget budget;
  budget.steps_left = 20'000;
  budget.bytes_left = 1'000'000;
  ExecuteOptions options;
  options.missing_key = MissingKey::zero;
  options.budget = &budget;
  return set.execute("t", known_data(), options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FunctionMap functions = known_functions();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string made;
  if (text.starts_with('\x01')) text = made = composed(text.substr(1));
  Set set("fuzz");
  const auto parsed = set.parse("t", text, functions);
  if (!parsed.ok()) {
    WEIR_ASSERT(parsed.error().message.starts_with("template: t:"));
    return 0;
  }
  const auto first = render(set);
  const auto second = render(set);
  WEIR_ASSERT(first.ok() == second.ok());
  if (first.ok()) {
    WEIR_ASSERT(first.value() == second.value());
  } else {
    WEIR_ASSERT(first.error().message.starts_with("template: "));
    WEIR_ASSERT(first.error().message == second.error().message);
  }
  return 0;
}
