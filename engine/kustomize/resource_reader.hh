// YAML text to the objects it holds: documents, with lists taken apart and every object checked to
// have a kind and a name.
//
// Parsed files are remembered by their FileBytes while those live, so that a file is parsed once
// however often and by however many builds it is used. Safe from any thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/base/file_tree.hh"
#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

using Objects = std::shared_ptr<const std::vector<Value>>;

// Error: invalid. Texts: "MalformedYAMLError: yaml: line 3: ...", "missing metadata.name in object
// ...".
// `path`, when given, goes into the error of a text that is no YAML, with line and column.
Result<std::vector<Value>> read_objects(std::string_view text, std::string_view path = {});
// The same, remembered.
Result<Objects> read_object_file(const base::FileBytes& bytes, std::string_view path);

bool is_malformed_yaml(const base::Error& error);

}  // namespace weir::kustomize
