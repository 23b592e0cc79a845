// No memory of this process reaches a core file: it may hold tokens and the values of Secrets.
#pragma once

namespace weir::cli {

// First thing in main; for this process and what it starts.
void forbid_core_dumps();

}  // namespace weir::cli
