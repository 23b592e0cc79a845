// The comparisons of templates (eq, lt and their kin): Go's rules across kinds. Failures are thrown
// as FunctionError with Go's text.
#pragma once

#include "engine/template/datum.hh"

namespace weir::tmpl {

bool compare_equal(const Datum& a, const Datum& b);
// For integers, floats and strings; integers of any sign compare by value.
bool compare_less(const Datum& a, const Datum& b);

}  // namespace weir::tmpl
