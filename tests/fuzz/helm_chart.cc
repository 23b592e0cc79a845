// Files of a chart, one behind the other: a line "== path", then its text. The chart is loaded and
// rendered; both must return, and a second render must give the same as the first. Text without
// such a line is taken for a packaged chart.
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/assert.hh"
#include "engine/base/file_tree.hh"
#include "engine/helm/load.hh"
#include "engine/helm/render.hh"
#include "engine/template/function.hh"

using namespace weir;

namespace {

Result<std::string> render(const helm::LoadedChart& loaded) {
  helm::RenderRequest request;
  request.release = {"rel", "default"};
  request.capabilities = helm::Capabilities::defaults(request.compat);
  tmpl::Budget budget;
  budget.steps_left = 20'000;
  budget.bytes_left = 1u << 20;
  request.engine.budget = &budget;
  WEIR_TRY(const helm::RenderedChart rendered,
           helm::render_chart(loaded.charts, helm::Table(), request));
  return helm::manifest_text(rendered, true) + rendered.notes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!text.starts_with("== ")) {
    const auto loaded = helm::load_chart_archive(text, "c.tgz");
    if (loaded.ok()) (void)render(*loaded);
    return 0;
  }
  base::MemoryFileTree tree;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view name = text.substr(at + 3, end - at - 3);
    std::size_t next = text.find("\n== ", end);
    next = next == text.npos ? text.size() : next + 1;
    const auto path = base::clean_path(name);
    if (path && !path->empty() && !path->starts_with('/') && end < text.size())
      tree.add(*path, std::string(text.substr(end + 1, next - end - 1)));
    at = next;
  }
  const auto loaded = helm::load_chart_directory(tree, "");
  if (!loaded.ok()) return 0;
  const auto first = render(*loaded);
  const auto second = render(*loaded);
  WEIR_ASSERT(first.ok() == second.ok());
  if (first.ok()) WEIR_ASSERT(*first == *second);
  return 0;
}
