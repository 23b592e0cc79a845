// What `weir template` shows of a rendered chart: all of it, what --show-only names, or files below
// --output-dir.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/helm/render.hh"

namespace weir::cli {

struct TemplateOutput {
  std::string directory;     // --output-dir; "": standard output
  std::string release_name;  // a folder of this name below it, for all but CRDs; "": none
  bool include_crds = false, no_hooks = false, skip_tests = false;
  std::vector<std::string> show_only;
  helm::Compat compat = helm::Compat::helm_4_2;
};

// Writes the files, and a line "wrote FILE" for each; gives the text for standard output. Errors:
// not_found ("could not find template x in chart"), invalid, io.
Result<std::string> show_chart(const helm::RenderedChart& rendered, const TemplateOutput& output);

// Of the manifests in `text` those of --show-only; all of it when nothing is named. Error:
// not_found.
Result<std::string> shown_of(std::string text, const TemplateOutput& output);

}  // namespace weir::cli
