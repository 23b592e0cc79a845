#include "engine/helm/field_origin.hh"

#include <algorithm>

#include "engine/base/digest.hh"
#include "engine/value/yaml.hh"

namespace weir::helm {
namespace {

constexpr std::string_view source_mark = "# Source: ";

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_object(const Value& document, const model::ObjectId& id) {
  if (document["kind"].get_string() != id.gvk.kind) return false;
  const Value& metadata = document["metadata"];
  if (metadata["name"].get_string() != id.name) return false;
  const std::string_view ns = metadata["namespace"].get_string();
  return ns.empty() || id.ns.empty() || ns == id.ns;
}

// The path that stands over the object in the release's manifest, or that of its hook.
std::string source_of(const Release& release, const model::ObjectId& id) {
  for (const std::string& text : split_manifests(release.manifest, Compat::helm_4_2_4)) {
    const std::size_t mark = text.find(source_mark);
    if (mark == std::string::npos || text.find("kind: " + id.gvk.kind) == std::string::npos)
      continue;
    const auto document = value::parse_yaml(text);
    if (!document.ok() || !is_object(*document, id)) continue;
    const std::size_t begin = mark + source_mark.size();
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  for (const ReleaseHook& hook : release.hooks)
    if (hook.hook.kind == id.gvk.kind && hook.hook.name == id.name) return hook.hook.path;
  return {};
}

// The text of a template of the release's own chart; "" where it is of another one.
std::string text_of(const Release& release, std::string_view path) {
  const std::string prefix = release.chart_name() + "/";
  if (!path.starts_with(prefix)) return {};
  path.remove_prefix(prefix.size());
  for (const Value& file : release.chart["templates"].items()) {
    if (file["name"].get_string() != path) continue;
    auto text = base::base64_decode(file["data"].get_string());
    return text.ok() ? *std::move(text) : std::string();
  }
  return {};
}

// A YAML key at the line's beginning: "name:", "'a/b':"; "" when there is none.
std::string key_at(std::string_view text) {
  if (text.empty()) return {};
  const char quote = text.front();
  if (quote == '"' || quote == '\'') {
    const std::size_t end = text.find(quote, 1);
    if (end == std::string_view::npos || !text.substr(end + 1).starts_with(':')) return {};
    return std::string(text.substr(1, end - 1));
  }
  if (quote == '{' || quote == '#') return {};
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {};
  const std::string_view key = text.substr(0, colon);
  const bool ends = colon + 1 == text.size() || text[colon + 1] == ' ' || text[colon + 1] == '\t';
  if (!ends || key.find_first_of(" {\"") != std::string_view::npos) return {};
  return std::string(key);
}

// Every ".Values.a.b" of the text; also "$.Values.a.b".
void add_values(std::string_view text, std::vector<std::string>& out) {
  constexpr std::string_view mark = ".Values.";
  for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at)) {
    at += mark.size();
    std::size_t end = at;
    while (end < text.size() && (is_name(text[end]) || text[end] == '.')) ++end;
    std::string path(text.substr(at, end - at));
    while (path.ends_with('.')) path.pop_back();
    if (!path.empty() && std::find(out.begin(), out.end(), path) == out.end())
      out.push_back(std::move(path));
  }
}

// "with", "range", "if", "else", "end", "define": the word of an action that stands alone.
std::string_view action_of(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos || !text.substr(begin).starts_with("{{")) return {};
  text.remove_prefix(begin + 2);
  while (!text.empty() && (text.front() == '-' || text.front() == ' ')) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && is_name(text[end])) ++end;
  return text.substr(0, end);
}

// Whether an action of the line prints ".", or a member of it.
bool prints_dot(std::string_view text) {
  const std::size_t action = text.find("{{");
  for (std::size_t i = action; i + 1 < text.size(); ++i)
    if (text[i] == '.' && (text[i - 1] == ' ' || text[i - 1] == '(')) return true;
  return false;
}

}  // namespace

ObjectTemplate find_template(const Release& release, const model::ObjectId& id) {
  ObjectTemplate out;
  out.path_ = source_of(release, id);
  const std::string text = out.path_.empty() ? "" : text_of(release, out.path_);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    ObjectTemplate::Line line;
    line.text = text.substr(begin, end - begin);
    begin = end + 1;
    std::size_t at = line.text.find_first_not_of(' ');
    if (at != std::string::npos && line.text.compare(at, 2, "- ") == 0) {
      line.dash = at;
      at = line.text.find_first_not_of(' ', at + 1);
    }
    if (at != std::string::npos) {
      line.indent = at;
      line.key = key_at(std::string_view(line.text).substr(at));
    }
    out.lines_.push_back(std::move(line));
  }
  return out;
}

// Where what belongs to the key on `line` ends: at the next key that stands no deeper. Items of a
// list may stand as deep as its key.
std::size_t ObjectTemplate::end_of(std::size_t line, std::size_t end) const {
  for (std::size_t i = line + 1; i < end; ++i) {
    const Line& next = lines_[i];
    const std::size_t depth = next.dash != std::string::npos ? next.dash : next.indent;
    if (next.dash == std::string::npos && next.key.empty()) continue;
    if (depth < lines_[line].indent) return i;
    if (depth == lines_[line].indent && next.dash == std::string::npos) return i;
  }
  return end;
}

FieldOrigin ObjectTemplate::origin_of(const std::vector<OriginStep>& trail) const {
  FieldOrigin out;
  std::size_t begin = 0, end = lines_.size(), found = lines_.size(), known = 0;
  for (const OriginStep& step : trail) {
    std::size_t next = end;
    if (!step.member.empty()) {
      // The shallowest of this name, and the first of these.
      for (std::size_t i = begin; i < end; ++i)
        if (lines_[i].key == step.member && (next == end || lines_[i].indent < lines_[next].indent))
          next = i;
      if (next == end) break;
      end = end_of(next, end);
      begin = next + 1;
    } else {
      std::size_t depth = std::string::npos, number = 0;
      std::size_t after = end;
      for (std::size_t i = begin; i < end && after == end; ++i) {
        if (lines_[i].dash == std::string::npos) continue;
        depth = std::min(depth, lines_[i].dash);
        if (lines_[i].dash != depth) continue;
        if (next != end) {
          after = i;
        } else if (number++ == step.index) {
          next = i;
        }
      }
      if (next == end) break;
      begin = next;
      end = after;
    }
    found = next;
    ++known;
  }
  if (found == lines_.size()) return out;
  out.line = static_cast<std::uint32_t>(found + 1);
  const bool whole = known == trail.size();
  out.values = values_of(found, whole ? found + 1 : end);
  if (out.values.size() != 1) return out;
  // A value printed as a whole: the field is the member of the same name below it.
  for (std::size_t i = known; i < trail.size() && !trail[i].member.empty(); ++i)
    out.values.front() += "." + trail[i].member;
  return out;
}

std::vector<std::string> ObjectTemplate::values_of(std::size_t first, std::size_t last) const {
  std::vector<std::string> out;
  for (std::size_t i = first; i < last; ++i) {
    const Line& line = lines_[i];
    if (line.text.find("{{") == std::string::npos) continue;
    const std::string_view action = action_of(line.text);
    if (action == "if" || action == "else" || action == "end") continue;
    const std::size_t before = out.size();
    add_values(line.text, out);
    if (out.size() == before && prints_dot(line.text)) add_enclosing(i, out);
  }
  return out;
}

// A line that prints ".": what the "with" or "range" around it stands on.
void ObjectTemplate::add_enclosing(std::size_t line, std::vector<std::string>& out) const {
  int depth = 0;
  for (std::size_t i = line; i-- > 0;) {
    const std::string_view action = action_of(lines_[i].text);
    if (action == "end" && lines_[i].text.find("{{", lines_[i].text.find("end")) ==
                               std::string::npos)
      ++depth;
    if (action != "if" && action != "with" && action != "range" && action != "define") continue;
    if (lines_[i].text.find("end }}") != std::string::npos) continue;
    if (depth > 0) {
      --depth;
    } else if (action == "with" || action == "range") {
      return add_values(lines_[i].text, out);
    }
  }
}

}  // namespace weir::helm
