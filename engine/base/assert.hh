// Assertions that stay on in release builds: a broken invariant is a bug and must stop the process
// before it writes something wrong. Operating errors (a bad file, a dropped connection) are
// Results, never assertions.
#pragma once

namespace weir::base {

// Prints the failed expression with its place to stderr and aborts. Never returns.
[[noreturn]] void assert_failed(const char* expression, const char* file, int line);

}  // namespace weir::base

#define WEIR_ASSERT(expression)                         \
  (static_cast<bool>(expression) ? static_cast<void>(0) \
                                 : ::weir::base::assert_failed(#expression, __FILE__, __LINE__))
