// The user's values: files and settings laid over one another in Helm's order. Pure functions; what
// they read comes through FileReader.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.hh"
#include "engine/helm/strvals.hh"
#include "engine/helm/table.hh"

namespace weir::helm {

struct ValueSources {
  std::vector<std::string> files;           // -f
  std::vector<std::string> json_values;     // --set-json
  std::vector<std::string> values;          // --set
  std::vector<std::string> string_values;   // --set-string
  std::vector<std::string> file_values;     // --set-file
  std::vector<std::string> literal_values;  // --set-literal
};

// Files first, each over the one before, then the settings in the order above. Errors: invalid with
// Helm's words, and those of `read_file`.
Result<TablePtr> merge_value_sources(const ValueSources& sources, const FileReader& read_file);

}  // namespace weir::helm
