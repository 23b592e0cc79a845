#include "engine/helm/chart.hh"

#include <algorithm>
#include <map>

#include "engine/base/limits.hh"
#include "engine/base/semver.hh"
#include "engine/helm/text.hh"

namespace weir::helm {

namespace {

bool is_manifest_name(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || name.find('/', dot) != std::string_view::npos) return false;
  const std::string_view extension = name.substr(dot);
  return equal_fold(extension, ".yaml") || equal_fold(extension, ".yml") ||
         equal_fold(extension, ".json");
}

void collect_crds(const Chart& chart, std::vector<CrdFile>& out) {
  for (const ChartFile& file : chart.contents->files)
    if (file.name.starts_with("crds/") && is_manifest_name(file.name))
      out.push_back({chart.full_path() + "/" + file.name, &file});
  for (const Chart* dependency : chart.dependencies) collect_crds(*dependency, out);
}

}  // namespace

std::string Chart::full_path() const {
  return parent ? parent->full_path() + "/charts/" + metadata.name : metadata.name;
}

Result<Chart*> ChartSet::add(const Chart& chart) {
  if (charts_.size() >= base::limits::helm_charts_max)
    return make_error(Code::limit, "more than " + std::to_string(base::limits::helm_charts_max) +
                                       " charts in one (helm_charts_max)");
  charts_.push_back(std::make_unique<Chart>(chart));
  return charts_.back().get();
}

Result<ChartSet> ChartSet::copy() const {
  ChartSet out;
  std::map<const Chart*, Chart*> copies;
  for (const auto& chart : charts_) {
    WEIR_TRY(Chart * copy, out.add(*chart));
    if (copy->values) {
      WEIR_TRY(copy->values, copy->values->deep_copy());
    }
    copies[chart.get()] = copy;
  }
  for (const auto& [original, copy] : copies) {
    if (copy->parent) copy->parent = copies.at(copy->parent);
    for (Chart*& dependency : copy->dependencies) dependency = copies.at(dependency);
  }
  out.root_ = root_ ? copies.at(root_) : nullptr;
  return out;
}

std::vector<CrdFile> crd_files(const Chart& chart) {
  std::vector<CrdFile> out;
  collect_crds(chart, out);
  return out;
}

Result<void> check_dependencies(const Chart& chart, bool old_words) {
  const auto refusal = [&](Code code, const std::string& what) {
    const std::string quote = old_words ? "`" : "'";
    return make_error(code,
                      "an error occurred while checking for chart dependencies. You may need to "
                      "run " +
                          quote + "helm dependency build" + quote +
                          " to fetch missing dependencies: " + what);
  };
  if (chart.metadata.api_version == "v3" &&
      chart.dependencies.size() > chart.metadata.dependencies.size())
    return refusal(Code::unsupported, "unsupported chart dependency type");
  std::string missing;
  for (const Dependency& wanted : chart.metadata.dependencies) {
    const bool there = std::any_of(chart.dependencies.begin(), chart.dependencies.end(),
                                   [&](const Chart* c) { return c->name() == wanted.name; });
    if (there) continue;
    if (!missing.empty()) missing += ", ";
    missing += wanted.name;
  }
  if (missing.empty()) return {};
  return refusal(Code::not_found,
                 "found in Chart.yaml, but missing in charts/ directory: " + missing);
}

bool is_compatible_range(std::string_view range, std::string_view version) {
  const auto parsed = base::Version::parse(version);
  if (!parsed.ok()) return false;
  const auto constraint = base::VersionConstraint::parse(range);
  return constraint.ok() && constraint->matches(*parsed);
}

}  // namespace weir::helm
