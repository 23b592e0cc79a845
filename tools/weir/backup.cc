// weir backup and restore: the log and its keys, copied while weir runs.
#include "store/backup.hh"

#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "tools/weir/bucket_backup.hh"
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

Result<void> backup_to(AuditClient& client, const std::string& path, bool keys) {
  WEIR_CHECK(client.open());
  if (client.is_offline()) {
    const std::string directory = client.directory();
    client.close();
    return backup_stopped(directory, path, keys);
  }
  const auto done =
      client.post("/weir/v1/backup", Value::object({{"directory", path}, {"keys", keys}}));
  return done.ok() ? Result<void>() : Result<void>(done.error());
}

// A directory of its own that is gone in the end. For a bucket: the copy stands on this machine
// first, where weir runs.
class Scratch {
 public:
  Scratch() : path_(std::filesystem::temp_directory_path() / ("weir-backup-" + unique())) {}
  ~Scratch() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string path() const { return path_.string(); }

 private:
  static std::string unique() {
    return std::to_string(::getpid()) + "-" +
           std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
  }
  std::filesystem::path path_;
};

Result<void> backup(AuditClient& client, const std::string& target, bool keys,
                    const BucketFlags& bucket) {
  if (!is_bucket_url(target)) return backup_to(client, target, keys);
  const Scratch scratch;
  WEIR_CHECK(backup_to(client, scratch.path(), keys));
  return upload_backup(scratch.path(), target, bucket);
}

Result<void> restore(const std::string& source, const std::string& directory,
                     const BucketFlags& bucket) {
  if (!is_bucket_url(source)) return store::restore_backup(source, directory);
  const Scratch scratch;
  WEIR_CHECK(download_backup(source, scratch.path(), bucket));
  return store::restore_backup(scratch.path(), directory);
}

}  // namespace

int run_backup(int argc, char** argv) {
  AuditClient client;
  BucketFlags bucket;
  std::string target;
  bool without_keys = false;
  Args args("backup",
            "Copies the event log and its keys to a new directory of the machine that weir runs "
            "on, or to an S3 bucket, while it runs. The copy is the log at one instant.");
  args.positional("target", target,
                  "Where to: a directory that does not exist or is empty, or s3://BUCKET/PREFIX.");
  client.add_to(args);
  args.flag("--without-keys", without_keys,
            "Leaves the keys out: manifests of Secrets cannot be read from the copy.");
  bucket.add_to(args);
  if (const auto code = args.parse(argc, argv)) return *code;
  std::error_code error;
  std::string path = target;
  if (!is_bucket_url(target)) path = std::filesystem::absolute(target, error).lexically_normal();
  const auto done = backup(client, path, !without_keys, bucket);
  if (!done.ok()) return failed_request(done.error());
  say_success("backed up to " + path);
  if (!without_keys) say_warning("it holds the keys of the log: keep it as a Secret is kept");
  return 0;
}

int run_restore(int argc, char** argv) {
  BucketFlags bucket;
  std::string directory, source;
  Args args("restore", "Makes a data directory from a backup; 'weir verify' checks it then.");
  args.positional("source", source, "The backup: a directory, or s3://BUCKET/PREFIX.");
  args.option("--data-dir", directory, "The data directory; its log must not exist.");
  bucket.add_to(args);
  if (const auto code = args.parse(argc, argv)) return *code;
  if (directory.empty()) directory = default_data_directory();
  const auto done = restore(source, directory, bucket);
  if (!done.ok()) return failed(done.error().message);
  say_success("restored to " + directory);
  return 0;
}

}  // namespace weir::cli
