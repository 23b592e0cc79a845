#include "engine/kustomize/origin.hh"

#include "engine/base/file_tree.hh"
#include "engine/kustomize/repo_spec.hh"
#include "engine/value/yaml.hh"

namespace weir::kustomize {

namespace {

using value::YamlStyle;

void add(Value& object, std::string_view key, const std::string& text) {
  if (!text.empty()) object.append_member(Value(key), Value(text));
}

Value to_value(const Origin& origin) {
  Value by = Value::object();
  add(by, "apiVersion", origin.configured_by.api_version);
  add(by, "kind", origin.configured_by.kind);
  add(by, "name", origin.configured_by.name);
  add(by, "namespace", origin.configured_by.ns);
  Value result = Value::object();
  add(result, "path", origin.path);
  add(result, "repo", origin.repo);
  add(result, "ref", origin.ref);
  add(result, "configuredIn", origin.configured_in);
  if (!by.empty()) result.append_member(Value("configuredBy"), std::move(by));
  return result;
}

}  // namespace

// filepath.Join keeps leading "..", which clean_path refuses.
std::string join_lexically(std::string_view base, std::string_view path) {
  std::string joined(base);
  if (!joined.empty() && !path.empty()) joined += '/';
  joined += path;
  const bool absolute = joined.starts_with('/');
  std::vector<std::string_view> parts;
  std::string_view rest = joined;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !absolute) {
      parts.push_back(part);
    }
  }
  std::string result = absolute ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) result += '/';
    result += parts[i];
  }
  return result.empty() ? "." : result;
}

Origin Origin::append(std::string_view path_below) const {
  Origin result = *this;
  const auto spec = parse_repo_url(path_below);
  if (spec.ok()) {
    result.repo = spec->clone_url;
    result.ref = spec->ref;
    result.path = join_lexically("", spec->path);
    // The reference prints the name of its placeholder for a repository's root.
    if (result.path == ".") result.path = "notCloned";
    return result;
  }
  result.path = join_lexically(path, path_below);
  return result;
}

std::string Origin::to_string() const { return write_yaml(to_value(*this), YamlStyle::ordered); }

std::string to_string(const std::vector<Origin>& transformations) {
  Value list = Value::array();
  for (const Origin& origin : transformations) list.push_back(to_value(origin));
  return write_yaml(list, YamlStyle::ordered);
}

}  // namespace weir::kustomize
