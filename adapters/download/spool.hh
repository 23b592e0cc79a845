// Collects bytes that are being fetched: a few in memory, more in a file that has no name and so
// vanishes with the process. Counts and digests them on the way.
//
// One thread writes; the Payload that finish() returns may be read by several at once. Errors: io,
// limit (more than bytes_max).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/digest.hh"
#include "engine/reconcile/remote_port.hh"

namespace weir::download {

// A file descriptor, shared by the payloads that read it.
struct SpoolFile {
  explicit SpoolFile(int number) : fd(number) {}
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;
  int fd;
};

class Spool {
 public:
  // `directory` is where the file is made when one is needed.
  Spool(std::string directory, std::size_t bytes_max);
  Result<void> append(std::string_view bytes);
  // Once; the spool is empty afterwards.
  Result<reconcile::PayloadPtr> finish();

 private:
  static constexpr std::size_t memory_max = 4u << 20;
  Result<void> move_to_file();

  std::string directory_;
  std::size_t bytes_max_;
  std::size_t size_ = 0;
  std::string memory_;
  std::shared_ptr<SpoolFile> file_;
  base::Sha256 hash_;
};

}  // namespace weir::download
