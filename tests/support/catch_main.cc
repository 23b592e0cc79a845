#define CATCH_CONFIG_RUNNER
#include <sys/resource.h>

#include <catch2/catch.hpp>

namespace {

// Frames are several times as big under a sanitizer, so that what nests to our own limits needs a
// bigger stack there. The main thread's grows up to the limit at hand.
void widen_stack() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  rlimit limit{};
  getrlimit(RLIMIT_STACK, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 64u << 20);
  setrlimit(RLIMIT_STACK, &limit);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  widen_stack();
  return Catch::Session().run(argc, argv);
}
