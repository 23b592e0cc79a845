#include "tests/crash/kill_points.hh"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <signal.h>

#include <atomic>

#include "store/rocks_files.hh"

namespace weir::test {
namespace {

using rocksdb::DataVerificationInfo;
using rocksdb::FileOptions;
using rocksdb::FSDirectory;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// Shared by all files; RocksDB's background threads pass here too.
class Countdown {
 public:
  explicit Countdown(std::uint64_t point) : left_(point) {}
  // True once: at the point itself.
  bool is_here() { return left_.fetch_sub(1) == 1; }
  void pass() {
    if (is_here()) ::raise(SIGKILL);
  }

 private:
  std::atomic<std::uint64_t> left_;
};

class File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(std::unique_ptr<FSWritableFile>&& file, std::shared_ptr<Countdown> countdown)
      : FSWritableFileOwnerWrapper(std::move(file)), countdown_(std::move(countdown)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    countdown_->pass();
    if (countdown_->is_here()) {
      const Slice half(data.data(), data.size() / 2);
      FSWritableFileOwnerWrapper::Append(half, options, debug).PermitUncheckedError();
      FSWritableFileOwnerWrapper::Flush(options, debug).PermitUncheckedError();
      ::raise(SIGKILL);
    }
    return FSWritableFileOwnerWrapper::Append(data, options, debug);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    countdown_->pass();
    return FSWritableFileOwnerWrapper::Truncate(size, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    countdown_->pass();
    return FSWritableFileOwnerWrapper::Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    countdown_->pass();
    return FSWritableFileOwnerWrapper::Fsync(options, debug);
  }

 private:
  const std::shared_ptr<Countdown> countdown_;
};

class Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(std::unique_ptr<FSDirectory>&& directory, std::shared_ptr<Countdown> countdown)
      : FSDirectoryWrapper(std::move(directory)), countdown_(std::move(countdown)) {}

  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& which) override {
    countdown_->pass();
    return FSDirectoryWrapper::FsyncWithDirOptions(options, debug, which);
  }

 private:
  const std::shared_ptr<Countdown> countdown_;
};

class Files final : public rocksdb::FileSystemWrapper {
 public:
  explicit Files(std::uint64_t point)
      : FileSystemWrapper(rocksdb::FileSystem::Default()),
        countdown_(std::make_shared<Countdown>(point)) {}

  const char* Name() const override { return "kill points"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* file,
                           IODebugContext* debug) override {
    countdown_->pass();
    IOStatus status = target()->NewWritableFile(name, options, file, debug);
    if (status.ok()) *file = std::make_unique<File>(std::move(*file), countdown_);
    return status;
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions& options,
                        std::unique_ptr<FSDirectory>* directory, IODebugContext* debug) override {
    IOStatus status = target()->NewDirectory(name, options, directory, debug);
    if (status.ok()) *directory = std::make_unique<Directory>(std::move(*directory), countdown_);
    return status;
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    countdown_->pass();
    return target()->RenameFile(from, to, options, debug);
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                    IODebugContext* debug) override {
    countdown_->pass();
    return target()->LinkFile(from, to, options, debug);
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions& options,
                      IODebugContext* debug) override {
    countdown_->pass();
    return target()->DeleteFile(name, options, debug);
  }

 private:
  const std::shared_ptr<Countdown> countdown_;
};

}  // namespace

std::unique_ptr<rocksdb::Env> killing_environment(std::uint64_t point) {
  store::start_rocksdb();
  return rocksdb::NewCompositeEnv(store::retryable_files(std::make_shared<Files>(point)));
}

}  // namespace weir::test
