#include "engine/base/ignore_rules.hh"

#include <algorithm>
#include <iterator>
#include <span>

#include "engine/base/glob.hh"
#include "engine/base/limits.hh"

namespace weir::base {
namespace {

constexpr std::string_view vcs_set[] = {".git/", ".gitignore", ".gitmodules", ".gitattributes"};
constexpr std::string_view default_set[] = {
    "*.jpg", "*.jpeg", "*.gif", "*.png", "*.wmv", "*.flv", "*.tar.gz", "*.zip", ".github/",
    ".circleci/", ".travis.yml", ".gitlab-ci.yml", "appveyor.yml", ".drone.yml", "cloudbuild.yaml",
    "codeship-services.yml", "codeship-steps.yml", "**/.goreleaser.yml", "**/.sops.yaml",
    "**/.flux.yaml"};

// A longer line ends the file, as the peer's line reader does.
constexpr std::size_t line_bytes_max = 64 * 1024;

template <typename T>
std::vector<T> split_path(std::string_view path) {
  std::vector<T> parts;
  for (;;) {
    const std::size_t slash = path.find('/');
    parts.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos;
}

using Path = std::vector<std::string_view>;

enum class Hit { yes, no, broken };

Hit glob(std::string_view pattern, std::string_view name) {
  const auto matched = glob_match(pattern, name);
  return !matched ? Hit::broken : *matched ? Hit::yes : Hit::no;
}

// A pattern without '/': any component of the path may match it.
bool match_name(const std::string& pattern, const Path& path, std::size_t from, bool directory_only,
                bool is_directory) {
  for (std::size_t i = from; i < path.size(); ++i) {
    const Hit hit = glob(pattern, path[i]);
    if (hit == Hit::broken) return false;
    if (hit == Hit::no) continue;
    return !(directory_only && !is_directory && i + 1 == path.size());
  }
  return false;
}

// A pattern with '/': component by component from the domain on. What is left of the path lies
// below the match and is covered. "**" skips any number of components, but only alone in its place.
bool match_anchored(const std::vector<std::string>& components, const Path& path, std::size_t at,
                    bool directory_only, bool is_directory) {
  bool matched = false;
  bool skipping = false;
  for (std::size_t i = 0; i < components.size(); ++i) {
    const std::string& component = components[i];
    if (component.empty()) {
      skipping = false;
      continue;
    }
    if (component == "**") {
      if (i + 1 == components.size()) break;
      skipping = true;
      continue;
    }
    if (component.find("**") != std::string::npos || at == path.size()) return false;
    if (!skipping) {
      if (glob(component, path[at++]) != Hit::yes) return false;
      matched = true;
      continue;
    }
    skipping = false;
    for (bool found = false; !found && at < path.size();) {
      const Hit hit = glob(component, path[at++]);
      if (hit == Hit::broken) return false;
      found = hit == Hit::yes;
      if (found) matched = true;
      if (!found && at == path.size()) matched = false;
    }
  }
  return matched && !(directory_only && !is_directory && at == path.size());
}

}  // namespace

IgnoreRules::Pattern IgnoreRules::parse_pattern(std::string_view line,
                                                const std::vector<std::string>& domain) {
  Pattern pattern;
  pattern.domain = domain;
  if (line.starts_with('!')) {
    pattern.include = true;
    line.remove_prefix(1);
  }
  if (!line.ends_with("\\ "))
    while (line.ends_with(' ')) line.remove_suffix(1);
  if (line.ends_with('/')) {
    pattern.directory_only = true;
    line.remove_suffix(1);
  }
  pattern.anchored = line.find('/') != std::string_view::npos;
  pattern.components = split_path<std::string>(line);
  return pattern;
}

IgnoreRules::Verdict IgnoreRules::match(const Pattern& pattern, const Path& path,
                                        bool is_directory) {
  const std::size_t from = pattern.domain.size();
  if (path.size() <= from ||
      !std::equal(pattern.domain.begin(), pattern.domain.end(), path.begin()))
    return Verdict::none;
  const bool hit =
      pattern.anchored
          ? match_anchored(pattern.components, path, from, pattern.directory_only, is_directory)
          : match_name(pattern.components.front(), path, from, pattern.directory_only,
                       is_directory);
  if (!hit) return Verdict::none;
  return pattern.include ? Verdict::include : Verdict::exclude;
}

void IgnoreRules::read_patterns(std::string_view text, const std::vector<std::string>& domain) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.size() >= line_bytes_max) return;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with('#') && !blank(line)) patterns_.push_back(parse_pattern(line, domain));
  }
}

void IgnoreRules::prepend(std::span<const std::string_view> lines) {
  std::vector<Pattern> first;
  for (const std::string_view line : lines) first.push_back(parse_pattern(line, {}));
  patterns_.insert(patterns_.begin(), std::make_move_iterator(first.begin()),
                   std::make_move_iterator(first.end()));
}

Result<void> IgnoreRules::load_directory(const FileTree& tree, std::vector<std::string>& domain) {
  std::string directory;
  for (const std::string& component : domain) {
    if (!directory.empty()) directory += '/';
    directory += component;
  }
  if (directory.size() > limits::path_bytes_max)
    return make_error(Code::limit, "path is longer than path_bytes_max", "SourceIgnoreError");
  WEIR_TRY(const std::vector<DirectoryEntry> entries, tree.list(directory));
  const std::string file = directory.empty() ? ".sourceignore" : directory + "/.sourceignore";
  const bool present = std::any_of(entries.begin(), entries.end(), [](const DirectoryEntry& entry) {
    return entry.name == ".sourceignore";
  });
  // A dangling link is a missing file, as for the peer.
  if (present && tree.stat(file)) {
    auto bytes = tree.read(file);
    if (!bytes)
      return make_error(Code::invalid, "cannot read ignore file '" + file + "': " +
                                           bytes.error().message, "SourceIgnoreError");
    read_patterns(**bytes, domain);
    if (patterns_.size() > limits::ignore_patterns_max)
      return make_error(Code::limit, "more than ignore_patterns_max ignore patterns",
                        "SourceIgnoreError");
  }
  for (const DirectoryEntry& entry : entries) {
    if (entry.type != EntryType::directory || entry.name == ".git") continue;
    domain.push_back(entry.name);
    WEIR_CHECK(load_directory(tree, domain));
    domain.pop_back();
  }
  return {};
}

Result<IgnoreRules> IgnoreRules::load(const FileTree& tree,
                                      std::optional<std::string_view> spec_ignore) {
  IgnoreRules rules;
  std::vector<std::string> domain;
  WEIR_CHECK(rules.load_directory(tree, domain));
  if (spec_ignore) rules.read_patterns(*spec_ignore, {});
  if (rules.patterns_.empty()) rules.prepend(default_set);
  rules.prepend(vcs_set);
  return rules;
}

IgnoreRules IgnoreRules::from_patterns(std::string_view text) {
  IgnoreRules rules;
  rules.read_patterns(text, {});
  return rules;
}

bool IgnoreRules::excluded(std::string_view path, bool is_directory) const {
  const Path components = split_path<std::string_view>(path);
  for (auto pattern = patterns_.rbegin(); pattern != patterns_.rend(); ++pattern) {
    const Verdict verdict = match(*pattern, components, is_directory);
    if (verdict != Verdict::none) return verdict == Verdict::exclude;
  }
  return false;
}

}  // namespace weir::base
