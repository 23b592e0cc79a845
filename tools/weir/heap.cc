#include "tools/weir/heap.hh"

#include <malloc.h>

namespace weir::cli {

void keep_freed_memory() {
  ::mallopt(M_TOP_PAD, 1 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
}

}  // namespace weir::cli
