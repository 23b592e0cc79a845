// Documents read as sigs.k8s.io/yaml reads them into Go structs: the first document of the text,
// field names matched without regard to case, scalars turned into strings where a string is asked
// for, and the error texts of encoding/json. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::helm {

// The first document of a text; null when it is empty. Errors: invalid ("error converting YAML to
// JSON: yaml: line 3: ..."), limit.
Result<Value> read_go_yaml(std::string_view text);

// What a scalar becomes where Go asks for a string; nothing for lists and maps.
std::optional<std::string> go_string(const Value& scalar);

// A field of the wrong type: "json: cannot unmarshal array into Go struct field ...".
struct DecodeFault {
  std::string path;
  std::string text;
};

// One struct of Go while it is read from an object. The first field of a wrong type is the fault,
// as in encoding/json; the others are read all the same. Every read leaves its target alone when
// the field is absent or null.
class StructReader {
 public:
  // `type` as Go names it ("Metadata"), `path` of the fields that led here ("dependencies").
  // A `source` that is neither object nor null is itself of the wrong type.
  StructReader(const Value& source, std::string type, std::string path,
               std::optional<DecodeFault>& fault);

  void read(std::string_view field, std::string& out);
  void read(std::string_view field, bool& out);
  void read(std::string_view field, std::vector<std::string>& out);
  void read_string_map(std::string_view field, Value& out);  // map[string]string
  // The field's value; nullptr when it is absent or null.
  const Value* find(std::string_view field) const;
  // The field as a list; nullptr when absent, null, or (an error) something else.
  const Value* list(std::string_view field, std::string_view element_type);
  // "cannot unmarshal <what> into Go struct field ...".
  void mismatch(std::string_view field, const Value& found, std::string_view type);
  std::string path_of(std::string_view field) const;

 private:
  const Value& source_;
  std::string type_;
  std::string path_;
  std::optional<DecodeFault>& fault_;
};

// A fault as sigs.k8s.io/yaml words it.
Error decode_error(std::string_view what);

}  // namespace weir::helm
