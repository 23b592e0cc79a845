#include "store/key_file.hh"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace weir::store {
namespace {

Error io_error(std::string_view verb, const std::string& path) {
  return make_error(Code::io, std::string(verb) + " " + path + ": " + std::strerror(errno));
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

Result<void> sync_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const File directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) return io_error("sync", folder);
  return {};
}

}  // namespace

Result<std::string> read_key_file(const std::string& path, std::size_t bytes_max) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) {
    if (errno == ENOENT) return make_error(Code::not_found, "there is no key file " + path);
    return io_error("open", path);
  }
  struct stat info;
  if (::fstat(file.get(), &info) != 0) return io_error("read", path);
  if ((info.st_mode & 077) != 0) {
    return make_error(Code::forbidden,
                      "key file " + path + " is open to other users; it must have mode 0600");
  }
  std::string bytes(bytes_max + 1, '\0');
  const ssize_t got = ::read(file.get(), bytes.data(), bytes.size());
  if (got < 0) return io_error("read", path);
  const auto size = static_cast<std::size_t>(got);
  std::string key = bytes.substr(0, size);
  sodium_memzero(bytes.data(), bytes.size());
  if (size > bytes_max) {
    return make_error(Code::corrupt, "key file " + path + " is longer than a key");
  }
  return key;
}

// Written beside and linked into place: a crash leaves no half a key, and of two starts at once one
// wins.
Result<void> create_key_file(const std::string& path, std::string_view bytes) {
  const std::string fresh = path + "." + std::to_string(::getpid()) + ".new";
  {
    const File file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.get() < 0) return io_error("create", fresh);
    const ssize_t put = ::write(file.get(), bytes.data(), bytes.size());
    if (put != static_cast<ssize_t>(bytes.size()) || ::fsync(file.get()) != 0) {
      const Error error = io_error("write", fresh);
      ::unlink(fresh.c_str());
      return error;
    }
  }
  const int linked = ::link(fresh.c_str(), path.c_str());
  const int reason = errno;
  ::unlink(fresh.c_str());
  if (linked != 0 && reason != EEXIST) {
    errno = reason;
    return io_error("create", path);
  }
  return sync_folder_of(path);
}

Result<void> replace_key_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) return io_error("replace", to);
  return sync_folder_of(to);
}

}  // namespace weir::store
