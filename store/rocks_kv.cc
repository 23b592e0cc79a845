#include <fcntl.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "store/kv.hh"
#include "store/rocks_files.hh"

namespace weir::store {
namespace {

// Each family's name on disk, in the order of the enumeration. "meta" is RocksDB's default family.
constexpr std::array<const char*, family_count> family_names{
    "default",     "events",    "index", "blobs", "projections",
    "snapshots", "tiles", "kube",  "inputs"};

rocksdb::Slice to_slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view to_view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

Error to_error(const rocksdb::Status& status, std::string_view what, const std::string& directory) {
  const Code code = status.IsCorruption() ? Code::corrupt : Code::io;
  std::string text = std::string(what) + " " + directory + ": " + status.ToString();
  if (status.IsCorruption()) text += "; stop weir and run 'weir repair'";
  return make_error(code, std::move(text));
}

class RocksCursor final : public Cursor {
 public:
  RocksCursor(std::unique_ptr<rocksdb::Iterator> iterator, const std::string& directory)
      : iterator_(std::move(iterator)), directory_(directory) {}

  void seek(std::string_view key) override { iterator_->Seek(to_slice(key)); }
  void seek_for_previous(std::string_view key) override { iterator_->SeekForPrev(to_slice(key)); }
  void seek_last() override { iterator_->SeekToLast(); }
  bool valid() const override { return iterator_->Valid(); }
  void next() override { iterator_->Next(); }
  void previous() override { iterator_->Prev(); }
  std::string_view key() const override { return to_view(iterator_->key()); }
  std::string_view value() const override { return to_view(iterator_->value()); }
  Result<void> status() const override {
    if (iterator_->status().ok()) return {};
    return to_error(iterator_->status(), "read", directory_);
  }

 private:
  std::unique_ptr<rocksdb::Iterator> iterator_;
  const std::string& directory_;
};

// Going on after an error is the next write's business (RocksKv::recover), at once and in its
// thread; RocksDB's own attempt would come up to five seconds after there is room again.
class Listener final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& job) override {
    ++compactions_;
    compacted_bytes_ += job.stats.total_input_bytes;
  }
  void OnStallConditionsChanged(const rocksdb::WriteStallInfo& info) override {
    if (info.condition.cur != rocksdb::WriteStallCondition::kNormal) ++write_stalls_;
  }
  KvActivity activity() const { return {compactions_, compacted_bytes_, write_stalls_}; }

 private:
  std::atomic<std::uint64_t> compactions_ = 0, compacted_bytes_ = 0, write_stalls_ = 0;
};

class RocksKv final : public Kv {
 public:
  RocksKv(std::string directory, std::string unread, std::unique_ptr<rocksdb::DB> db,
          std::vector<rocksdb::ColumnFamilyHandle*> families, std::shared_ptr<Listener> listener)
      : directory_(std::move(directory)),
        unread_(std::move(unread)),
        listener_(std::move(listener)),
        db_(std::move(db)),
        families_(std::move(families)) {}

  ~RocksKv() override {
    if (!recover().ok()) {
      // Closing would flush, and RocksDB aborts when it flushes a file that failed. Left as a crash
      // leaves it.
      static_cast<void>(db_.release());
      return;
    }
    for (rocksdb::ColumnFamilyHandle* family : families_) {
      db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    }
    db_->Close().PermitUncheckedError();
  }

  Result<std::optional<std::string>> get(Family family, std::string_view key) const override {
    std::string value;
    const rocksdb::Status status =
        db_->Get(rocksdb::ReadOptions(), handle(family), to_slice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return to_error(status, "read", directory_);
    return std::optional<std::string>(std::move(value));
  }

  Result<void> write(const WriteBatch& batch, bool synced) override {
    // Of each row a tag, the family and two lengths beside its bytes.
    rocksdb::WriteBatch rows(16 + batch.bytes() + batch.size() * 10);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const WriteBatch::Operation row = batch[i];
      const rocksdb::Status added =
          row.remove ? rows.Delete(handle(row.family), to_slice(row.key))
                     : rows.Put(handle(row.family), to_slice(row.key), to_slice(row.value));
      if (!added.ok()) return to_error(added, "write to", directory_);
    }
    rocksdb::WriteOptions options;
    options.sync = synced;
    std::lock_guard lock(write_mutex_);
    WEIR_CHECK(recover());
    return noted(db_->Write(options, &rows), "write to");
  }

  std::unique_ptr<Cursor> cursor(Family family) const override {
    return std::make_unique<RocksCursor>(std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(
                                             rocksdb::ReadOptions(), handle(family))),
                                         directory_);
  }

  std::uint64_t bytes() const override {
    std::uint64_t sum = 0;
    for (const auto& [name, part] : family_bytes()) sum += part;
    return sum;
  }

  std::vector<std::pair<std::string, std::uint64_t>> family_bytes() const override {
    std::vector<std::pair<std::string, std::uint64_t>> out;
    for (rocksdb::ColumnFamilyHandle* family : families_) {
      std::uint64_t sum = 0;
      for (const auto& property : {rocksdb::DB::Properties::kLiveSstFilesSize,
                                   rocksdb::DB::Properties::kCurSizeActiveMemTable}) {
        std::uint64_t part = 0;
        if (db_->GetIntProperty(family, property, &part)) sum += part;
      }
      out.emplace_back(family->GetName(), sum);
    }
    return out;
  }

  KvActivity activity() const override {
    using Properties = rocksdb::DB::Properties;
    KvActivity out = listener_->activity();
    db_->GetAggregatedIntProperty(Properties::kCurSizeAllMemTables, &out.buffer_bytes);
    db_->GetAggregatedIntProperty(Properties::kEstimateTableReadersMem, &out.table_bytes);
    db_->GetIntProperty(Properties::kBlockCacheUsage, &out.cache_bytes);  // one for all families
    return out;
  }
  std::string unread() const override { return unread_; }

  Result<void> backup(const std::string& directory) override {
    rocksdb::Checkpoint* raw = nullptr;
    const rocksdb::Status made = rocksdb::Checkpoint::Create(db_.get(), &raw);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
    if (!made.ok()) return to_error(made, "copy", directory_);
    const rocksdb::Status done = checkpoint->CreateCheckpoint(directory);
    if (!done.ok()) return to_error(done, "copy to", directory);
    return {};
  }

  Result<void> sync() override {
    std::lock_guard lock(write_mutex_);
    WEIR_CHECK(recover());
    return noted(db_->FlushWAL(true), "sync");
  }

 private:
  rocksdb::ColumnFamilyHandle* handle(Family family) const {
    return families_[static_cast<std::size_t>(family)];
  }

  // After a failed write RocksDB refuses all further ones until it is told to go on: it then
  // flushes what it has and starts a new write-ahead log, so that the torn tail of the old one is
  // never replayed.
  Result<void> recover() {
    if (!failed_) return {};
    const rocksdb::Status status = db_->Resume();
    if (!status.ok()) return to_error(status, "write to", directory_);
    failed_ = false;
    return {};
  }

  Result<void> noted(const rocksdb::Status& status, std::string_view what) {
    if (status.ok()) return {};
    failed_ = true;
    return to_error(status, what, directory_);
  }

  const std::string directory_;
  const std::string unread_;
  const std::shared_ptr<Listener> listener_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
  std::mutex write_mutex_;  // guards failed_
  bool failed_ = false;
};

// RocksDB's own log file is a trap: once a write of it has failed, as on a full disk, the next one
// aborts the process (an assertion in Debian's build). What matters is in the statuses, but for one
// thing: a start that cannot read the write-ahead log to its end says so here and nowhere else.
class InfoLog final : public rocksdb::Logger {
 public:
  InfoLog() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}
  void Logv(const char* format, va_list values) override {
    char line[1024];
    std::vsnprintf(line, sizeof line, format, values);
    std::string_view text = line;  // PATH/NNNNNN.log: dropping N bytes; Corruption: ...
    const std::size_t told = text.find(": dropping ");
    if (told == text.npos) return;
    text.remove_prefix(text.rfind('/', told) + 1);
    const std::lock_guard lock(mutex_);
    if (dropped_.size() >= 2 * sizeof line) return;
    dropped_.append(dropped_.empty() ? "" : "; ").append(text);
  }
  // The file's name, bytes and reason of each such place so far.
  std::string dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  mutable std::mutex mutex_;
  std::string dropped_;
};

rocksdb::DBOptions database_options(const RocksOptions& options,
                                    const std::shared_ptr<Listener>& listener = nullptr) {
  rocksdb::DBOptions db;
  db.env = options.environment != nullptr ? options.environment : retryable_environment();
  db.create_if_missing = !options.read_only;
  db.create_missing_column_families = !options.read_only;
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.max_background_jobs = 2;
  db.max_open_files = 512;
  db.info_log = std::make_shared<InfoLog>();
  // One log for all families. A start after a crash plays it again, at some 40 MB a second.
  db.max_total_wal_size = 24u << 20;
  db.bytes_per_sync = 1u << 20;
  db.stats_dump_period_sec = 0;
  db.max_bgerror_resume_count = 0;
  if (listener != nullptr) db.listeners.push_back(listener);
  return db;
}

rocksdb::ColumnFamilyOptions family_options(Family family,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 16u << 20;
  // An append never waits for a flush or a compaction: there is room for more than may pile up.
  options.max_write_buffer_number = 4;
  options.level0_slowdown_writes_trigger = 60;
  options.level0_stop_writes_trigger = 80;
  options.level_compaction_dynamic_level_bytes = true;
  options.compression = rocksdb::kZSTD;
  options.bottommost_compression = rocksdb::kZSTD;
  if (family == Family::kube) options.compression = rocksdb::kLZ4Compression;  // read all the time
  // Their bytes are compressed or encrypted already. Of tiles the keys shrink, if not the hashes.
  if (family == Family::blobs || family == Family::snapshots) {
    options.compression = rocksdb::kNoCompression;
    options.bottommost_compression = rocksdb::kNoCompression;
  }
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 8u << 10;
  if (family == Family::events || family == Family::index || family == Family::projections) {
    // Records and keys are alike: what all blocks share is said once a file, where most of it ends.
    table.block_size = family == Family::events ? 32u << 10 : 16u << 10;
    options.bottommost_compression_opts.enabled = true;
    options.bottommost_compression_opts.level = 9;
    options.bottommost_compression_opts.max_dict_bytes = 32u << 10;
    options.bottommost_compression_opts.zstd_max_train_bytes = 1u << 20;
    // What is kept in memory, uncompressed, until the samples are taken: else a whole file.
    options.bottommost_compression_opts.max_dict_buffer_bytes = 4u << 20;
  }
  // A whole key each 64 rows only; and written once, read through seldom, neighbours are alike.
  if (family == Family::tiles) table.block_restart_interval = 64;
  if (family == Family::inputs) table.block_size = 64u << 10;
  // All others are read in runs and by keys that are there: a filter would be megabytes a file,
  // read whole where a block would do.
  if (family == Family::blobs || family == Family::kube)
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

// RocksDB opens a database with all of its families or not at all. One that this build does not
// know was made by a newer weir; one that is missing is made, where writing is allowed.
Result<void> check_families(const RocksOptions& options) {
  std::vector<std::string> stored;
  const rocksdb::Status listed =
      rocksdb::DB::ListColumnFamilies(database_options(options), options.directory, &stored);
  if (!listed.ok()) return {};  // there is none yet, or opening says what is wrong
  for (const std::string& name : stored)
    if (std::find(family_names.begin(), family_names.end(), name) == family_names.end())
      return make_error(Code::unsupported,
                        "open " + options.directory + ": the database has a part \"" + name +
                            "\" that this build of weir does not know: it was written by a newer "
                            "weir, and a downgrade is not possible");
  if (options.read_only && stored.size() < family_count)
    return make_error(Code::unsupported, "open " + options.directory +
                                             ": the database was written by an older weir; it is "
                                             "brought forward when weir starts on it");
  return {};
}

Result<void> make_directory(const std::string& directory) {
  struct stat info;
  if (::stat(directory.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return {};
    return make_error(Code::io, "open " + directory + ": it is not a directory");
  }
  if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) {
    // Its name must outlive a power failure as its files do.
    const std::string parent = std::filesystem::path(directory).parent_path().string();
    const int fd = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY);
    const bool synced = fd >= 0 && ::fsync(fd) == 0;
    if (fd >= 0) ::close(fd);
    if (synced) return {};
  }
  return make_error(Code::io, "create " + directory + ": " + std::strerror(errno));
}

}  // namespace

Result<void> salvage_rocks(const std::string& directory) {
  start_rocksdb();
  const auto cache = rocksdb::NewLRUCache(std::size_t{16} << 20);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < family_count; ++i) {
    descriptors.emplace_back(family_names[i], family_options(static_cast<Family>(i), cache));
  }
  const rocksdb::Status status =
      rocksdb::RepairDB(directory, database_options({.directory = directory}), descriptors);
  if (!status.ok()) return to_error(status, "salvage", directory);
  return {};
}

Result<void> check_write_ahead_log(const std::string& directory) {
  start_rocksdb();
  const auto cache = rocksdb::NewLRUCache(std::size_t{1} << 20);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < family_count; ++i) {
    descriptors.emplace_back(family_names[i], family_options(static_cast<Family>(i), cache));
  }
  rocksdb::DBOptions strict = database_options({.directory = directory, .read_only = true});
  strict.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(strict, directory, descriptors, &families, &raw);
  const std::unique_ptr<rocksdb::DB> db(raw);
  for (rocksdb::ColumnFamilyHandle* family : families)
    db->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  if (status.ok()) return {};
  const Code code = status.IsCorruption() ? Code::corrupt : Code::io;
  return make_error(code, "the write-ahead log cannot be read to its end: " + status.ToString());
}

Result<std::unique_ptr<Kv>> open_rocks(const RocksOptions& options) {
  start_rocksdb();
  if (!options.read_only) WEIR_CHECK(make_directory(options.directory));
  WEIR_CHECK(check_families(options));
  const auto cache = rocksdb::NewLRUCache(options.cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < family_count; ++i) {
    descriptors.emplace_back(family_names[i], family_options(static_cast<Family>(i), cache));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  rocksdb::DB* raw = nullptr;
  const auto listener = std::make_shared<Listener>();
  const rocksdb::DBOptions db_options = database_options(options, listener);
  const rocksdb::Status status =
      options.read_only
          ? rocksdb::DB::OpenForReadOnly(db_options, options.directory, descriptors, &families,
                                         &raw)
          : rocksdb::DB::Open(db_options, options.directory, descriptors, &families, &raw);
  if (!status.ok()) {
    Error error = to_error(status, "open", options.directory);
    if (status.IsIOError() && status.ToString().find("lock ") != std::string::npos) {
      error.code = Code::unavailable;
      error.message = "open " + options.directory + ": another process has it open";
    }
    return error;
  }
  std::string unread;
  if (!options.read_only) unread = static_cast<InfoLog&>(*db_options.info_log).dropped();
  return std::unique_ptr<Kv>(std::make_unique<RocksKv>(options.directory, std::move(unread),
                                                       std::unique_ptr<rocksdb::DB>(raw),
                                                       std::move(families), listener));
}

}  // namespace weir::store
