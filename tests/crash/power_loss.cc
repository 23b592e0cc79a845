#include "tests/crash/power_loss.hh"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <vector>

#include "store/rocks_files.hh"

namespace weir::test {
namespace {

namespace fs = std::filesystem;
using rocksdb::FileOptions;
using rocksdb::FSDirectory;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

struct Kept {
  std::string path;          // where its bytes are
  std::uint64_t synced = 0;  // of them
};

struct Change {
  enum class Kind { created, renamed, deleted } kind;
  std::string path, to;
  Kept lost;  // what stood there before; an empty path: nothing
};

}  // namespace

struct PowerLossDisk::Book {
  std::string graveyard;
  // A hook takes images, and images are taken of a disk that stands still.
  mutable std::recursive_mutex mutex;
  std::map<std::string, std::uint64_t> synced;  // bytes, by path
  std::vector<Change> pending;
  std::uint64_t graves = 0;
  std::function<void()> hook;
  bool in_hook = false;

  void about_to_change() {
    if (!hook || in_hook) return;
    in_hook = true;
    hook();
    in_hook = false;
  }

  // Moves a file away; what a power failure may bring back.
  Kept bury(const std::string& path) {
    if (!fs::exists(path)) return {};
    Kept out{graveyard + "/" + std::to_string(++graves), synced[path]};
    fs::rename(path, out.path);
    synced.erase(path);
    return out;
  }
};

class PowerLossDisk::Files final : public rocksdb::FileSystemWrapper {
 public:
  Files(const std::shared_ptr<rocksdb::FileSystem>& files, std::shared_ptr<Book> book)
      : FileSystemWrapper(files), book_(std::move(book)) {}

  const char* Name() const override { return "power loss"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* file,
                           IODebugContext* debug) override {
    const std::lock_guard lock(book_->mutex);
    book_->about_to_change();
    Change change{Change::Kind::created, name, {}, book_->bury(name)};
    IOStatus status = target()->NewWritableFile(name, options, file, debug);
    if (!status.ok()) return status;
    book_->pending.push_back(std::move(change));
    book_->synced[name] = 0;
    *file = std::make_unique<File>(std::move(*file), name, book_);
    return status;
  }
  IOStatus ReuseWritableFile(const std::string&, const std::string&, const FileOptions&,
                             std::unique_ptr<FSWritableFile>*, IODebugContext*) override {
    return IOStatus::NotSupported("reuse of files");
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions& options,
                        std::unique_ptr<FSDirectory>* directory, IODebugContext* debug) override {
    IOStatus status = target()->NewDirectory(name, options, directory, debug);
    if (status.ok()) *directory = std::make_unique<Directory>(std::move(*directory), book_);
    return status;
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    const std::lock_guard lock(book_->mutex);
    book_->about_to_change();
    Change change{Change::Kind::renamed, from, to, book_->bury(to)};
    IOStatus status = target()->RenameFile(from, to, options, debug);
    if (!status.ok()) return status;
    book_->pending.push_back(std::move(change));
    book_->synced[to] = book_->synced[from];
    book_->synced.erase(from);
    return status;
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions& options,
                      IODebugContext* debug) override {
    const std::lock_guard lock(book_->mutex);
    if (!book_->synced.contains(name)) return target()->DeleteFile(name, options, debug);
    book_->about_to_change();
    book_->pending.push_back({Change::Kind::deleted, name, {}, book_->bury(name)});
    return IOStatus::OK();
  }

 private:
  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<FSWritableFile>&& file, std::string path, std::shared_ptr<Book> book)
        : FSWritableFileOwnerWrapper(std::move(file)),
          path_(std::move(path)),
          book_(std::move(book)) {}

    IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
      return synced(FSWritableFileOwnerWrapper::Sync(options, debug));
    }
    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
      return synced(FSWritableFileOwnerWrapper::Fsync(options, debug));
    }

   private:
    IOStatus synced(IOStatus status) {
      const std::lock_guard lock(book_->mutex);
      const auto found = book_->synced.find(path_);
      if (status.ok() && found != book_->synced.end()) found->second = fs::file_size(path_);
      return status;
    }
    const std::string path_;
    const std::shared_ptr<Book> book_;
  };

  class Directory final : public rocksdb::FSDirectoryWrapper {
   public:
    Directory(std::unique_ptr<FSDirectory>&& directory, std::shared_ptr<Book> book)
        : FSDirectoryWrapper(std::move(directory)), book_(std::move(book)) {}

    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
      return synced(FSDirectoryWrapper::Fsync(options, debug));
    }
    IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                                 const rocksdb::DirFsyncOptions& which) override {
      return synced(FSDirectoryWrapper::FsyncWithDirOptions(options, debug, which));
    }

   private:
    IOStatus synced(IOStatus status) {
      const std::lock_guard lock(book_->mutex);
      book_->about_to_change();
      if (status.ok()) book_->pending.clear();
      return status;
    }
    const std::shared_ptr<Book> book_;
  };

  const std::shared_ptr<Book> book_;
};

PowerLossDisk::PowerLossDisk(std::string graveyard) : book_(std::make_shared<Book>()) {
  book_->graveyard = std::move(graveyard);
  store::start_rocksdb();
  environment_ = rocksdb::NewCompositeEnv(store::retryable_files(
      std::make_shared<Files>(rocksdb::FileSystem::Default(), book_)));
}

PowerLossDisk::~PowerLossDisk() = default;

rocksdb::Env* PowerLossDisk::environment() { return environment_.get(); }

std::size_t PowerLossDisk::pending() const {
  const std::lock_guard lock(book_->mutex);
  return book_->pending.size();
}

void PowerLossDisk::before_change(std::function<void()> call) {
  const std::lock_guard lock(book_->mutex);
  book_->hook = std::move(call);
}

void PowerLossDisk::image(const std::string& directory, const std::string& to, std::size_t entries,
                          Tail tail) const {
  const std::lock_guard lock(book_->mutex);
  std::map<std::string, Kept> files;
  for (const auto& [path, synced] : book_->synced)
    if (fs::path(path).parent_path() == directory) files[path] = {path, synced};
  for (std::size_t i = book_->pending.size(); i-- > entries;) {
    const Change& change = book_->pending[i];
    if (change.kind == Change::Kind::created) files.erase(change.path);
    if (change.kind == Change::Kind::renamed) {
      files[change.path] = files[change.to];
      files.erase(change.to);
    }
    const std::string& place = change.kind == Change::Kind::renamed ? change.to : change.path;
    if (!change.lost.path.empty()) files[place] = change.lost;
  }
  fs::create_directory(to);
  for (const auto& [path, kept] : files) {
    const std::string copy = to + "/" + fs::path(path).filename().string();
    fs::copy_file(kept.path, copy);
    const std::uint64_t size = fs::file_size(copy);
    std::uint64_t left = std::min(kept.synced, size);
    if (tail == Tail::half) left += (size - left) / 2;
    if (tail != Tail::all) fs::resize_file(copy, left);
  }
}

}  // namespace weir::test
