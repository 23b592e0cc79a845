// weir replay: folds the log again with this build and compares every projection with what is
// stored, byte for byte; with --decisions: decides again what was decided, and lists what differs.
#include "engine/reconcile/replay.hh"

#include <chrono>

#include "engine/reconcile/durable_state.hh"
#include "store/event_log.hh"
#include "store/log_port.hh"
#include "store/projections/view.hh"
#include "store/record_format.hh"
#include "store/refold.hh"
#include "tools/weir/args.hh"
#include "tools/weir/host.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

// The log of a data directory, to be read; weir may be running on it.
struct ReadLog {
  clock::SystemClock clock;
  std::unique_ptr<store::Kv> kv;
  std::unique_ptr<store::EventLog> log;
  std::unique_ptr<store::BlobStore> blobs;
  std::unique_ptr<store::EngineLog> port;
};

Result<std::unique_ptr<ReadLog>> open_to_read(const std::string& directory) {
  auto out = std::make_unique<ReadLog>();
  WEIR_TRY(out->kv, store::open_rocks({.directory = directory + "/log", .read_only = true}));
  WEIR_TRY(const std::uint64_t folded,
           store::format::read_number(*out->kv, store::format::meta_projections, 0));
  if (folded != store::projections::version) {
    return make_error(Code::unsupported, "the projections are of version " +
                                             std::to_string(folded) +
                                             ", this build folds version " +
                                             std::to_string(store::projections::version) +
                                             ": they are built anew when weir starts on them");
  }
  WEIR_TRY(out->log, store::EventLog::open(*out->kv, out->clock));
  std::optional<store::SealingKey> key;
  if (auto loaded = store::SealingKey::load(directory + "/sealing.key"); loaded.ok())
    key = std::move(*loaded);
  out->blobs = std::make_unique<store::BlobStore>(*out->kv, std::move(key));
  out->port = std::make_unique<store::EngineLog>(*out->log, *out->blobs);
  return out;
}

struct Replayed {
  std::uint64_t events = 0;
  std::size_t sources = 0, kustomizations = 0, objects = 0;
  std::optional<store::ProjectionDifference> difference;
};

Result<Replayed> replay(const ReadLog& read) {
  Replayed out;
  const std::uint64_t head = read.log->head().seq;
  reconcile::State state;
  reconcile::Delivery delivery;
  WEIR_CHECK(store::for_each_event(*read.kv, 1, head, [&](const event::Event& event) {
    reconcile::fold(state, event);
    delivery.fold(event, event.time);
    ++out.events;
    return Result<void>();
  }));
  out.sources = state.sources.size();
  out.kustomizations = state.kustomizations.size();
  out.objects = state.live.size();
  reconcile::State kept;
  reconcile::Delivery kept_delivery;
  WEIR_CHECK(reconcile::fold_log(*read.port, head, kept, kept_delivery));
  if (reconcile::encode_durable(kept, kept_delivery) !=
      reconcile::encode_durable(state, delivery)) {
    return make_error(Code::corrupt,
                      "the engine's snapshot is not what the events up to it give");
  }
  WEIR_TRY(out.difference, store::compare_projections(*read.kv));
  return out;
}

std::string rate(std::uint64_t count, const char* what, double seconds) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f s, %.0f %s/s", seconds,
                static_cast<double>(count) / std::max(seconds, 1e-6), what);
  return text;
}

int print_replay(const Replayed& done, double seconds) {
  if (done.difference)
    return failed("the projection row " + done.difference->key_hex + " is " +
                  done.difference->what);
  say_success(std::to_string(done.events) + " events folded to " + std::to_string(done.sources) +
              " sources, " + std::to_string(done.kustomizations) + " Kustomizations, " +
              std::to_string(done.objects) + " objects; every projection is the same (" +
              rate(done.events, "events", seconds) + ")");
  return 0;
}

void print_difference(const reconcile::DecisionDifference& difference) {
  std::string text = "after event " + std::to_string(difference.seq) + " (" +
                     base::format_rfc3339(difference.time) + "), on " + difference.told +
                     (difference.follows ? ", after an earlier difference" : "") + ":\n";
  for (const std::string& line : difference.then) text += "  - " + line + "\n";
  for (const std::string& line : difference.now) text += "  + " + line + "\n";
  print(text);
}

int print_decisions(const reconcile::DecisionReport& report, double seconds) {
  if (report.steps == 0)
    return failed("nothing is recorded: see --replay-size of 'weir up' and 'weir run'");
  if (report.ended > 0)
    say_warning(std::to_string(report.ended) +
                " runs of the engine are recorded up to --replay-size only");
  const std::string what = std::to_string(report.steps) + " steps of " +
                           std::to_string(report.runs) + " runs, events " +
                           std::to_string(report.first_seq) + " to " +
                           std::to_string(report.last_seq) + ", " +
                           std::to_string(report.commands) + " commands (" +
                           rate(report.steps, "steps", seconds) + ")";
  if (report.differences > 0)
    return failed(std::to_string(report.differences) + " decisions differ: " + what);
  say_success("every decision is the same: " + what);
  return 0;
}

}  // namespace

int run_replay(int argc, char** argv) {
  std::string directory;
  bool decisions = false;
  int prune_hold = -1;
  Args args("replay",
            "Folds the whole log again with this build, and compares every projection with the "
            "stored one, byte for byte: exit code 1 when one differs. weir may be running.");
  args.option("--data-dir", directory, "The data directory.");
  args.flag("--decisions", decisions,
            "Decides again what was decided: runs this build's steps over what the engine was "
            "told, and lists each fact and command that differs.");
  args.option("--prune-hold", prune_hold,
              "With --decisions: as if this had been set then (see 'weir up').");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (prune_hold > 100) return failed("--prune-hold: a percentage is at most 100", 2);
  const auto read = open_to_read(directory.empty() ? default_data_directory() : directory);
  if (!read.ok()) return failed(read.error().message);
  const auto begin = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  if (!decisions) {
    const auto done = replay(**read);
    return done.ok() ? print_replay(*done, seconds()) : failed(done.error().message);
  }
  const auto adjust = [&](reconcile::EngineOptions& options) {
    if (prune_hold >= 0) options.prune_hold_percent = prune_hold;
  };
  const auto done = reconcile::replay_decisions(*(*read)->port, adjust, print_difference);
  return done.ok() ? print_decisions(*done, seconds()) : failed(done.error().message);
}

}  // namespace weir::cli
