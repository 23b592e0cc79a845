#include "tools/weir/chart_text.hh"

#include <cstdlib>
#include <filesystem>

#include "adapters/archive/disk_file_tree.hh"
#include "adapters/clock/system_clock.hh"
#include "engine/helm/release_name.hh"
#include "engine/value/yaml.hh"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

std::string_view trimmed(std::string_view text) {
  static constexpr std::string_view blanks = " \t\n\v\f\r";
  const std::size_t from = text.find_first_not_of(blanks);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

}  // namespace

std::string context_namespace(const std::string& kubeconfig, const std::string& context) {
  const char* given = std::getenv("KUBECONFIG");
  const char* home = std::getenv("HOME");
  std::string path = kubeconfig;
  if (path.empty() && given) path = std::string_view(given).substr(0, std::string(given).find(':'));
  if (path.empty() && home) path = std::string(home) + "/.kube/config";
  std::error_code error;
  if (path.empty() || !fs::is_regular_file(path, error)) return "default";
  const auto tree = archive::DiskFileTree::open_unconfined(".");
  if (!tree.ok()) return "default";
  const auto text = (*tree)->read(path);
  if (!text.ok()) return "default";
  const auto config = value::parse_yaml(**text);
  if (!config.ok()) return "default";
  const std::string_view current =
      context.empty() ? (*config)["current-context"].get_string() : std::string_view(context);
  for (const Value& entry : (*config)["contexts"].items())
    if (entry["name"].get_string() == current)
      if (const auto ns = entry.path("context", "namespace").get_string(); !ns.empty())
        return std::string(ns);
  return "default";
}

Result<std::string> templated_release_name(const std::string& text,
                                           const helm::EngineOptions& engine) {
  return helm::render_name(text, engine, [](const std::string& name) -> std::string {
    const char* found = std::getenv(name.c_str());
    return found == nullptr ? "" : found;
  });
}

std::string generated_release_name(std::string_view chart) {
  std::string_view base = chart;
  while (base.size() > 1 && base.ends_with('/')) base.remove_suffix(1);
  base = base::base_name(base);
  if (base == "." || base.empty()) base = "chart";
  base = base.substr(0, base.find('.'));
  const auto seconds = clock::SystemClock().now() / 1'000'000;
  return std::string(base) + "-" + std::to_string(seconds);
}

std::string chart_text(const helm::RenderedChart& rendered, const ChartTextOptions& options) {
  std::string text(trimmed(helm::manifest_text(rendered, options.include_crds)));
  text += '\n';
  for (const helm::Hook& hook : rendered.hooks)
    if (!options.no_hooks && !(options.skip_tests && hook.is_test()))
      helm::append_source(text, hook.path, hook.content);
  return text;
}

}  // namespace weir::cli
