#include "adapters/archive/disk_file_tree.hh"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/base/limits.hh"

namespace weir::archive {
namespace {

// As the kernel does.
constexpr int symlinks_max = 40;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int get() const { return number_; }
  int release() {
    const int number = number_;
    number_ = -1;
    return number;
  }

 private:
  int number_;
};

Error failure(std::string_view path, int error) {
  Code code = Code::io;
  if (error == ENOENT || error == ENOTDIR) code = Code::not_found;
  if (error == EXDEV || error == ELOOP || error == EISDIR || error == EINVAL) code = Code::invalid;
  if (error == ENAMETOOLONG) code = Code::limit;
  const std::string text = error == EXDEV    ? "leaves the root"
                           : error == ENOENT ? "no such file or directory"
                                             : std::strerror(error);
  return make_error(code, std::string(path) + ": " + text);
}

int open_beneath(int root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int tries = 0;; ++tries) {
    const long number = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
    // EAGAIN: something was renamed on the way; the kernel asks to try again.
    if (number >= 0 || (errno != EAGAIN && errno != EINTR) || tries == 100)
      return static_cast<int>(number);
  }
}

void push_components(std::string_view path, std::vector<std::string>& pending) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) parts.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  pending.insert(pending.end(), parts.rbegin(), parts.rend());
}

// One component below an open directory, never through a link; -1 and errno as open(2).
int step(int directory, const std::string& name, int flags) {
  return ::openat(directory, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC);
}

// The stepwise twin of open_beneath: a stack of open directories, each entered without following
// links; a link's target takes the place of its name. `errno` tells the failure.
int open_stepwise(int root, const std::string& path, int flags) {
  std::vector<Descriptor> walked;
  std::vector<std::string> pending;
  push_components(path, pending);
  const auto top = [&] { return walked.empty() ? root : walked.back().get(); };
  for (int links = 0; !pending.empty();) {
    const std::string name = std::move(pending.back());
    pending.pop_back();
    if (name == ".") continue;
    if (name == "..") {
      if (walked.empty()) return errno = EXDEV, -1;
      walked.pop_back();
      continue;
    }
    Descriptor next(step(top(), name, O_PATH));
    if (next.get() < 0) return -1;
    struct ::stat status {};
    if (::fstat(next.get(), &status) != 0) return -1;
    if (S_ISLNK(status.st_mode)) {
      char target[base::limits::path_bytes_max];
      const ssize_t size = ::readlinkat(next.get(), "", target, sizeof target);
      if (size <= 0) return -1;
      if (++links > symlinks_max) return errno = ELOOP, -1;
      if (target[0] == '/') return errno = EXDEV, -1;
      push_components(std::string_view(target, static_cast<std::size_t>(size)), pending);
      continue;
    }
    if (pending.empty() && !S_ISDIR(status.st_mode)) return step(top(), name, flags);
    if (!S_ISDIR(status.st_mode)) return errno = ENOTDIR, -1;
    walked.push_back(std::move(next));
  }
  return ::openat(top(), ".", flags | O_CLOEXEC);
}

Result<Descriptor> open_root(const std::string& path) {
  Descriptor root(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0) return failure(path, errno);
  return root;
}

bool kernel_has_openat2(int root) {
  const Descriptor probe(open_beneath(root, ".", O_PATH | O_CLOEXEC));
  // A sandbox may answer EPERM for calls that it does not know.
  return probe.get() >= 0 || (errno != ENOSYS && errno != EPERM);
}

std::optional<base::EntryType> type_of(mode_t mode) {
  if (S_ISREG(mode)) return base::EntryType::file;
  if (S_ISDIR(mode)) return base::EntryType::directory;
  if (S_ISLNK(mode)) return base::EntryType::symlink;
  return std::nullopt;
}

// The path of an open file or directory.
std::optional<std::string> path_of(int descriptor) {
  char target[base::limits::path_bytes_max];
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t size = ::readlink(link.c_str(), target, sizeof target);
  if (size <= 0 || static_cast<std::size_t>(size) == sizeof target) return std::nullopt;
  return std::string(target, static_cast<std::size_t>(size));
}

}  // namespace

DiskFileTree::DiskFileTree(int root, bool confined, bool stepwise)
    : root_(root), confined_(confined), stepwise_(stepwise) {}

DiskFileTree::~DiskFileTree() { ::close(root_); }

Result<std::shared_ptr<const DiskFileTree>> DiskFileTree::open(const std::string& root) {
  WEIR_TRY(Descriptor descriptor, open_root(root));
  const bool stepwise = !kernel_has_openat2(descriptor.get());
  return std::shared_ptr<const DiskFileTree>(
      std::make_shared<DiskFileTree>(descriptor.release(), true, stepwise));
}

Result<std::shared_ptr<const DiskFileTree>> DiskFileTree::open_unconfined(
    const std::string& working_directory) {
  WEIR_TRY(Descriptor descriptor, open_root(working_directory));
  return std::shared_ptr<const DiskFileTree>(
      std::make_shared<DiskFileTree>(descriptor.release(), false, false));
}

std::shared_ptr<const DiskFileTree> DiskFileTree::stepwise() const {
  return std::make_shared<DiskFileTree>(::fcntl(root_, F_DUPFD_CLOEXEC, 0), confined_, true);
}

Result<int> DiskFileTree::open_path(std::string_view path, int flags) const {
  if (path.size() > base::limits::path_bytes_max) return failure(path.substr(0, 64), ENAMETOOLONG);
  if (path.find('\0') != std::string_view::npos) return failure("path", EINVAL);
  int number = -1;
  if (!confined_) {
    const std::string name = path.empty() ? "." : std::string(path);
    number = ::openat(root_, name.c_str(), flags | O_CLOEXEC);
  } else {
    auto clean = base::clean_path(path);
    if (!clean) return failure(path, EXDEV);
    if (clean->starts_with('/')) clean->erase(0, 1);
    if (clean->empty()) clean->assign(1, '.');
    number = stepwise_ ? open_stepwise(root_, *clean, flags)
                       : open_beneath(root_, *clean, flags | O_CLOEXEC);
  }
  if (number < 0) return failure(path, errno);
  return number;
}

std::optional<base::EntryType> DiskFileTree::stat(std::string_view path) const {
  const auto opened = open_path(path, O_PATH);
  if (!opened) return std::nullopt;
  const Descriptor descriptor(*opened);
  struct ::stat status {};
  if (::fstat(descriptor.get(), &status) != 0) return std::nullopt;
  return type_of(status.st_mode);
}

std::optional<std::string> DiskFileTree::canonical(std::string_view path) const {
  const auto opened = open_path(path, O_PATH);
  if (!opened) return std::nullopt;
  const Descriptor descriptor(*opened);
  auto found = path_of(descriptor.get());
  const auto root = confined_ ? path_of(root_) : std::optional<std::string>("/");
  if (!found || !root || !found->starts_with(*root)) return std::nullopt;
  found->erase(0, root->size());
  if (found->starts_with('/')) found->erase(0, 1);
  return found;
}

Result<base::FileBytes> DiskFileTree::read(std::string_view path) const {
  // O_NONBLOCK: a named pipe must not hold us.
  WEIR_TRY(const int number, open_path(path, O_RDONLY | O_NONBLOCK));
  const Descriptor descriptor(number);
  struct ::stat status {};
  if (::fstat(number, &status) != 0) return failure(path, errno);
  if (S_ISDIR(status.st_mode))
    return make_error(Code::invalid, std::string(path) + ": is a directory");
  if (!S_ISREG(status.st_mode) && confined_)
    return make_error(Code::invalid, std::string(path) + ": is not a regular file");
  if (S_ISREG(status.st_mode) &&
      std::cmp_greater(status.st_size, base::limits::file_bytes_max))
    return make_error(Code::limit, std::string(path) + ": larger than file_bytes_max");
  // Of a file of known size one read takes all.
  const auto size = static_cast<std::size_t>(std::clamp<off_t>(status.st_size, 0, 1 << 26));
  std::string bytes(size, '\0');
  std::size_t filled = 0;
  for (;;) {
    if (filled == bytes.size()) bytes.resize(filled + 64 * 1024);
    const ssize_t got = ::read(number, bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure(path, errno);
    filled += static_cast<std::size_t>(got);
    if (filled > base::limits::file_bytes_max)
      return make_error(Code::limit, std::string(path) + ": larger than file_bytes_max");
    if (got == 0 || (filled == size && S_ISREG(status.st_mode))) break;
  }
  bytes.resize(filled);
  return std::make_shared<const std::string>(std::move(bytes));
}

Result<std::vector<base::DirectoryEntry>> DiskFileTree::list(std::string_view path) const {
  auto opened = open_path(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  if (!opened && opened.error().code == Code::not_found && stat(path))
    return make_error(Code::invalid, std::string(path) + ": not a directory");
  if (!opened) return std::move(opened).error();
  struct Close {
    void operator()(DIR* stream) const { ::closedir(stream); }
  };
  const std::unique_ptr<DIR, Close> directory(::fdopendir(*opened));
  if (!directory) {
    ::close(*opened);
    return failure(path, errno);
  }
  std::vector<base::DirectoryEntry> entries;
  while (const dirent* one = ::readdir(directory.get())) {
    const std::string_view name = one->d_name;
    if (name == "." || name == "..") continue;
    struct ::stat status {};
    // What most file systems tell with the name; modes are for those who pack a tree.
    status.st_mode = DTTOIF(one->d_type);
    if ((confined_ || one->d_type == DT_UNKNOWN) &&
        ::fstatat(*opened, one->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    const auto type = type_of(status.st_mode);
    if (!type) continue;
    const bool executable = S_ISREG(status.st_mode) && (status.st_mode & 0111);
    entries.push_back({std::string(name), *type, executable});
    if (entries.size() > base::limits::tree_files_max)
      return make_error(Code::limit, std::string(path) + ": more than tree_files_max entries");
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

}  // namespace weir::archive
