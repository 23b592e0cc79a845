#include "engine/helm/schema_problem.hh"

#include <algorithm>

#include "engine/template/datum.hh"
#include "engine/template/format.hh"
#include "engine/value/number_text.hh"
#include "engine/value/pointer.hh"

namespace weir::helm::schema {

namespace {

void append_problem(std::string& out, const Problem& problem, std::size_t level) {
  if (problem.kind != ProblemKind::reference || problem.causes.size() != 1) {
    if (!out.empty()) out += '\n';
    out.append(2 * level, ' ');
    out.append("- at ").append(quoted(problem.at)).append(": ").append(problem.message);
    ++level;
  }
  for (const Problem& cause : problem.causes) append_problem(out, cause, level);
}

void group_digits(std::string& text) {
  const std::size_t start = text.starts_with('-') ? 1 : 0;
  std::size_t at = std::min(text.find('.'), text.size());
  while (at > start + 3) {
    at -= 3;
    text.insert(at, 1, ',');
  }
}

}  // namespace

std::string pointer_of(const Path& path) {
  if (!path.parent) return "";
  std::string out = pointer_of(*path.parent);
  out += '/';
  return out.append(value::escape_pointer_token(path.token));
}

std::string problem_text(const Problem& problem) {
  std::string out;
  if (problem.kind == ProblemKind::group) {
    for (const Problem& cause : problem.causes) append_problem(out, cause, 0);
  } else {
    append_problem(out, problem, 0);
  }
  return out;
}

std::string quoted(std::string_view text) {
  const std::string escaped = tmpl::quoted(text);
  std::string out = "'";
  for (std::size_t i = 1; i + 1 < escaped.size(); ++i) {
    if (escaped[i] == '\\' && escaped[i + 1] == '"') continue;
    if (escaped[i] == '\'') out += '\\';
    out += escaped[i];
    if (escaped[i] == '\\') out += escaped[++i];
  }
  // The reference takes a backslash at the end for that of a quote.
  if (text.ends_with('\\')) out.pop_back();
  return out += '\'';
}

std::string quoted_list(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    if (!out.empty()) out += ", ";
    out += quoted(text);
  }
  return out;
}

std::string displayed(const Value& value) {
  if (value.is_string()) return quoted(value.as_string());
  if (!value.is_scalar()) return "value";
  return tmpl::text_of(tmpl::from_value(value, tmpl::Numbers::keep));
}

std::string grouped(std::size_t number) {
  std::string text = std::to_string(number);
  group_digits(text);
  return text;
}

std::string shown_number(double number) {
  std::string text;
  value::append_general_float(text, number);
  const std::size_t exponent = text.find('e');
  if (exponent == std::string::npos) {
    group_digits(text);
    return text;
  }
  static constexpr std::string_view superscripts[] = {"⁰", "¹", "²", "³", "⁴",
                                                      "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = text.substr(0, exponent) + "×10";
  for (std::size_t i = exponent + 1; i < text.size(); ++i) {
    if (text[i] == '-') out += "⁻";
    if (text[i] >= '0' && text[i] <= '9') out += superscripts[text[i] - '0'];
  }
  return out;
}

}  // namespace weir::helm::schema
