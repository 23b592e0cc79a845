// weir repair: cuts a damaged log back to what its hashes prove, and says what that loses.
#include "store/repair.hh"
#include "store/rescue.hh"

#include <memory>

#include "tools/weir/args.hh"
#include "tools/weir/host.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

void print_lost(const store::RepairReport& report) {
  Table table{{"seq", "time", "type", "subject"}, {}};
  for (const store::LostEvent& lost : report.lost)
    table.rows.push_back(
        {std::to_string(lost.seq), lost.readable ? base::format_rfc3339(lost.event.time) : "?",
         lost.readable ? std::string(event::type_name(lost.event.type)) : "(not readable)",
         lost.readable ? lost.event.subject.object.subject() : ""});
  if (!table.rows.empty()) print_table(table);
  const std::uint64_t count = report.head_before - report.head;
  if (count > report.lost.size())
    print("... and " + std::to_string(count - report.lost.size()) + " more\n");
}

void print_report(const store::RepairReport& report, bool dry_run) {
  if (!report.cause.empty()) {
    say_failure(report.cause);
    print_lost(report);
    say_warning("events " + std::to_string(report.head + 1) + " to " +
                std::to_string(report.head_before) + (dry_run ? " would be lost" : " are lost"));
  }
  if (report.blobs_lost > 0)
    say_warning(std::to_string(report.blobs_lost) + " contents are damaged or missing");
  if (report.checkpoints_void > 0)
    say_warning(std::to_string(report.checkpoints_void) +
                " signed checkpoints cover lost events: they are void");
  if (report.derived_damaged && report.cause.empty() && report.blobs_lost == 0)
    say_warning("indexes, tree or projections " + std::string(dry_run ? "would be" : "were") +
                " built anew");
}

// The database, after RocksDB's own salvage where it does not open.
Result<std::unique_ptr<store::Kv>> open_database(const std::string& path, bool dry_run) {
  auto kv = store::open_rocks({.directory = path, .read_only = dry_run});
  if (kv.ok() || kv.error().code != Code::corrupt || dry_run) return kv;
  say_warning(kv.error().message);
  say_action("salvaging the files of " + path);
  WEIR_CHECK(store::salvage(path));
  return store::open_rocks({.directory = path});
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

Result<store::RepairReport> run(const std::string& directory, bool dry_run) {
  const auto end = store::check_write_ahead_log(directory + "/log");
  if (!end.ok() && end.error().code == Code::corrupt) say_warning(end.error().message);
  WEIR_TRY(auto kv, open_database(directory + "/log", dry_run));
  WEIR_TRY(const auto unreadable, store::unreadable_families(*kv));
  if (!unreadable.empty()) {
    say_warning("blocks of " + joined(unreadable) + " cannot be read");
    if (dry_run) {
      say_action("what can be read would be copied to a new database first");
    } else {
      kv.reset();
      WEIR_TRY(const std::string kept, store::rescue(directory + "/log"));
      say_action("what can be read was copied; the damaged files are kept in " + kept);
      WEIR_TRY(kv, open_database(directory + "/log", dry_run));
    }
  }
  std::optional<store::SealingKey> key;
  if (auto loaded = store::SealingKey::load(directory + "/sealing.key"); loaded.ok())
    key = std::move(*loaded);
  const store::BlobStore blobs(*kv, std::move(key));
  if (dry_run) return store::plan_repair(*kv, blobs);
  clock::SystemClock clock;
  return store::repair(*kv, blobs, clock, "weir repair");
}

}  // namespace

int run_repair(int argc, char** argv) {
  std::string directory;
  bool dry_run = false;
  Args args("repair",
            "Cuts a damaged log back to the longest prefix that its hashes prove, rebuilds what "
            "derives from it, and says what is lost. weir must not be running.");
  args.option("--data-dir", directory, "The data directory.");
  args.flag("--dry-run", dry_run, "Only says what would be done.");
  if (const auto code = args.parse(argc, argv)) return *code;
  const auto report = run(directory.empty() ? default_data_directory() : directory, dry_run);
  if (!report.ok()) return failed(report.error().message);
  print_report(*report, dry_run);
  const bool whole = report->head == report->head_before && report->blobs_lost == 0 &&
                     report->checkpoints_void == 0 && !report->derived_damaged;
  say_success(whole ? "the log is whole: " + std::to_string(report->head) + " events"
                    : "the log " + std::string(dry_run ? "would hold " : "holds ") +
                          std::to_string(report->head) + " events");
  return 0;
}

}  // namespace weir::cli
