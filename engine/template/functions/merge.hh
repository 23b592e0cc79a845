// Merging maps in place and copying values deeply, as the Go libraries behind sprig do.
#pragma once

#include "engine/template/function.hh"

namespace weir::tmpl {

// Merges `source` into `target`, which must not be a nil map, and maps within into those of
// `target`. Without `overwrite` only what is missing or empty in `target` is set; with it
// everything is, even by empty values. Lists replace one another whole. Throws FunctionError when
// a map meets a pointer, and when maps nest too deeply (a cycle).
void merge_maps(const Datum& target, const Datum& source, bool overwrite);

// New maps and lists all the way down; objects are shared, for they cannot be changed.
Datum deep_copy(CallContext& context, const Datum& value);

}  // namespace weir::tmpl
