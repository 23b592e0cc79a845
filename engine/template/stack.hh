// How much of the thread's stack a parse or a render may use. The outermost scope of a thread marks
// where counting begins; everything called inside it counts, so recursion through functions ends in
// an error instead of a crash.
#pragma once

#include <cstddef>

#include "engine/base/limits.hh"

namespace weir::tmpl {

class StackScope {
 public:
  StackScope() : outermost_(base == nullptr) {
    if (outermost_) base = here();
  }
  ~StackScope() {
    if (outermost_) base = nullptr;
  }
  StackScope(const StackScope&) = delete;
  StackScope& operator=(const StackScope&) = delete;

  // Whether less than the cap is left; inside a scope only.
  static bool exhausted() {
    const char* const now = here();
    const std::ptrdiff_t used = now < base ? base - now : now - base;
    return used > frame_factor * std::ptrdiff_t{base::limits::template_stack_bytes_max};
  }

 private:
// A sanitizer's frames are several times as big; the same templates are to fit.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr std::ptrdiff_t frame_factor = 8;
#else
  static constexpr std::ptrdiff_t frame_factor = 1;
#endif
  static const char* here() { return static_cast<const char*>(__builtin_frame_address(0)); }
  static inline thread_local const char* base = nullptr;
  const bool outermost_;
};

}  // namespace weir::tmpl
