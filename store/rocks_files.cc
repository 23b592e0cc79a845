#include "store/rocks_files.hh"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <string>
#include <utility>

// The initializers of RocksDB's objects, as CMakeLists.txt has them put: the linker's names for the
// ends of that section.
using Initializer = void (*)(int, char**, char**);
extern "C" Initializer __start_weir_rocksdb_init[];
extern "C" Initializer __stop_weir_rocksdb_init[];

namespace weir::store {
namespace {

using rocksdb::FileOptions;
using rocksdb::FileSystem;
using rocksdb::FSDirectory;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus retryable(IOStatus status) {
  if (status.IsIOError()) status.SetRetryable(true);
  return status;
}

class RetryableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return retryable(FSWritableFileOwnerWrapper::Append(data, options, debug));
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& sums, IODebugContext* debug) override {
    return retryable(FSWritableFileOwnerWrapper::Append(data, options, sums, debug));
  }
  IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions& options,
                            IODebugContext* debug) override {
    return retryable(FSWritableFileOwnerWrapper::PositionedAppend(data, offset, options, debug));
  }
  IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions& options,
                            const rocksdb::DataVerificationInfo& sums,
                            IODebugContext* debug) override {
    return retryable(
        FSWritableFileOwnerWrapper::PositionedAppend(data, offset, options, sums, debug));
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return retryable(FSWritableFileOwnerWrapper::Truncate(size, options, debug));
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return retryable(FSWritableFileOwnerWrapper::Close(options, debug));
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return retryable(FSWritableFileOwnerWrapper::Flush(options, debug));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return retryable(FSWritableFileOwnerWrapper::Sync(options, debug));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return retryable(FSWritableFileOwnerWrapper::Fsync(options, debug));
  }
  IOStatus RangeSync(std::uint64_t offset, std::uint64_t bytes, const IOOptions& options,
                     IODebugContext* debug) override {
    return retryable(FSWritableFileOwnerWrapper::RangeSync(offset, bytes, options, debug));
  }
};

class RetryableDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  using FSDirectoryWrapper::FSDirectoryWrapper;

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return retryable(FSDirectoryWrapper::Fsync(options, debug));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& which) override {
    return retryable(FSDirectoryWrapper::FsyncWithDirOptions(options, debug, which));
  }
};

class RetryableFiles final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "weir"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* file,
                           IODebugContext* debug) override {
    return wrapped(target()->NewWritableFile(name, options, file, debug), file);
  }
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<FSWritableFile>* file,
                              IODebugContext* debug) override {
    return wrapped(target()->ReopenWritableFile(name, options, file, debug), file);
  }
  IOStatus ReuseWritableFile(const std::string& name, const std::string& old,
                             const FileOptions& options, std::unique_ptr<FSWritableFile>* file,
                             IODebugContext* debug) override {
    return wrapped(target()->ReuseWritableFile(name, old, options, file, debug), file);
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions& options,
                        std::unique_ptr<FSDirectory>* directory, IODebugContext* debug) override {
    IOStatus status = target()->NewDirectory(name, options, directory, debug);
    if (status.ok()) *directory = std::make_unique<RetryableDirectory>(std::move(*directory));
    return retryable(std::move(status));
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    return retryable(target()->RenameFile(from, to, options, debug));
  }

 private:
  static IOStatus wrapped(IOStatus status, std::unique_ptr<FSWritableFile>* file) {
    if (status.ok()) *file = std::make_unique<RetryableFile>(std::move(*file));
    return retryable(std::move(status));
  }
};

}  // namespace

void start_rocksdb() {
  [[maybe_unused]] static const bool once = [] {
    for (Initializer* one = __start_weir_rocksdb_init; one != __stop_weir_rocksdb_init; ++one)
      (*one)(0, nullptr, nullptr);
    return true;
  }();
}

std::shared_ptr<FileSystem> retryable_files(std::shared_ptr<FileSystem> files) {
  return std::make_shared<RetryableFiles>(std::move(files));
}

// Never destroyed: a database that could not be closed cleanly keeps threads to the end.
rocksdb::Env* retryable_environment() {
  static rocksdb::Env* const environment =
      rocksdb::NewCompositeEnv(retryable_files(FileSystem::Default())).release();
  return environment;
}

}  // namespace weir::store
