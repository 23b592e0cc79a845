// How the memory of short runs is kept.
#pragma once

namespace weir::cli {

// For verbs that do one thing and end: memory that was freed is kept for what comes next. Giving it
// back and asking for it again is a tenth of the kernel's part of rendering a chart.
void keep_freed_memory();

}  // namespace weir::cli
