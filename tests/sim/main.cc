// weir_sim --seed N [--trace] | --seeds COUNT [--from N]: simulated runs; the last line says how
// many held.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/base/log.hh"
#include "tests/sim/simulation.hh"

namespace {

bool run_one(std::uint64_t seed, bool trace) {
  weir::sim::RunFacts facts;
  const auto wrong = weir::sim::run(seed, trace, facts);
  if (wrong) std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), wrong->c_str());
  if (trace)
    std::printf("seed %llu: %llu events, %llu commands, %llu crashes, %llu steps decided again, "
                "%lld virtual seconds\n",
                static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(facts.events),
                static_cast<unsigned long long>(facts.commands),
                static_cast<unsigned long long>(facts.crashes),
                static_cast<unsigned long long>(facts.steps_replayed),
                static_cast<long long>(facts.virtual_seconds));
  return !wrong;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seed = 0, count = 0, from = 1;
  bool trace = false;
  for (int i = 1; i < argc; ++i) {
    const bool more = i + 1 < argc;
    if (std::strcmp(argv[i], "--trace") == 0) {
      trace = true;
    } else if (std::strcmp(argv[i], "--seed") == 0 && more) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--seeds") == 0 && more) {
      count = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--from") == 0 && more) {
      from = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "usage: weir_sim --seed N [--trace] | --seeds COUNT [--from N]\n");
      return 2;
    }
  }
  weir::base::log::configure(weir::base::log::Level::off, false);
  if (seed != 0) return run_one(seed, trace) ? 0 : 1;
  std::uint64_t failed = 0;
  for (std::uint64_t s = from; s < from + count; ++s) failed += run_one(s, trace) ? 0 : 1;
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(count - failed),
              static_cast<unsigned long long>(failed));
  return failed == 0 && count > 0 ? 0 : 1;
}
