#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "engine/base/targz.hh"

namespace weir::base {
namespace {

constexpr std::size_t block_bytes = 512;
// Fastest level: on manifests a third larger than level 6, in a third of its time.
constexpr int gzip_level = 1;

struct Counter {
  std::size_t files = 0;
  std::size_t bytes = 0;

  Result<void> add(std::size_t size) {
    bytes += size;
    if (++files > limits::tree_files_max)
      return make_error(Code::limit, "tree holds more than tree_files_max entries");
    if (bytes > limits::tree_bytes_max)
      return make_error(Code::limit, "tree holds more than tree_bytes_max bytes");
    return {};
  }
};

std::string child_path(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}

// Calls visit(path, entry) for every file and directory below `directory`, in the order of a
// lexical walk.
template <typename Visit>
Result<void> walk(const FileTree& tree, const std::string& directory, const Visit& visit) {
  if (directory.size() > limits::path_bytes_max)
    return make_error(Code::limit, "a path is longer than path_bytes_max");
  WEIR_TRY(const std::vector<DirectoryEntry> entries, tree.list(directory));
  for (const DirectoryEntry& entry : entries) {
    if (entry.type == EntryType::symlink) continue;
    const std::string path = child_path(directory, entry.name);
    WEIR_CHECK(visit(path, entry));
    if (entry.type == EntryType::directory) WEIR_CHECK(walk(tree, path, visit));
  }
  return {};
}

class Gzip {
 public:
  // A header without name or time: mtime 0, OS 255 (unknown), so that the bytes depend on the input
  // alone.
  Gzip() {
    WEIR_ASSERT(deflateInit2(&stream_, gzip_level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) ==
                Z_OK);
    header_.os = 255;
    WEIR_ASSERT(deflateSetHeader(&stream_, &header_) == Z_OK);
  }
  ~Gzip() { deflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  void write(std::string_view bytes) { run(bytes, Z_NO_FLUSH); }
  std::string finish() {
    run({}, Z_FINISH);
    return std::move(out_);
  }

 private:
  void run(std::string_view bytes, int flush) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_);
      stream_.avail_out = sizeof buffer_;
      WEIR_ASSERT(deflate(&stream_, flush) != Z_STREAM_ERROR);
      out_.append(buffer_, sizeof buffer_ - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

  z_stream stream_{};
  gz_header header_{};
  std::string out_;
  char buffer_[64 * 1024];
};

void put_octal(char* field, std::size_t width, std::size_t number) {
  for (std::size_t i = width - 1; i-- > 0; number >>= 3)
    field[i] = static_cast<char>('0' + (number & 7));
}

void write_padded(Gzip& gzip, std::string_view bytes) {
  static constexpr char zeros[block_bytes] = {};
  gzip.write(bytes);
  if (const std::size_t rest = bytes.size() % block_bytes)
    gzip.write(std::string_view(zeros, block_bytes - rest));
}

void write_header(Gzip& gzip, std::string_view name, char type, unsigned mode, std::size_t size) {
  char header[block_bytes] = {};
  std::memcpy(header, name.data(), std::min<std::size_t>(name.size(), 100));
  put_octal(header + 100, 8, mode);
  put_octal(header + 108, 8, 0);
  put_octal(header + 116, 8, 0);
  put_octal(header + 124, 12, size);
  put_octal(header + 136, 12, 0);
  std::memset(header + 148, ' ', 8);
  header[156] = type;
  std::memcpy(header + 257, "ustar\00000", 8);
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put_octal(header + 148, 7, sum);
  header[154] = '\0';
  gzip.write(std::string_view(header, sizeof header));
}

// "<length> path=<name>\n", the length counting itself.
std::string pax_path(std::string_view name) {
  std::string body = " path=" + std::string(name) + "\n";
  std::size_t length = body.size() + 1;
  while (std::to_string(length).size() + body.size() != length) ++length;
  return std::to_string(length) + body;
}

void write_entry(Gzip& gzip, const std::string& name, bool directory, unsigned mode,
                 std::string_view bytes) {
  const std::string full = directory && name != "." ? name + "/" : name;
  const bool ascii = std::all_of(full.begin(), full.end(), [](char c) { return c > 0; });
  if (full.size() > 100 || !ascii) {
    const std::string record = pax_path(full);
    write_header(gzip, "PaxHeaders.0/entry", 'x', 0600, record.size());
    write_padded(gzip, record);
  }
  write_header(gzip, full, directory ? '5' : '0', mode, bytes.size());
  write_padded(gzip, bytes);
}

}  // namespace

Result<std::shared_ptr<const MemoryFileTree>> filter_tree(const FileTree& tree,
                                                          const IgnoreRules* rules) {
  auto out = std::make_shared<MemoryFileTree>();
  Counter counter;
  const auto keep = [&](const std::string& path, const DirectoryEntry& entry) -> Result<void> {
    const bool directory = entry.type == EntryType::directory;
    // An excluded directory is entered all the same: a later pattern may bring back what lies
    // below.
    if (rules && rules->excluded(path, directory)) return {};
    if (directory) {
      out->add_directory(path);
      return counter.add(0);
    }
    WEIR_TRY(FileBytes bytes, tree.read(path));
    WEIR_CHECK(counter.add(bytes->size()));
    out->add(path, std::move(bytes), entry.executable);
    return {};
  };
  WEIR_CHECK(walk(tree, "", keep));
  return std::shared_ptr<const MemoryFileTree>(std::move(out));
}

Result<std::string> pack_targz(const FileTree& tree) {
  Gzip gzip;
  Counter counter;
  write_entry(gzip, ".", true, 0750, {});
  const auto write = [&](const std::string& path, const DirectoryEntry& entry) -> Result<void> {
    if (entry.type == EntryType::directory) {
      write_entry(gzip, path, true, 0750, {});
      return counter.add(0);
    }
    WEIR_TRY(const FileBytes bytes, tree.read(path));
    WEIR_CHECK(counter.add(bytes->size()));
    write_entry(gzip, path, false, entry.executable ? 0700 : 0600, *bytes);
    return {};
  };
  WEIR_CHECK(walk(tree, "", write));
  gzip.write(std::string(2 * block_bytes, '\0'));
  return gzip.finish();
}

}  // namespace weir::base
