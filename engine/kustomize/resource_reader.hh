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

// The objects of a text.
struct ObjectList : std::vector<Value> {
  std::uint32_t unread_line = 0;  // where text begins that was not read (YamlDocument)
};

using Objects = std::shared_ptr<const ObjectList>;

// Error: invalid. Texts: "MalformedYAMLError: yaml: line 3: ...", "missing metadata.name in object
// ...", "invalid document separator: --- x".
// `path`, when given, goes into the error of a text that is no YAML, with line and column.
Result<ObjectList> read_objects(std::string_view text, std::string_view path = {});
// The same, remembered.
Result<Objects> read_object_file(const base::FileBytes& bytes, std::string_view path);

// The error of a `text` that is no YAML and no resource file: "line 3, column 5: what: hint" ->
// "<words>line 2: what (line 3, column 5: hint)". The line and the words in front are go-yaml's,
// which are not always those of our reader; its place and help stand behind them.
base::Error malformed_yaml(base::Error error, std::string_view words, std::string_view text);
// The reason of an error about a key that is there twice: the reference finds it at the end of a
// build, so the text stands for itself.
inline constexpr std::string_view duplicate_key_reason = "DuplicateKey";
inline constexpr std::string_view duplicate_key_words =
    "map[string]interface {}(nil): yaml: unmarshal errors:\n  ";
bool is_malformed_yaml(const base::Error& error);

}  // namespace weir::kustomize
