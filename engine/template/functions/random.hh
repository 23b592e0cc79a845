// Random numbers and texts out of a CallContext's source. The same source gives the same results.
// Throws FunctionError when there is no source.
#pragma once

#include <cstdint>
#include <string>

#include "engine/template/function.hh"

namespace weir::tmpl {

std::string random_bytes(CallContext& context, std::size_t count);
// From 0 up to, without, `bound`, which is not 0 (asserted); each as likely as the others.
std::uint64_t random_below(CallContext& context, std::uint64_t bound);

}  // namespace weir::tmpl
