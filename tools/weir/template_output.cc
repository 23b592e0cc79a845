#include "tools/weir/template_output.hh"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include "engine/base/glob.hh"
#include "tools/weir/chart_text.hh"

namespace weir::cli {

namespace {

namespace fs = std::filesystem;

// Writes one manifest below --output-dir, behind those of the same template.
Result<void> write_file(const fs::path& directory, const std::string& path,
                        std::string_view content, std::set<std::string>& written) {
  if (!base::clean_path(path) || path.starts_with('/'))
    return make_error(Code::invalid, "template " + path + " would be written elsewhere");
  const fs::path file = directory / path;
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  const bool again = !written.insert(path).second;
  std::ofstream out(file, again ? std::ios::binary | std::ios::app : std::ios::binary);
  std::string text;
  helm::append_source(text, path, content);
  if (!out.write(text.data(), static_cast<std::streamsize>(text.size())).flush())
    return make_error(Code::io, "cannot write " + file.string());
  std::printf("wrote %s\n", file.c_str());
  return {};
}

Result<void> write_files(const helm::RenderedChart& rendered, const TemplateOutput& output) {
  const fs::path directory(output.directory);
  const fs::path named = output.release_name.empty() ? directory : directory / output.release_name;
  std::set<std::string> crds, manifests;
  if (output.include_crds)
    for (const helm::CrdFile& crd : helm::crd_files(rendered.charts.root()))
      WEIR_CHECK(write_file(directory, crd.path, *crd.file->data, crds));
  for (const helm::Manifest& manifest : rendered.manifests)
    WEIR_CHECK(write_file(named, manifest.path, manifest.content, manifests));
  for (const helm::Hook& hook : rendered.hooks)
    if (!output.no_hooks && !(output.skip_tests && hook.is_test()))
      WEIR_CHECK(write_file(named, hook.path, hook.content, manifests));
  return {};
}

// The template a manifest's "# Source:" names, without the chart in front.
std::string_view source_of(std::string_view manifest) {
  static constexpr std::string_view mark = "# Source: ";
  for (std::size_t at = manifest.find(mark); at != std::string_view::npos;
       at = manifest.find(mark, at + 1)) {
    const std::string_view line =
        manifest.substr(at + mark.size(), manifest.find('\n', at) - at - mark.size());
    const std::size_t slash = line.find('/');
    if (slash != std::string_view::npos && slash > 0 && slash + 1 < line.size())
      return line.substr(slash + 1);
  }
  return {};
}

}  // namespace

Result<std::string> shown_of(std::string text, const TemplateOutput& output) {
  if (output.show_only.empty()) return text;
  const auto manifests = helm::split_manifests(text, output.compat);
  std::string out;
  for (const std::string& pattern : output.show_only) {
    bool found = false;
    for (const std::string& manifest : manifests) {
      const std::string_view source = source_of(manifest);
      const auto matched = base::glob_match(pattern, source);
      if (source.empty() || !matched.ok() || !*matched) continue;
      out.append("---\n").append(manifest).append("\n");
      found = true;
    }
    if (!found)
      return make_error(Code::not_found, "could not find template " + pattern + " in chart");
  }
  return out;
}

Result<std::string> show_chart(const helm::RenderedChart& rendered, const TemplateOutput& output) {
  std::string text = "\n";
  if (output.directory.empty())
    text = chart_text(rendered, {output.include_crds, output.no_hooks, output.skip_tests});
  else
    WEIR_CHECK(write_files(rendered, output));
  return shown_of(std::move(text), output);
}

}  // namespace weir::cli
