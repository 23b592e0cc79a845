// Rendered templates cut into documents, hooks told from the rest, both in the order in which Helm
// installs them. Pure functions.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/helm/coalesce.hh"
#include "engine/value/value.hh"

namespace weir::helm {

// Rendered text by template: "chart/templates/web.yaml".
using RenderedFiles = std::map<std::string, std::string, std::less<>>;

struct Manifest {
  std::string path;     // of its template
  std::string content;  // as rendered
  std::string kind;
  std::string api_version;
  Value document;  // parsed
};

struct Hook {
  std::string path;
  std::string content;
  std::string name;
  std::string kind;
  std::vector<std::string> events;  // "pre-install", ...
  int weight = 0;
  std::vector<std::string> delete_policies;
  std::vector<std::string> output_log_policies;
  Value document;

  bool is_test() const;
};

struct SortedManifests {
  std::vector<Hook> hooks;
  std::vector<Manifest> manifests;
  std::vector<std::string> warnings;
};

enum class KindOrder : unsigned char { install, uninstall };

// The documents of a text, cut at its "---" lines, in order; blank ones are left out.
std::vector<std::string> split_manifests(std::string_view text, Compat compat);

// Partials and blank files are left out, documents of unknown hooks too. Error: invalid ("YAML
// parse error on <path>: ...").
Result<SortedManifests> sort_manifests(const RenderedFiles& files, Compat compat,
                                       KindOrder order = KindOrder::install);

// Whether kind `a` comes before kind `b`; unknown kinds come last, by name.
bool kind_before(std::string_view a, std::string_view b, KindOrder order);

// "---\n# Source: <path>\n<content>\n".
void append_source(std::string& out, std::string_view path, std::string_view content);

}  // namespace weir::helm
