// The key-value port under everything that weir stores. Implementations: rocks_kv.cc (RocksDB, on
// disk) and memory_kv.cc (ordered maps; tests, the simulator, `weir kube` without --data-dir).
//
// A store has named column families, opened once. Keys sort bytewise. Writes are batches: all or
// nothing, in order. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.hh"

namespace rocksdb {
class Env;
}

namespace weir::store {

// Column families, fixed at compile time; the meaning of each one's keys is in
// store/record_format.hh.
enum class Family : std::uint8_t {
  meta,         // schema version, keys, small state
  events,       // the event log
  index,        // by subject, by time
  blobs,        // content-addressed bytes
  projections,  // derived views
  snapshots,    //
  tiles,        // Merkle tree
  kube,         // the embedded Kubernetes API's objects
  inputs,       // what the engine was told, for `weir replay --decisions`
};
inline constexpr std::size_t family_count = 9;

// Rows to be written together. Their bytes lie one behind the other, so that a row costs no
// allocation of its own.
class WriteBatch {
 public:
  // Views of the batch's bytes: until it changes.
  struct Operation {
    Family family;
    bool remove;
    std::string_view key;
    std::string_view value;
  };
  void put(Family family, std::string_view key, std::string_view value) {
    add(family, false, key, value);
  }
  void remove(Family family, std::string_view key) { add(family, true, key, {}); }

  // A row that is put together in place: the key is appended to what begin_put() gives, then the
  // value, if there is one, to what begin_value() gives. The row ends with the next one.
  std::string& begin_put(Family family) {
    rows_.push_back({family, false, bytes_.size(), open});
    return bytes_;
  }
  std::string& begin_value() {
    rows_.back().value_at = bytes_.size();
    return bytes_;
  }

  void reserve(std::size_t rows, std::size_t bytes) {
    rows_.reserve(rows);
    bytes_.reserve(bytes);
  }
  bool empty() const { return rows_.empty(); }
  std::size_t size() const { return rows_.size(); }
  std::size_t bytes() const { return bytes_.size(); }  // of all keys and values
  Operation operator[](std::size_t i) const {
    const Row& row = rows_[i];
    const std::size_t end = i + 1 < rows_.size() ? rows_[i + 1].key_at : bytes_.size();
    const std::size_t value_at = row.value_at == open ? end : row.value_at;
    const std::string_view bytes = bytes_;
    return {row.family, row.remove, bytes.substr(row.key_at, value_at - row.key_at),
            bytes.substr(value_at, end - value_at)};
  }
  void clear() {
    rows_.clear();
    bytes_.clear();
  }

 private:
  static constexpr std::size_t open = ~std::size_t{0};  // no value was begun
  struct Row {
    Family family;
    bool remove;
    std::size_t key_at, value_at;
  };
  void add(Family family, bool remove, std::string_view key, std::string_view value) {
    rows_.push_back({family, remove, bytes_.size(), bytes_.size() + key.size()});
    bytes_.append(key).append(value);
  }

  std::vector<Row> rows_;
  std::string bytes_;
};

// A forward or backward walk over one family, on a consistent view taken at creation. One thread.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual void seek(std::string_view key) = 0;           // to the first key >= `key`
  virtual void seek_for_previous(std::string_view key) = 0;  // to the last key <= `key`
  virtual void seek_last() = 0;
  virtual bool valid() const = 0;
  virtual void next() = 0;
  virtual void previous() = 0;
  virtual std::string_view key() const = 0;    // until the next move
  virtual std::string_view value() const = 0;  // until the next move
  virtual Result<void> status() const = 0;  // io or corrupt once a read failed; then not valid()
};

// What a store does beside the writes since it was opened.
struct KvActivity {
  std::uint64_t compactions = 0;       // finished
  std::uint64_t compacted_bytes = 0;   // read by them
  std::uint64_t write_stalls = 0;      // times that writes were slowed down or stopped for them
  std::uint64_t buffer_bytes = 0;      // of memory: rows that are in no file yet
  std::uint64_t cache_bytes = 0;       // of memory: blocks of files
  std::uint64_t table_bytes = 0;       // of memory: what open files take beside the cache
};

class Kv {
 public:
  virtual ~Kv() = default;
  // Nothing when the key is absent. Errors: io, corrupt.
  virtual Result<std::optional<std::string>> get(Family family, std::string_view key) const = 0;
  // synced: on stable storage before it returns. Errors: io (disk full, read-only), corrupt.
  virtual Result<void> write(const WriteBatch& batch, bool synced) = 0;
  virtual std::unique_ptr<Cursor> cursor(Family family) const = 0;
  // What the rows take on disk (or in memory), about.
  virtual std::uint64_t bytes() const { return 0; }
  // The same, a family each, with its name.
  virtual std::vector<std::pair<std::string, std::uint64_t>> family_bytes() const { return {}; }
  virtual KvActivity activity() const { return {}; }
  // What of its write-ahead log could not be read when it was opened to be written: a file, bytes
  // and the reason; "" = all was read. A write that a crash cut short looks so too.
  virtual std::string unread() const { return {}; }
  // A copy of the store as it is now, in a new directory, made beside reads and writes. Errors:
  // already_exists, unsupported (a store in memory), io.
  virtual Result<void> backup(const std::string& directory) {
    return make_error(Code::unsupported, "a store in memory has no backup in " + directory);
  }
  // Forces everything written so far to stable storage.
  virtual Result<void> sync() = 0;
};

// RocksDB in `directory` (created with mode 0700 when missing). Errors: io, corrupt, unavailable
// (locked by another process; the message names the directory), unsupported (a newer weir wrote it;
// or an older one, and it is opened to be read only).
struct RocksOptions {
  std::string directory;
  bool read_only = false;
  std::size_t cache_bytes = 16u << 20;
  rocksdb::Env* environment = nullptr;  // the disk; null: the system's. Outlives the Kv.
};
Result<std::unique_ptr<Kv>> open_rocks(const RocksOptions& options);

// For a database that does not open for damage: RocksDB makes one that does of what its files still
// hold. What is missing then is for repair() to say. Error: io.
Result<void> salvage_rocks(const std::string& directory);

// Whether every byte of the write-ahead log can be replayed. Opening one that cannot gives the
// longest prefix that can, as after a power failure, and tells by Kv::unread() alone. Reads
// only; a running database whose last write is on its way may look cut short. Errors: corrupt (with
// what is wrong), io.
Result<void> check_write_ahead_log(const std::string& directory);

std::unique_ptr<Kv> make_memory_kv();

}  // namespace weir::store
