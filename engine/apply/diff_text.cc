#include <algorithm>
#include <map>
#include <optional>

#include "engine/apply/diff.hh"
#include "engine/value/yaml.hh"

namespace weir::apply {
namespace {

constexpr std::size_t side_by_side_max = 80;  // columns
constexpr std::size_t compared_lines_max = 2000;  // a side; longer texts are shown whole

using Lines = std::vector<std::string>;

Lines split_lines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string spelled(std::size_t count) {
  static constexpr std::string_view words[] = {"no",  "one", "two",   "three", "four", "five",
                                               "six", "seven", "eight", "nine",  "ten",  "eleven",
                                               "twelve"};
  return count < std::size(words) ? std::string(words[count]) : std::to_string(count);
}

std::string counted(std::size_t count, std::string_view noun, std::string_view nouns) {
  return spelled(count) + " " + std::string(count == 1 ? noun : nouns);
}

std::string one_line(const Value& value) {
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_null()) return "<nil>";
  std::string text = value::write_yaml(value);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string_view type_word(const Value& value) {
  switch (value.kind()) {
    case value::Kind::null: return "<nil>";
    case value::Kind::boolean: return "bool";
    case value::Kind::integer:
    case value::Kind::unsigned_integer: return "int";
    case value::Kind::floating: return "float";
    case value::Kind::string: return "string";
    case value::Kind::array: return "list";
    case value::Kind::object: return "map";
  }
  return "";
}

// '-', '+' or ' ' and the line: a shortest edit script.
using Edit = std::vector<std::pair<char, std::string>>;

std::optional<Edit> edit_script(const Lines& a, const Lines& b) {
  if (a.size() > compared_lines_max || b.size() > compared_lines_max) return std::nullopt;
  std::vector<std::vector<int>> common(a.size() + 1, std::vector<int>(b.size() + 1, 0));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1
                                  : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  Edit out;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      out.emplace_back(' ', a[i++]);
      ++j;
    } else if (i < a.size() && (j == b.size() || common[i + 1][j] >= common[i][j + 1])) {
      out.emplace_back('-', a[i++]);
    } else {
      out.emplace_back('+', b[j++]);
    }
  }
  return out;
}

std::string format_text_change(const Edit& edit) {
  std::size_t inserts = 0;
  std::size_t deletions = 0;
  std::string body;
  char last = ' ';
  for (const auto& [mark, line] : edit) {
    if (mark == '+' && last != '+') ++inserts;
    if (mark == '-' && last != '-') ++deletions;
    last = mark;
    if (mark == ' ') continue;
    body += mark;
    body += ' ' + line + '\n';
  }
  return "± value change in multiline text (" + counted(inserts, "insert", "inserts") + ", " +
         counted(deletions, "deletion", "deletions") + ")\n" + body + "\n";
}

std::string with_mark(char mark, const Value& value) {
  std::string out;
  for (const std::string& line : split_lines(one_line(value))) {
    out += mark;
    out += ' ' + line + '\n';
  }
  if (out.empty()) out = std::string(1, mark) + " \n";
  return out;
}

std::string format_value_change(const FieldChange& change) {
  if (change.before.is_string() && change.after.is_string()) {
    const std::string_view before = change.before.as_string();
    const std::string_view after = change.after.as_string();
    if (before.find('\n') != std::string_view::npos || after.find('\n') != std::string_view::npos) {
      const std::optional<Edit> edit = edit_script(split_lines(before), split_lines(after));
      if (edit) return format_text_change(*edit);
    }
  }
  std::string out = "± value change\n";
  if (change.before.kind() != change.after.kind()) {
    out = "± type change from " + std::string(type_word(change.before)) + " to " +
          std::string(type_word(change.after)) + "\n";
  }
  return out + with_mark('-', change.before) + with_mark('+', change.after);
}

std::string join_keys(const Value& keys) {
  std::string out;
  for (const Value& key : keys.items()) {
    if (!out.empty()) out += ", ";
    out += key.get_string();
  }
  return out;
}

// For reading: the name first, then what fits on a line, then the rest; each by key.
Value ordered_for_reading(const Value& value) {
  if (value.is_array()) {
    Value out = Value::array();
    for (const Value& item : value.items()) out.push_back(ordered_for_reading(item));
    return out;
  }
  if (!value.is_object()) return value;
  std::vector<const value::Member*> members;
  for (const value::Member& member : value.members()) members.push_back(&member);
  const auto rank = [](const value::Member* member) {
    if (member->name() == "name") return 0;
    return member->value.is_scalar() || member->value.empty() ? 1 : 2;
  };
  std::sort(members.begin(), members.end(), [&](const auto* a, const auto* b) {
    return rank(a) != rank(b) ? rank(a) < rank(b) : a->name() < b->name();
  });
  Value out = Value::object();
  for (const value::Member* member : members) {
    out.append_member(member->key, ordered_for_reading(member->value));
  }
  return out;
}

// The writer quotes with ', the reference with ".
std::string with_double_quotes(std::string line) {
  if (!line.ends_with('\'')) return line;
  std::size_t open = line.find(": '");
  if (open == std::string::npos) open = line.find("- '");
  if (open == std::string::npos) return line;
  open += 2;
  const std::size_t close = line.size() - 1;
  const std::string_view inside = std::string_view(line).substr(open + 1, close - open - 1);
  if (open >= close || inside.find_first_of("'\"\\") != std::string_view::npos) return line;
  line[open] = '"';
  line[close] = '"';
  return line;
}

// A heading and the entries, below it, as YAML.
Lines entry_block(const std::vector<const FieldChange*>& changes, bool added) {
  const bool list = changes.front()->list_item;
  std::string heading = added ? "+ " : "- ";
  heading += counted(changes.size(), list ? "list entry" : "map entry",
                     list ? "list entries" : "map entries");
  Lines lines{heading + (added ? " added:" : " removed:")};
  for (const FieldChange* change : changes) {
    const Value& value = added ? change->after : change->before;
    Value entry = list ? Value::array({value}) : Value::object();
    if (!list) entry.append_member(Value(change->key), value);
    const std::string text =
        value::write_yaml(ordered_for_reading(entry), value::YamlStyle::ordered);
    for (const std::string& plain : split_lines(text)) {
      const std::string line = with_double_quotes(plain);
      lines.push_back(added ? "  " + line : line);
    }
  }
  return lines;
}

std::size_t columns(std::string_view line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::size_t width_of(const Lines& lines) {
  std::size_t width = 0;
  for (const std::string& line : lines) width = std::max(width, columns(line));
  return width;
}

std::string stacked(const Lines& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

std::string format_entries(const std::vector<const FieldChange*>& removed,
                           const std::vector<const FieldChange*>& added) {
  if (removed.empty()) return stacked(entry_block(added, true));
  if (added.empty()) return stacked(entry_block(removed, false));
  const Lines left = entry_block(removed, false);
  const Lines right = entry_block(added, true);
  const std::size_t width = width_of(left) + 3;
  if (width + width_of(right) > side_by_side_max) {
    return stacked(left) + "\n" + stacked(right) + "\n";
  }
  std::string out;
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    std::string line = i < left.size() ? left[i] : "";
    if (i < right.size()) {
      line += std::string(width - columns(line), ' ');
      line += right[i];
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace

std::string format_changes(const std::vector<FieldChange>& changes) {
  std::string out;
  for (std::size_t i = 0; i < changes.size();) {
    const FieldChange& first = changes[i];
    if (first.kind == ChangeKind::value || first.kind == ChangeKind::order) {
      out += first.path + "\n";
      out += first.kind == ChangeKind::value
                 ? format_value_change(first)
                 : "⇆ order changed\n- " + join_keys(first.before) + "\n+ " +
                       join_keys(first.after) + "\n";
      out += "\n";
      ++i;
      continue;
    }
    std::vector<const FieldChange*> removed, added;
    for (; i < changes.size() && changes[i].parent == first.parent; ++i) {
      if (changes[i].kind == ChangeKind::removed) {
        removed.push_back(&changes[i]);
      } else if (changes[i].kind == ChangeKind::added) {
        added.push_back(&changes[i]);
      } else {
        break;
      }
    }
    out += (first.parent.empty() ? "(root level)" : first.parent) + "\n";
    out += format_entries(removed, added) + "\n";
  }
  return out;
}

}  // namespace weir::apply
