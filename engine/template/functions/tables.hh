// The tables of functions that functions.cc lays together, one a source file. Static storage.
#pragma once

#include <span>

#include "engine/template/function.hh"

namespace weir::tmpl {

std::span<const Function> string_functions();       // strings.cc
std::span<const Function> word_functions();         // words.cc
std::span<const Function> encoding_functions();     // encodings.cc
std::span<const Function> number_functions();       // numbers.cc
std::span<const Function> list_functions();         // lists.cc
std::span<const Function> map_functions();          // maps.cc
std::span<const Function> default_functions();      // defaults.cc
std::span<const Function> regex_functions();        // regexes.cc
std::span<const Function> date_functions();         // dates.cc
std::span<const Function> path_functions();         // paths.cc
std::span<const Function> url_functions();          // urls.cc
std::span<const Function> version_functions();      // versions.cc
std::span<const Function> json_functions();         // json.cc
std::span<const Function> helm_yaml_functions();    // yaml.cc
std::span<const Function> helm_toml_functions();    // toml.cc
std::span<const Function> random_functions();       // random.cc
std::span<const Function> cipher_functions();       // ciphers.cc
std::span<const Function> certificate_functions();  // certificates.cc
std::span<const Function> helm_flow_functions();    // flow.cc

}  // namespace weir::tmpl
