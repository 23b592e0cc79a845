#include "tools/weir/output.hh"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "engine/value/json.hh"
#include "engine/value/yaml.hh"

namespace weir::cli {
namespace {

// Terminal columns of UTF-8 text, wide characters apart.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

void append_row(std::string& out, const std::vector<std::string>& cells,
                const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += cells[i];
    out.append(widths[i] - width_of(cells[i]), ' ');
    out += '\t';
  }
  out += '\n';
}

void say(std::string_view mark, std::string_view colour, std::string_view text) {
  static const bool coloured = isatty(STDERR_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  std::string line;
  if (coloured) line.append("\x1b[").append(colour).append("m");
  line += mark;
  if (coloured) line += "\x1b[0m";
  line.append(" ").append(text).append("\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

Value for_people(Value object) {
  if (Value* metadata = object.find_mut("metadata")) metadata->erase("managedFields");
  return object;
}

}  // namespace

std::string format_table(const Table& table) {
  std::vector<std::string> header;
  for (const std::string& cell : table.header) header.push_back(upper(cell));
  std::vector<std::size_t> widths;
  const auto measure = [&](const std::vector<std::string>& cells) {
    widths.resize(std::max(widths.size(), cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i)
      widths[i] = std::max(widths[i], width_of(cells[i]));
  };
  measure(header);
  for (const auto& row : table.rows) measure(row);
  std::string out;
  if (!header.empty()) {
    append_row(out, header, widths);
    out.replace(out.size() - 2, 1, " ");  // Flux ends the header in a space where rows end in a tab
  }
  for (const auto& row : table.rows) append_row(out, row, widths);
  return out;
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void leave(int code) {
  const int ended = std::fflush(nullptr) == 0 ? code : std::max(code, 1);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  std::exit(ended);
#else
  std::_Exit(ended);
#endif
}

void print_table(const Table& table) { print(format_table(table)); }

void say_action(std::string_view text) { say("►", "36", text); }
void say_generating(std::string_view text) { say("✚", "36", text); }
void say_success(std::string_view text) { say("✔", "32", text); }
void say_failure(std::string_view text) { say("✗", "31", text); }
void say_waiting(std::string_view text) { say("◎", "36", text); }
void say_warning(std::string_view text) { say("⚠️", "33", text); }

void print_objects(const std::vector<Value>& objects, std::string_view format) {
  if (format == "json") {
    Value all = Value::array();
    for (const Value& object : objects) all.push_back(for_people(object));
    const Value shown = objects.size() == 1 ? all.at(0)
                                            : Value::object({{"apiVersion", "v1"},
                                                             {"items", all},
                                                             {"kind", "List"}});
    print(value::write_json(shown, {.escape_html = false, .indent = 2}) + "\n");
    return;
  }
  std::string out;
  for (const Value& object : objects) {
    if (objects.size() > 1) out += "---\n";
    value::append_yaml(out, for_people(object), value::YamlStyle::ordered);
  }
  print(out);
}

std::string truncate_hex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_word(text[i])) {
      out += text[i++];
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string_view word = text.substr(i, end - i);
    const bool cut = word.size() >= 40 && word.size() <= 128 &&
                     std::all_of(word.begin(), word.end(), is_hex);
    out += cut ? word.substr(0, 8) : word;
    i = end;
  }
  return out;
}

std::string title_bool(bool value) { return value ? "True" : "False"; }

}  // namespace weir::cli
