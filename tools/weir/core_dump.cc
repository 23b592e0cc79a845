#include "tools/weir/core_dump.hh"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace weir::cli {

// A core_pattern that pipes into a program ignores the limit; the other setting stops that too.
void forbid_core_dumps() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace weir::cli
