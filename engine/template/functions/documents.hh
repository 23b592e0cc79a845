// Template values to documents and back, for the JSON and YAML functions.
#pragma once

#include <string>

#include "engine/template/functions/support.hh"
#include "engine/value/value.hh"

namespace weir::tmpl {

// Charges each node of a value that is to be written. Throws FunctionError{limit}, for a map that
// holds itself too.
void charge_nodes(CallContext& context, const Datum& datum);

// Charges a text that is to be read, and throws FunctionError{limit} before more nodes are made of
// it than there may be: at most one for each of its `marks`, and one more.
void charge_text(CallContext& context, std::string_view text, std::string_view marks);

// The document of a value. Throws FunctionError with Go's words (json: unsupported ...), `prefix`
// before them; a cap that was hit stays one.
value::Value document_of(CallContext& context, const Datum& datum, std::string_view prefix = {});
// The same; nothing where Go's marshalling fails. Caps are still thrown.
bool try_document_of(CallContext& context, const Datum& datum, value::Value& out);

// What Go's YAML writer is given: the document once it was written as JSON and read as YAML. Each
// next-line character (U+0085) of its texts is then a line break to be folded. False where the
// reader refuses a character that JSON leaves bare: DEL, the other C1 controls, U+FFFE, U+FFFF.
bool pass_through_json(value::Value& document);

// A document decoded into a map[string]interface {}: nil for null. For what is no object `problem`
// says so in Go's words.
Datum map_of(const value::Value& document, std::string& problem);
// The same for a []interface {}.
Datum list_of(const value::Value& document, std::string& problem);

// {"Error": problem}, what Helm's decoders return instead of failing.
Datum error_map(CallContext& context, std::string problem);
// [problem]
Datum error_list(CallContext& context, std::string problem);

}  // namespace weir::tmpl
