#include "engine/apply/target.hh"

#include <re2/re2.h>

#include <algorithm>

#include "engine/model/object_id.hh"

namespace weir::apply {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Error bad_selector(std::string_view text) {
  return make_error(Code::invalid, "unable to parse selector \"" + std::string(text) + "\"");
}

// At commas outside parentheses.
std::vector<std::string_view> split_requirements(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
    parts.push_back(trim(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  return parts;
}

bool is_key(std::string_view text) {
  return !text.empty() && text.find_first_of(" ()=!,") == std::string_view::npos;
}

bool read_set(std::string_view text, LabelRequirement& out) {
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos || text.back() != ')') return false;
  std::string_view head = trim(text.substr(0, open));
  const std::size_t space = head.rfind(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view word = head.substr(space + 1);
  if (word != "in" && word != "notin") return false;
  out.negated = word == "notin";
  out.key = trim(head.substr(0, space));
  std::string_view values = text.substr(open + 1, text.size() - open - 2);
  for (std::string_view value : split_requirements(values)) out.values.emplace_back(value);
  return is_key(out.key);
}

bool read_requirement(std::string_view text, LabelRequirement& out) {
  if (text.empty()) return false;
  if (text.back() == ')') return read_set(text, out);
  if (text.front() == '!') {
    out.negated = true;
    out.key = trim(text.substr(1));
    return is_key(out.key);
  }
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    out.key = text;
    return is_key(out.key);
  }
  std::string_view key = text.substr(0, equals);
  std::string_view value = text.substr(equals + 1);
  if (key.ends_with('!')) {
    out.negated = true;
    key.remove_suffix(1);
  } else if (value.starts_with('=')) {
    value.remove_prefix(1);
  }
  out.key = trim(key);
  out.values.emplace_back(trim(value));
  return is_key(out.key) && out.values[0].find('=') == std::string::npos;
}

}  // namespace

Result<std::vector<LabelRequirement>> parse_label_selector(std::string_view text) {
  std::vector<LabelRequirement> out;
  if (trim(text).empty()) return out;
  for (std::string_view part : split_requirements(text)) {
    LabelRequirement requirement;
    if (!read_requirement(part, requirement)) return bad_selector(text);
    out.push_back(std::move(requirement));
  }
  return out;
}

bool labels_match(const std::vector<LabelRequirement>& requirements, const Value& labels) {
  return std::all_of(requirements.begin(), requirements.end(), [&](const LabelRequirement& each) {
    const Value* found = labels.find(each.key);
    bool holds = found != nullptr;
    if (holds && !each.values.empty()) {
      holds = std::find(each.values.begin(), each.values.end(), found->get_string()) !=
              each.values.end();
    }
    return holds != each.negated;
  });
}

struct Target::Compiled {
  struct Pattern {
    std::string field;
    std::unique_ptr<RE2> regex;
  };
  std::vector<Pattern> patterns;
  std::vector<LabelRequirement> labels;
  std::vector<LabelRequirement> annotations;
};

Result<Target> Target::compile(const Value& target) {
  auto compiled = std::make_shared<Compiled>();
  for (std::string_view field : {"group", "version", "kind", "name", "namespace"}) {
    const std::string_view text = target[field].get_string();
    if (text.empty()) continue;
    auto regex = std::make_unique<RE2>("^(?:" + std::string(text) + ")$", RE2::Quiet);
    if (!regex->ok()) {
      return make_error(Code::invalid, "invalid target " + std::string(field) + " \"" +
                                           std::string(text) + "\": " + regex->error());
    }
    compiled->patterns.push_back({std::string(field), std::move(regex)});
  }
  WEIR_TRY(compiled->labels, parse_label_selector(target["labelSelector"].get_string()));
  WEIR_TRY(compiled->annotations, parse_label_selector(target["annotationSelector"].get_string()));
  Target out;
  out.compiled_ = std::move(compiled);
  return out;
}

bool Target::matches(const Value& object) const {
  const ObjectId id = ObjectId::of(object);
  const std::pair<std::string_view, const std::string&> fields[] = {{"group", id.gvk.group},
                                                                   {"version", id.gvk.version},
                                                                   {"kind", id.gvk.kind},
                                                                   {"name", id.name},
                                                                   {"namespace", id.ns}};
  for (const Compiled::Pattern& pattern : compiled_->patterns) {
    for (const auto& [field, value] : fields) {
      if (field == pattern.field && !RE2::FullMatch(value, *pattern.regex)) return false;
    }
  }
  return labels_match(compiled_->labels, object["metadata"]["labels"]) &&
         labels_match(compiled_->annotations, object["metadata"]["annotations"]);
}

}  // namespace weir::apply
