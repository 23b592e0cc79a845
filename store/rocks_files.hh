// RocksDB's view of the disk. A write that failed is no end: RocksDB may go on once it is told to
// (RocksKv::recover), whatever the reason was, because all that is not safely on the disk is still
// in memory and goes to new files. By itself RocksDB says so of ENOSPC alone, and takes a file
// limit (EFBIG), a quota (EDQUOT), a disk that turned read only (EROFS) or failed (EIO) for final.
#pragma once

#include <memory>

namespace rocksdb {
class Env;
class FileSystem;
}  // namespace rocksdb

namespace weir::store {

// Runs RocksDB's initializers, once; before anything else of RocksDB is used. Any thread.
void start_rocksdb();

// `files` with every failed write marked as one that may be tried again.
std::shared_ptr<rocksdb::FileSystem> retryable_files(std::shared_ptr<rocksdb::FileSystem> files);

// The environment over the system's files; lives as long as the process.
rocksdb::Env* retryable_environment();

}  // namespace weir::store
