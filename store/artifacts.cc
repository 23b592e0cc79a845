#include "store/artifacts.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "engine/base/digest.hh"
#include "engine/base/targz.hh"
#include "store/artifact_rules.hh"

namespace weir::store {
namespace {

namespace fs = std::filesystem;
using reconcile::StoredArtifact;

// A chart or index larger than a whole tree's cap is no artifact of ours.
constexpr std::size_t artifact_bytes_max = base::limits::tree_bytes_max;
constexpr std::size_t scan_bytes = 256u << 10;

Error disk_error(std::string_view what, std::string_view path, int error, std::string reason) {
  const Code code = error == ENOENT || error == ENOTDIR ? Code::not_found : Code::io;
  return make_error(code, std::string(what) + " " + std::string(path) + ": " + std::strerror(error),
                    std::move(reason));
}

struct Descriptor {
  int number = -1;
  explicit Descriptor(int opened) : number(opened) {}
  Descriptor(Descriptor&& other) noexcept : number(std::exchange(other.number, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

Result<void> write_all(int file, std::string_view bytes, std::string_view path) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(file, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return disk_error("write", path, errno, "ArchiveOperationFailed");
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return {};
}

Result<void> make_folder(const std::string& folder) {
  // Folder by folder, since each one made must be private.
  for (std::size_t at = folder.find('/', 1);; at = folder.find('/', at + 1)) {
    const std::string one = folder.substr(0, at);
    if (::mkdir(one.c_str(), 0700) != 0 && errno != EEXIST)
      return disk_error("mkdir", one, errno, "DirectoryCreationFailed");
    if (at == std::string::npos) return {};
  }
}

void sync_folder(const std::string& folder) {
  const Descriptor opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (opened.number >= 0) ::fsync(opened.number);
}

// Temporary file beside the target, synced, renamed over it, folder synced: all of it or nothing.
Result<void> write_file(const std::string& file, base::TimeUs time,
                        const reconcile::ByteProducer& write) {
  const std::string folder(base::parent_path(file));
  WEIR_CHECK(make_folder(folder));
  static std::atomic<unsigned> counter = 0;
  const std::string temporary =
      folder + "/.tmp-" + std::to_string(::getpid()) + "-" + std::to_string(++counter);
  Result<void> done;
  {
    const Descriptor out{
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (out.number < 0) return disk_error("create", temporary, errno, "ArchiveOperationFailed");
    done = write([&](std::string_view bytes) { return write_all(out.number, bytes, file); });
    const timespec stamp{time / 1'000'000, static_cast<long>(time % 1'000'000) * 1000};
    const timespec stamps[2] = {stamp, stamp};
    if (done && (::futimens(out.number, stamps) != 0 || ::fsync(out.number) != 0))
      done = disk_error("sync", file, errno, "ArchiveOperationFailed");
  }
  if (done && ::rename(temporary.c_str(), file.c_str()) != 0)
    done = disk_error("rename", file, errno, "ArchiveOperationFailed");
  if (!done) {
    ::unlink(temporary.c_str());
    return done;
  }
  sync_folder(folder);
  return {};
}

base::TimeUs file_time(const struct ::stat& status) {
  return static_cast<base::TimeUs>(status.st_mtim.tv_sec) * 1'000'000 +
         status.st_mtim.tv_nsec / 1000;
}

struct DiskFile {
  std::string bytes;
  base::TimeUs time = 0;
};

Result<Descriptor> open_file(const std::string& file, std::string_view path) {
  Descriptor in{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  struct ::stat status {};
  if (in.number < 0 || ::fstat(in.number, &status) != 0)
    return disk_error("open", path, errno, "ReadOperationFailed");
  if (!S_ISREG(status.st_mode))
    return make_error(Code::not_found, std::string(path) + ": no such artifact");
  return in;
}

Result<DiskFile> read_file(const std::string& file, std::string_view path) {
  WEIR_TRY(const Descriptor in, open_file(file, path));
  struct ::stat status {};
  if (::fstat(in.number, &status) != 0)
    return disk_error("stat", path, errno, "ReadOperationFailed");
  if (static_cast<std::uint64_t>(status.st_size) > artifact_bytes_max)
    return make_error(Code::limit, std::string(path) + ": larger than tree_bytes_max");
  DiskFile out;
  out.time = file_time(status);
  out.bytes.resize(static_cast<std::size_t>(status.st_size));
  std::size_t at = 0;
  while (at < out.bytes.size()) {
    const ssize_t got = ::read(in.number, out.bytes.data() + at, out.bytes.size() - at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return disk_error("read", path, errno, "ReadOperationFailed");
    if (got == 0) break;
    at += static_cast<std::size_t>(got);
  }
  out.bytes.resize(at);
  return out;
}

}  // namespace

DiskArtifacts::DiskArtifacts(Options options, const base::Clock& clock)
    : options_(std::move(options)), clock_(clock), cache_(options_.cache_bytes_max) {}

Result<std::unique_ptr<DiskArtifacts>> DiskArtifacts::open(Options options,
                                                           const base::Clock& clock) {
  std::error_code error;
  const fs::path root = fs::absolute(options.root, error);
  if (error || options.root.empty())
    return make_error(Code::io, "the artifact folder has no usable path");
  options.root = root.lexically_normal().string();
  while (options.root.size() > 1 && options.root.ends_with('/')) options.root.pop_back();
  WEIR_CHECK(make_folder(options.root));
  return std::make_unique<DiskArtifacts>(std::move(options), clock);
}

Result<std::string> DiskArtifacts::file_of(std::string_view path) const {
  if (!is_artifact_path(path))
    return make_error(Code::not_found, std::string(path) + ": no such artifact");
  return options_.root + "/" + std::string(path);
}

Result<StoredArtifact> DiskArtifacts::store_bytes(std::string_view kind, std::string_view ns,
                                                  std::string_view name, std::string_view file,
                                                  std::string_view bytes) {
  if (bytes.size() > artifact_bytes_max)
    return make_error(Code::limit, "artifact is larger than tree_bytes_max");
  if (file.empty()) return make_error(Code::invalid, "artifact without a file name", "InvalidPath");
  StoredArtifact out;
  WEIR_TRY(out.path, artifact_path(kind, ns, name, file));
  out.digest = base::sha256(bytes).to_string();
  out.size = static_cast<std::int64_t>(bytes.size());
  WEIR_TRY(const std::string target, file_of(out.path));
  // The very same bytes stay untouched, time and all, so that downloads are not disturbed.
  if (const auto there = read_file(target, out.path); there && there->bytes == bytes) {
    out.time = there->time;
    return out;
  }
  cache_.remove(out.path);
  out.time = clock_.now();
  WEIR_CHECK(
      write_file(target, out.time, [&](const reconcile::ByteSink& sink) { return sink(bytes); }));
  return out;
}

Result<StoredArtifact> DiskArtifacts::store_stream(std::string_view kind, std::string_view ns,
                                                   std::string_view name, std::string_view file,
                                                   const reconcile::ByteProducer& write) {
  if (file.empty()) return make_error(Code::invalid, "artifact without a file name", "InvalidPath");
  StoredArtifact out;
  WEIR_TRY(out.path, artifact_path(kind, ns, name, file));
  WEIR_TRY(const std::string target, file_of(out.path));
  out.time = clock_.now();
  base::Sha256 hash;
  WEIR_CHECK(write_file(target, out.time, [&](const reconcile::ByteSink& sink) {
    return write([&](std::string_view bytes) -> Result<void> {
      out.size += static_cast<std::int64_t>(bytes.size());
      if (static_cast<std::uint64_t>(out.size) > artifact_bytes_max)
        return make_error(Code::limit, "artifact is larger than tree_bytes_max");
      hash.update(bytes);
      return sink(bytes);
    });
  }));
  cache_.remove(out.path);
  out.digest = hash.finish().to_string();
  return out;
}

Result<StoredArtifact> DiskArtifacts::store(std::string_view kind, std::string_view ns,
                                            std::string_view name, std::string_view file,
                                            const base::FileTree& tree,
                                            std::optional<std::string_view> ignore) {
  WEIR_TRY(PackedTree packed, pack_artifact(tree, ignore));
  WEIR_TRY(StoredArtifact stored, store_bytes(kind, ns, name, file, packed.bytes));
  cache_.add(stored.path, stored.digest, std::move(packed.tree), packed.tree_bytes);
  return stored;
}

Result<base::FileBytes> DiskArtifacts::read(std::string_view path, std::string_view digest) {
  WEIR_TRY(const std::string file, file_of(path));
  WEIR_TRY(DiskFile found, read_file(file, path));
  if (!digest.empty() && base::sha256(found.bytes).to_string() != digest)
    return make_error(Code::corrupt, std::string(path) + ": computed digest doesn't match");
  return std::make_shared<const std::string>(std::move(found.bytes));
}

Result<std::shared_ptr<const base::FileTree>> DiskArtifacts::open(std::string_view path,
                                                                  std::string_view digest) {
  if (auto kept = cache_.find(path, digest)) return kept;
  WEIR_TRY(const base::FileBytes bytes, read(path, digest));
  auto unpacked = base::unpack_targz(*bytes);
  if (!unpacked) return std::move(unpacked).error().with_context(path);
  std::shared_ptr<const base::FileTree> tree = std::move(*unpacked);
  // Manifests pack about five to one; what counts here is the order of magnitude.
  cache_.add(path, base::sha256(*bytes).to_string(), tree, 5 * bytes->size());
  return tree;
}

Result<void> DiskArtifacts::scan(std::string_view path, std::string_view digest,
                                 const reconcile::ByteSink& sink) {
  WEIR_TRY(const std::string file, file_of(path));
  WEIR_TRY(const Descriptor in, open_file(file, path));
  base::Sha256 hash;
  std::string buffer(scan_bytes, '\0');
  while (true) {
    const ssize_t got = ::read(in.number, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return disk_error("read", path, errno, "ReadOperationFailed");
    if (got == 0) break;
    const std::string_view piece(buffer.data(), static_cast<std::size_t>(got));
    if (!digest.empty()) hash.update(piece);
    WEIR_CHECK(sink(piece));
  }
  if (!digest.empty() && hash.finish().to_string() != digest)
    return make_error(Code::corrupt, std::string(path) + ": computed digest doesn't match");
  return {};
}

Result<std::string> DiskArtifacts::read_range(std::string_view path, std::uint64_t offset,
                                              std::uint64_t size) {
  WEIR_TRY(const std::string file, file_of(path));
  WEIR_TRY(const Descriptor in, open_file(file, path));
  if (size > artifact_bytes_max)
    return make_error(Code::limit, std::string(path) + ": larger than tree_bytes_max");
  std::string out(size, '\0');
  std::size_t at = 0;
  while (at < out.size()) {
    const ssize_t got =
        ::pread(in.number, out.data() + at, out.size() - at, static_cast<off_t>(offset + at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return disk_error("read", path, errno, "ReadOperationFailed");
    if (got == 0) return make_error(Code::corrupt, std::string(path) + ": shorter than it was");
    at += static_cast<std::size_t>(got);
  }
  return out;
}

bool DiskArtifacts::exists(std::string_view path, std::string_view digest) {
  const bool there = scan(path, digest, [](std::string_view) { return Result<void>(); }).ok();
  if (!there) cache_.remove(path);
  return there;
}

Result<std::vector<std::string>> DiskArtifacts::collect(std::string_view kind, std::string_view ns,
                                                        std::string_view name,
                                                        std::string_view current,
                                                        base::Duration ttl, std::size_t records) {
  WEIR_TRY(const std::string folder, artifact_path(kind, ns, name, {}));
  std::vector<StoredFile> files;
  std::error_code error;
  const std::string place = options_.root + "/" + folder;
  for (fs::directory_iterator one(place, error), end; !error && one != end; one.increment(error)) {
    struct ::stat status {};
    const std::string file = one->path().filename().string();
    if (::lstat(one->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (!file.ends_with(".lock") && !is_alias(file)) files.push_back({file, file_time(status)});
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return disk_error("list", folder, error.value(), "ReadOperationFailed");
  std::vector<std::string> removed;
  for (const std::string& file :
       garbage(std::move(files), base::base_name(current), clock_.now(), ttl, records)) {
    if (::unlink((place + "/" + file).c_str()) != 0 && errno != ENOENT)
      return disk_error("remove", file, errno, "GarbageCollectionFailed");
    ::unlink((place + "/" + file + ".lock").c_str());
    removed.push_back(folder + "/" + file);
    cache_.remove(removed.back());
  }
  return removed;
}

Result<void> DiskArtifacts::remove_all(std::string_view kind, std::string_view ns,
                                       std::string_view name) {
  WEIR_TRY(const std::string folder, artifact_path(kind, ns, name, {}));
  const std::string place = options_.root + "/" + folder;
  std::error_code error;
  for (fs::directory_iterator one(place, error), end; !error && one != end; one.increment(error))
    cache_.remove(folder + "/" + one->path().filename().string());
  fs::remove_all(place, error);
  if (error) return disk_error("remove", folder, error.value(), "GarbageCollectionFailed");
  return {};
}

std::string DiskArtifacts::url(std::string_view path) const {
  return artifact_url(options_.address, path);
}

std::string DiskArtifacts::publish(std::string_view path, std::string_view alias) {
  const auto file = file_of(path);
  if (!file || !is_alias(alias)) return {};
  const std::string folder(base::parent_path(*file));
  const std::string temporary = folder + "/.alias-" + std::string(alias);
  const std::string target = folder + "/" + std::string(alias);
  ::unlink(temporary.c_str());
  // A second name of the same file, not a symbolic link: nothing that is served leads elsewhere.
  if (::link(file->c_str(), temporary.c_str()) != 0) return {};
  if (::rename(temporary.c_str(), target.c_str()) != 0) return {};
  ::unlink(temporary.c_str());  // rename leaves it when both are already the same file
  return url(std::string(base::parent_path(path)) + "/" + std::string(alias));
}

Result<ServedPath> DiskArtifacts::resolve(std::string_view url_path) const {
  const Error missing = make_error(Code::not_found, "404 page not found");
  while (url_path.starts_with('/')) url_path.remove_prefix(1);
  while (url_path.ends_with('/')) url_path.remove_suffix(1);
  std::string file = options_.root;
  for (std::string_view rest = url_path; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    // Neither "..", nor a temporary file, nor anything that a link leads to.
    if (part.empty() || part[0] == '.' || part.find('\0') != std::string_view::npos) return missing;
    file.append("/").append(part);
    struct ::stat status {};
    if (::lstat(file.c_str(), &status) != 0) return missing;
    if (S_ISREG(status.st_mode) && rest.empty()) return ServedPath{std::move(file), false};
    if (!S_ISDIR(status.st_mode)) return missing;
  }
  return ServedPath{std::move(file), true};
}

}  // namespace weir::store
