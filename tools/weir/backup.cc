// weir backup and restore: the log and its keys, copied while weir runs.
#include "store/backup.hh"

#include <filesystem>

#include "tools/weir/client.hh"
#include "tools/weir/host.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

// Where no weir runs, the database is opened for it.
Result<void> backup_stopped(const std::string& directory, const std::string& target, bool keys) {
  WEIR_TRY(const auto kv, store::open_rocks({.directory = directory + "/log"}));
  return store::make_backup(*kv, directory, target, keys);
}

}  // namespace

int run_backup(int argc, char** argv) {
  AuditClient client;
  std::string target;
  bool without_keys = false;
  Args args("backup",
            "Copies the event log and its keys to a new directory of the machine that weir runs "
            "on, while it runs. The copy is the log at one instant.");
  args.positional("directory", target, "Where to; must not exist, or be empty.");
  client.add_to(args);
  args.flag("--without-keys", without_keys,
            "Leaves the keys out: manifests of Secrets cannot be read from the copy.");
  if (const auto code = args.parse(argc, argv)) return *code;
  std::error_code error;
  const std::string path = std::filesystem::absolute(target, error).lexically_normal();
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  if (client.is_offline()) {
    const std::string directory = client.directory();
    client.close();
    const auto done = backup_stopped(directory, path, !without_keys);
    if (!done.ok()) return failed(done.error().message);
  } else {
    const auto done = client.post("/weir/v1/backup",
                                  Value::object({{"directory", path}, {"keys", !without_keys}}));
    if (!done.ok()) return failed_request(done.error());
  }
  say_success("backed up to " + path);
  if (!without_keys) say_warning("it holds the keys of the log: keep it as a Secret is kept");
  return 0;
}

int run_restore(int argc, char** argv) {
  std::string directory, source;
  Args args("restore", "Makes a data directory from a backup; 'weir verify' checks it then.");
  args.positional("directory", source, "The backup.");
  args.option("--data-dir", directory, "The data directory; its log must not exist.");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (directory.empty()) directory = default_data_directory();
  const auto done = store::restore_backup(source, directory);
  if (!done.ok()) return failed(done.error().message);
  say_success("restored to " + directory);
  return 0;
}

}  // namespace weir::cli
