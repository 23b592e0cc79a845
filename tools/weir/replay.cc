// weir replay: folds the log again with this build and compares every projection with what is
// stored, byte for byte.
#include <chrono>

#include "engine/reconcile/state.hh"
#include "store/event_log.hh"
#include "store/projections/view.hh"
#include "store/record_format.hh"
#include "store/refold.hh"
#include "tools/weir/args.hh"
#include "tools/weir/host.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

struct Replayed {
  std::uint64_t events = 0;
  std::size_t sources = 0, kustomizations = 0, objects = 0;
  double seconds = 0;
  std::optional<store::ProjectionDifference> difference;
};

Result<Replayed> replay(const std::string& directory) {
  WEIR_TRY(const auto kv, store::open_rocks({.directory = directory + "/log", .read_only = true}));
  const auto begin = std::chrono::steady_clock::now();
  Replayed out;
  WEIR_TRY(const auto row, kv->get(store::Family::meta, store::format::meta_head));
  store::format::Head head;
  if (row) {
    WEIR_TRY(head, store::format::decode_head(*row));
  }
  reconcile::State state;
  WEIR_CHECK(store::for_each_event(*kv, 1, head.seq, [&](const event::Event& event) {
    reconcile::fold(state, event);
    ++out.events;
    return Result<void>();
  }));
  out.sources = state.sources.size();
  out.kustomizations = state.kustomizations.size();
  out.objects = state.live.size();
  WEIR_TRY(const std::uint64_t folded,
           store::format::read_number(*kv, store::format::meta_projections, 0));
  if (folded != store::projections::version) {
    return make_error(Code::unsupported, "the projections are of version " +
                                             std::to_string(folded) +
                                             ", this build folds version " +
                                             std::to_string(store::projections::version) +
                                             ": they are built anew when weir starts on them");
  }
  WEIR_TRY(out.difference, store::compare_projections(*kv));
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return out;
}

}  // namespace

int run_replay(int argc, char** argv) {
  std::string directory;
  Args args("replay",
            "Folds the whole log again with this build, and compares every projection with the "
            "stored one, byte for byte: exit code 1 when one differs. weir may be running.");
  args.option("--data-dir", directory, "The data directory.");
  if (const auto code = args.parse(argc, argv)) return *code;
  const auto done = replay(directory.empty() ? default_data_directory() : directory);
  if (!done.ok()) return failed(done.error().message);
  if (done->difference)
    return failed("the projection row " + done->difference->key_hex + " is " +
                  done->difference->what);
  char rate[64];
  std::snprintf(rate, sizeof rate, "%.1f s, %.0f events/s", done->seconds,
                static_cast<double>(done->events) / std::max(done->seconds, 1e-6));
  say_success(std::to_string(done->events) + " events folded to " + std::to_string(done->sources) +
              " sources, " + std::to_string(done->kustomizations) + " Kustomizations, " +
              std::to_string(done->objects) + " objects; every projection is the same (" + rate +
              ")");
  return 0;
}

}  // namespace weir::cli
