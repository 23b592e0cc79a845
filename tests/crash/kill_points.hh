// A disk that kills its process in the middle of what RocksDB asks of it: the n-th change of a file
// or of the directory does not happen any more, or only by half.
#pragma once

#include <cstdint>
#include <memory>

namespace rocksdb {
class Env;
}

namespace weir::test {

// Points are counted from 1 in the order they are met: before each file is made, renamed, deleted
// or linked, before each sync of one or of the directory, before each write and once more when the
// first half of its bytes is written. The process gets SIGKILL at `point`.
std::unique_ptr<rocksdb::Env> killing_environment(std::uint64_t point);

}  // namespace weir::test
