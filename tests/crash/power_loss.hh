// A disk that forgets what was not synced: the bytes of files since their last sync, and what was
// created, renamed or deleted in the directory since that was synced. RocksDB works on it through
// environment(); image() is what a power failure at this moment would leave. One directory, no
// subdirectories. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rocksdb {
class Env;
}

namespace weir::test {

class PowerLossDisk {
 public:
  // Deleted and replaced files are kept in `graveyard`, an existing directory beside the one used.
  explicit PowerLossDisk(std::string graveyard);
  ~PowerLossDisk();
  PowerLossDisk(const PowerLossDisk&) = delete;
  PowerLossDisk& operator=(const PowerLossDisk&) = delete;

  rocksdb::Env* environment();

  // Changes of the directory that are not synced.
  std::size_t pending() const;
  // Of a file's unsynced bytes: none are left, half of them, or all.
  enum class Tail : std::uint8_t { none, half, all };
  // Into `to`, a new directory. `entries`: how many of the pending changes are left, the first.
  void image(const std::string& directory, const std::string& to, std::size_t entries,
             Tail tail) const;
  // Called before each change or sync of the directory.
  void before_change(std::function<void()> call);

 private:
  class Files;
  struct Book;
  std::shared_ptr<Book> book_;
  std::unique_ptr<rocksdb::Env> environment_;
};

}  // namespace weir::test
