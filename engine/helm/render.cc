#include "engine/helm/render.hh"

#include <algorithm>

#include "engine/helm/dependencies.hh"
#include "engine/helm/text.hh"
#include "engine/template/datum.hh"
#include "engine/template/format.hh"

namespace weir::helm {

namespace {

constexpr std::string_view notes_name = "NOTES.txt";

Result<void> check_kube_version(const Metadata& metadata, const KubeVersion& version) {
  if (metadata.kube_version.empty() ||
      is_compatible_range(metadata.kube_version, version.normalized))
    return {};
  return make_error(Code::invalid, "chart requires kubeVersion: " + metadata.kube_version +
                                       " which is incompatible with Kubernetes " + version.version);
}

// Takes the notes out of the files and returns those that are shown.
std::string take_notes(RenderedFiles& files, const Chart& root, bool of_subcharts) {
  const std::string own = root.name() + "/templates/" + std::string(notes_name);
  std::string notes;
  for (auto file = files.begin(); file != files.end();) {
    if (!file->first.ends_with(notes_name)) {
      ++file;
      continue;
    }
    if (of_subcharts || file->first == own) {
      if (!notes.empty()) notes += '\n';
      notes += file->second;
    }
    file = files.erase(file);
  }
  return notes;
}

bool is_name_part(std::string_view part) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (part.empty() || !plain(part.front()) || !plain(part.back())) return false;
  return std::all_of(part.begin(), part.end(), [&](char c) { return plain(c) || c == '-'; });
}

// What comes of the templates, and can fail with a release to show for it.
Result<void> render_resources(const Chart& root, const Table& values, const RenderRequest& request,
                              RenderedChart& out) {
  WEIR_CHECK(check_kube_version(root.metadata, request.capabilities.kube_version));
  RenderedFiles files;
  {
    const tmpl::DatumScope scope;
    const Renderables renderables =
        make_renderables(root, values, request.release, request.capabilities);
    WEIR_TRY(files, render_templates(renderables, request.engine));
  }
  out.notes = take_notes(files, root, request.subchart_notes);
  if (request.post_render) {
    WEIR_TRY(files, request.post_render(std::move(files)));
  }
  auto sorted = sort_manifests(files, request.compat);
  if (!sorted.ok() && request.unsorted)
    for (const auto& [path, text] : files)
      if (!trim_space(text).empty()) append_source(*request.unsorted, path, text);
  if (!sorted.ok()) return std::move(sorted).error();
  out.hooks = std::move(sorted->hooks);
  out.manifests = std::move(sorted->manifests);
  for (std::string& warning : sorted->warnings) out.warnings.push_back(std::move(warning));
  return {};
}

}  // namespace

Result<RenderedChart> render_chart(const ChartSet& charts, const Table& values,
                                   const RenderRequest& request) {
  if (charts.root().metadata.api_version == "v3")
    return make_error(Code::unsupported, "invalid chart apiVersion");
  RenderedChart out;
  WEIR_TRY(out.charts, charts.copy());
  const Chart& root = out.charts.root();
  Coalescer coalescer(request.compat, out.warnings);
  WEIR_CHECK(process_dependencies(out.charts, values, coalescer));
  WEIR_TRY(const TablePtr coalesced, coalescer.coalesce(root, values));
  if (!request.skip_schema_validation)
    WEIR_CHECK(check_schemas(root, *coalesced, {request.schemas, request.engine.clock}));
  const auto rendered = render_resources(root, *coalesced, request, out);
  if (!rendered.ok()) {
    Error error = rendered.error();
    error.reason = render_failed;
    return error;
  }
  return out;
}

std::string manifest_text(const RenderedChart& rendered, bool include_crds) {
  std::string out;
  if (include_crds)
    for (const CrdFile& crd : crd_files(rendered.charts.root()))
      append_source(out, crd.path, *crd.file->data);
  for (const Manifest& manifest : rendered.manifests)
    append_source(out, manifest.path, manifest.content);
  return out;
}

Result<void> check_release_name(std::string_view name) {
  const std::string context =
      "release name check failed: release name " + tmpl::quoted(name) + ": ";
  if (name.empty()) return make_error(Code::invalid, context + "no name provided");
  const auto parts = split(name, '.');
  if (name.size() <= 53 && std::all_of(parts.begin(), parts.end(), is_name_part)) return {};
  return make_error(Code::invalid,
                    context +
                        "invalid release name, must match regex "
                        "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and "
                        "the length must not be longer than 53");
}

}  // namespace weir::helm
