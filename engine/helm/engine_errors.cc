#include "engine/helm/engine_errors.hh"

#include <optional>
#include <vector>

#include "engine/helm/text.hh"
#include "engine/template/functions/functions.hh"

namespace weir::helm {

namespace {

// What stands around the text of fail and required.
constexpr std::string_view warning_start = tmpl::marked_error_start;
constexpr std::string_view warning_end = tmpl::marked_error_end;
constexpr std::string_view template_prefix = "template: ";

// One level of a trace.
struct Trace {
  std::string_view location;  // "chart/templates/a.yaml:3:5"
  std::string_view function;  // the template being executed; empty: none
  std::string_view at;        // the expression
  std::string_view message;
  std::string_view cause;  // the message in full, with the levels below it

  bool operator==(const Trace& other) const {
    return location == other.location && function == other.function && at == other.at &&
           message == other.message;
  }
};

// Cuts `text` at the first `mark`; nothing when it is not there.
std::optional<std::pair<std::string_view, std::string_view>> cut(std::string_view text,
                                                                 std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, at), text.substr(at + mark.size()));
}

std::string_view without_next_level(std::string_view message) {
  return message.substr(0, message.find(" template:"));
}

// Reads "template: NAME: executing "NAME" at <EXPRESSION>: MESSAGE" and its shorter forms.
std::optional<Trace> read_trace(std::string_view text) {
  if (!text.starts_with(template_prefix)) return std::nullopt;
  const std::string_view rest = text.substr(template_prefix.size());
  Trace trace;
  if (rest.starts_with("no template ")) {
    trace.message = text;
    return trace;
  }
  if (const auto parts = cut(rest, ": executing \"")) {
    const auto named = cut(parts->second, "\"");
    if (named && named->second.starts_with(" at <")) {
      if (const auto placed = cut(named->second.substr(5), ">: ")) {
        trace.location = parts->first;
        trace.function = named->first;
        trace.at = placed->first;
        trace.message = without_next_level(placed->second);
        trace.cause = placed->second;
        return trace;
      }
    }
  }
  const std::size_t last = rest.rfind(": ");
  if (last == std::string_view::npos) return std::nullopt;
  trace.location = rest.substr(0, last);
  trace.message = without_next_level(rest.substr(last + 2));
  return trace;
}

void append_trace(std::string& out, const Trace& trace) {
  if (!trace.location.empty()) out.append(trace.location).append("\n  ");
  if (!trace.at.empty() || !trace.function.empty()) {
    out.append("executing \"").append(trace.function).append("\" at <").append(trace.at);
    out.append(">:\n    ");
  }
  if (!trace.message.empty()) out.append(trace.message).append("\n");
}

// The levels of a failed execution; nothing when the last one is no fault of a template but what
// a function answered, which Helm shows as it is.
std::optional<std::string> trace_text(std::string_view text) {
  std::vector<Trace> levels;
  for (;;) {
    const auto trace = read_trace(text);
    if (!trace) return std::nullopt;
    if (levels.empty() || !(levels.back() == *trace)) levels.push_back(*trace);
    static constexpr std::string_view calling = "error calling ";
    if (!trace->cause.starts_with(calling)) break;
    const auto called = cut(trace->cause.substr(calling.size()), ": ");
    if (!called) break;
    text = called->second;
  }
  std::string out;
  for (const Trace& level : levels) append_trace(out, level);
  return std::string(trim_space(out));
}

}  // namespace

Error parse_error(std::string_view file, Error error) {
  const std::string& text = error.message;
  const std::size_t first = text.find(": ");
  if (first == std::string::npos) {
    std::string whole = "parse error in (";
    whole.append(file).append("): ").append(text);
    error.message = std::move(whole);
    return error;
  }
  const std::size_t second = text.find(": ", first + 2);
  const std::size_t last = text.rfind(": ") + 2;
  std::string shown = "parse error at (";
  shown.append(text, first + 2, second == std::string::npos ? second : second - first - 2);
  shown.append("): ").append(text, last);
  error.message = std::move(shown);
  return error;
}

Error execution_error(std::string_view file, Error error) {
  const std::string_view text = error.message;
  const std::size_t first = text.find(": ");
  const std::size_t second = first == std::string_view::npos ? first : text.find(": ", first + 2);
  if (error.code == Code::limit || second == std::string_view::npos) {
    std::string shown = "execution error in (";
    shown.append(file).append("): ").append(text);
    error.message = std::move(shown);
    return error;
  }
  const std::string_view rest = text.substr(second + 2);
  const std::size_t start = rest.find(warning_start), end = rest.rfind(warning_end);
  if (start != std::string_view::npos && end != std::string_view::npos &&
      end >= start + warning_start.size()) {
    const std::size_t from = start + warning_start.size();
    std::string shown = "execution error at (";
    shown.append(text.substr(first + 2, second - first - 2)).append("): ");
    shown.append(rest.substr(from, end - from));
    error.message = std::move(shown);
  } else if (auto trace = trace_text(text)) {
    error.message = *std::move(trace);
  }
  return error;
}

}  // namespace weir::helm
