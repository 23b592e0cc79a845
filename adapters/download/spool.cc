#include "adapters/download/spool.hh"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace weir::download {
namespace {

constexpr std::size_t piece_bytes = 256u << 10;

Error disk_error(const char* what) {
  return make_error(Code::io, std::string("temporary file: ") + what + ": " + std::strerror(errno));
}

class MemoryPayload final : public reconcile::Payload {
 public:
  MemoryPayload(std::string bytes, const base::Digest& digest)
      : bytes_(std::move(bytes)), digest_(digest) {}
  std::uint64_t size() const override { return bytes_.size(); }
  const base::Digest& digest() const override { return digest_; }
  Result<void> read(const reconcile::ByteSink& sink) const override {
    for (std::size_t at = 0; at < bytes_.size(); at += piece_bytes)
      WEIR_CHECK(sink(std::string_view(bytes_).substr(at, piece_bytes)));
    return {};
  }

 private:
  std::string bytes_;
  base::Digest digest_;
};

class FilePayload final : public reconcile::Payload {
 public:
  FilePayload(std::shared_ptr<SpoolFile> file, std::uint64_t size, const base::Digest& digest)
      : file_(std::move(file)), size_(size), digest_(digest) {}
  std::uint64_t size() const override { return size_; }
  const base::Digest& digest() const override { return digest_; }
  Result<void> read(const reconcile::ByteSink& sink) const override {
    std::string buffer(piece_bytes, '\0');
    for (std::uint64_t at = 0; at < size_;) {
      const ssize_t got = ::pread(file_->fd, buffer.data(), buffer.size(), static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return disk_error("read");
      if (got == 0) return make_error(Code::io, "temporary file: shorter than it was");
      WEIR_CHECK(sink(std::string_view(buffer).substr(0, static_cast<std::size_t>(got))));
      at += static_cast<std::uint64_t>(got);
    }
    return {};
  }

 private:
  std::shared_ptr<SpoolFile> file_;
  std::uint64_t size_;
  base::Digest digest_;
};

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return disk_error("write");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

}  // namespace

SpoolFile::~SpoolFile() {
  if (fd >= 0) ::close(fd);
}

Spool::Spool(std::string directory, std::size_t bytes_max)
    : directory_(std::move(directory)), bytes_max_(bytes_max) {}

Result<void> Spool::move_to_file() {
  int fd = ::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) {  // a file system that knows no files without a name
    std::string name = directory_ + "/spool-XXXXXX";
    fd = ::mkostemp(name.data(), O_CLOEXEC);
    if (fd >= 0) ::unlink(name.c_str());
  }
  if (fd < 0) return disk_error("open");
  file_ = std::make_shared<SpoolFile>(fd);
  WEIR_CHECK(write_all(fd, memory_));
  std::string().swap(memory_);
  return {};
}

Result<void> Spool::append(std::string_view bytes) {
  if (bytes.size() > bytes_max_ - size_)
    return make_error(Code::limit,
                      "the answer is larger than " + std::to_string(bytes_max_) + " bytes");
  size_ += bytes.size();
  hash_.update(bytes);
  if (file_ == nullptr && memory_.size() + bytes.size() > memory_max) WEIR_CHECK(move_to_file());
  if (file_ != nullptr) return write_all(file_->fd, bytes);
  memory_.append(bytes);
  return {};
}

Result<reconcile::PayloadPtr> Spool::finish() {
  const base::Digest digest = hash_.finish();
  if (file_ == nullptr)
    return reconcile::PayloadPtr(std::make_shared<const MemoryPayload>(std::move(memory_), digest));
  return reconcile::PayloadPtr(
      std::make_shared<const FilePayload>(std::move(file_), size_, digest));
}

}  // namespace weir::download
