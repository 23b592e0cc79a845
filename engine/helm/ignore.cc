#include "engine/helm/ignore.hh"

#include "engine/base/file_tree.hh"
#include "engine/base/glob.hh"
#include "engine/helm/text.hh"

namespace weir::helm {

Result<void> ChartIgnore::add(std::string_view rule) {
  rule = trim_space(rule);
  if (rule.empty() || rule.front() == '#') return {};
  if (rule.find("**") != std::string_view::npos)
    return make_error(Code::invalid, "double-star (**) syntax is not supported");
  if (auto sound = base::glob_match(rule, "abc"); !sound.ok()) return std::move(sound).error();
  Pattern pattern;
  if (rule.front() == '!') {
    pattern.negate = true;
    rule.remove_prefix(1);
  }
  if (rule.ends_with('/')) {
    pattern.directory_only = true;
    rule.remove_suffix(1);
  }
  if (rule.starts_with('/')) {
    rule.remove_prefix(1);
  } else {
    pattern.base_name_only = rule.find('/') == std::string_view::npos;
  }
  constexpr std::string_view wild = "*?[\\";
  if (rule.find_first_of(wild) == std::string_view::npos) {
    pattern.form = Form::exact;
  } else if (pattern.base_name_only && rule.find_last_of(wild) == 0 && rule.front() == '*') {
    pattern.form = Form::suffix;
    rule.remove_prefix(1);
  }
  pattern.text = std::string(rule);
  patterns_.push_back(std::move(pattern));
  return {};
}

Result<ChartIgnore> ChartIgnore::parse(std::string_view text) {
  ChartIgnore rules;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    WEIR_CHECK(rules.add(text.substr(0, end)));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  WEIR_CHECK(rules.add("templates/.?*"));
  return rules;
}

bool ChartIgnore::matches(const Pattern& pattern, std::string_view path) {
  const std::string_view name = pattern.base_name_only ? base::base_name(path) : path;
  if (pattern.form == Form::exact) return name == pattern.text;
  if (pattern.form == Form::suffix) return name.ends_with(pattern.text);
  const auto matched = base::glob_match(pattern.text, name);
  return matched.ok() && *matched;
}

bool ChartIgnore::ignored(std::string_view path, bool is_directory) const {
  if (path.empty()) return false;
  for (const Pattern& pattern : patterns_) {
    const bool match = matches(pattern, path);
    if (pattern.negate) {
      if ((pattern.directory_only && !is_directory) || !match) return true;
      continue;
    }
    if (pattern.directory_only && !is_directory) continue;
    if (match) return true;
  }
  return false;
}

}  // namespace weir::helm
