#include "engine/template/functions/functions.hh"

#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

void add_helm_functions(FunctionMap& map) {
  static constexpr std::span<const Function> (*tables[])() = {
      string_functions,    word_functions,      encoding_functions,  number_functions,
      list_functions,      map_functions,       default_functions,   regex_functions,
      date_functions,      path_functions,      url_functions,       version_functions,
      json_functions,      random_functions,    cipher_functions,    certificate_functions,
      helm_yaml_functions, helm_toml_functions, helm_flow_functions,
  };
  for (const auto table : tables) map.add(table());
}

}  // namespace weir::tmpl
