#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "engine/base/targz.hh"

namespace weir::base {
namespace {

constexpr std::size_t block_bytes = 512;
// A PAX header or GNU long name holds one path and little else.
constexpr std::size_t extension_bytes_max = 1u << 20;

Error invalid(std::string message) { return make_error(Code::invalid, std::move(message)); }

// Inflates gzip members one after the other, never past `bytes_max` in all.
class Gunzip {
 public:
  Gunzip(std::string_view bytes, std::size_t bytes_max) : bytes_max_(bytes_max), rest_(bytes) {
    WEIR_ASSERT(inflateInit2(&stream_, 15 + 16) == Z_OK);
  }
  ~Gunzip() { inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // Fills `out` as far as there is input; the number of bytes written.
  Result<std::size_t> read(char* out, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
      if (ended_ && rest_.empty()) break;
      if (ended_) {
        if (inflateReset(&stream_) != Z_OK) return invalid("gzip: cannot reset");
        ended_ = false;
      }
      const auto chunk_in = static_cast<uInt>(std::min<std::size_t>(rest_.size(), 1u << 30));
      const auto chunk_out = static_cast<uInt>(std::min<std::size_t>(size - done, 1u << 30));
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest_.data()));
      stream_.avail_in = chunk_in;
      stream_.next_out = reinterpret_cast<Bytef*>(out + done);
      stream_.avail_out = chunk_out;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      rest_.remove_prefix(chunk_in - stream_.avail_in);
      done += chunk_out - stream_.avail_out;
      ended_ = code == Z_STREAM_END;
      if (code == Z_BUF_ERROR) return invalid("gzip: unexpected end of data");
      if (code != Z_OK && code != Z_STREAM_END) return invalid("gzip: invalid data");
    }
    total_ += done;
    if (total_ > bytes_max_)
      return make_error(Code::limit,
                        "archive unpacks to more than " + std::to_string(bytes_max_) + " bytes");
    return done;
  }

 private:
  z_stream stream_{};
  std::size_t bytes_max_;
  std::size_t total_ = 0;
  std::string_view rest_;
  bool ended_ = false;
};

std::string_view text_field(const char* field, std::size_t width) {
  return std::string_view(field, strnlen(field, width));
}

// Octal text, or GNU's base 256. Nothing when it is neither.
std::optional<std::uint64_t> number_field(const char* field, std::size_t width) {
  const auto lead = static_cast<unsigned char>(field[0]);
  std::uint64_t number = 0;
  if (lead & 0x80) {
    if (lead != 0x80) return std::nullopt;  // negative, or past 88 bits
    for (std::size_t i = 1; i < width; ++i) {
      if (number >> 56) return std::nullopt;
      number = number << 8 | static_cast<unsigned char>(field[i]);
    }
    return number;
  }
  std::string_view text = text_field(field, width);
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.empty()) return 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 8);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool checksum_holds(const char* header) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < block_bytes; ++i)
    sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
  const auto stated = number_field(header + 148, 8);
  return stated && *stated == sum;
}

// What an extension header says of the entry behind it.
struct Extension {
  std::optional<std::string> path;
  std::optional<std::uint64_t> size;
};

Result<void> read_pax(std::string_view records, Extension& out) {
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, error] =
        std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<std::size_t>(end - records.data());
    if (error != std::errc() || length <= digits + 2 || length > records.size() ||
        records[digits] != ' ' || records[length - 1] != '\n')
      return invalid("tar: malformed PAX record");
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    records.remove_prefix(length);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) return invalid("tar: malformed PAX record");
    const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key.starts_with("GNU.sparse.")) return invalid("tar: sparse files are not supported");
    if (key == "path") out.path = std::string(value);
    if (key == "size") {
      std::uint64_t size = 0;
      const auto parsed = std::from_chars(value.data(), value.data() + value.size(), size);
      if (parsed.ec != std::errc() || parsed.ptr != value.data() + value.size())
        return invalid("tar: malformed PAX size");
      out.size = size;
    }
  }
  return {};
}

std::string printable(std::string_view name) {
  std::string out(name.substr(0, 200));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return out;
}

// The cleaned path, or an error for a name that no consumer of artifacts takes.
Result<std::string> safe_name(std::string_view name) {
  const bool bad = name.empty() || name.size() > limits::path_bytes_max || name.front() == '/' ||
                   name.find('\\') != std::string_view::npos ||
                   name.find('\0') != std::string_view::npos ||
                   name.find("../") != std::string_view::npos || name.ends_with("..");
  const auto clean = bad ? std::nullopt : clean_path(name);
  if (!clean) return invalid("tar contained invalid name error \"" + printable(name) + "\"");
  return *clean;
}

class Reader {
 public:
  Reader(std::string_view bytes, const UnpackLimits& caps, const EntryVisitor* visitor = nullptr)
      : caps_(caps),
        gunzip_(bytes, caps.bytes_max),
        tree_(std::make_shared<MemoryFileTree>()),
        visitor_(visitor) {}

  Result<std::shared_ptr<const MemoryFileTree>> run() {
    char header[block_bytes];
    for (;;) {
      WEIR_TRY(const std::size_t got, gunzip_.read(header, block_bytes));
      const bool zeros = std::all_of(header, header + got, [](char c) { return c == 0; });
      if (got == 0 || (got == block_bytes && zeros)) break;
      if (got != block_bytes) return invalid("tar: unexpected end of data");
      if (!checksum_holds(header)) return invalid("tar: invalid header");
      WEIR_CHECK(entry(header));
    }
    return std::shared_ptr<const MemoryFileTree>(tree_);
  }

 private:
  Result<std::string> content(std::uint64_t size, std::size_t size_max) {
    if (size > size_max)
      return make_error(Code::limit,
                        "tar: an entry is larger than " + std::to_string(size_max) + " bytes");
    std::string bytes(size, '\0');
    WEIR_TRY(const std::size_t got, gunzip_.read(bytes.data(), size));
    char padding[block_bytes];
    const std::size_t rest = (block_bytes - size % block_bytes) % block_bytes;
    WEIR_TRY(const std::size_t padded, gunzip_.read(padding, rest));
    if (got != size || padded != rest) return invalid("tar: unexpected end of data");
    return bytes;
  }

  Result<void> entry(const char* header) {
    auto size = number_field(header + 124, 12);
    const auto mode = number_field(header + 100, 8);
    if (!size || !mode) return invalid("tar: invalid header");
    const char type = header[156];
    if (type == 'x' || type == 'L' || type == 'g' || type == 'K') {
      WEIR_TRY(std::string bytes, content(*size, extension_bytes_max));
      if (type == 'x') return read_pax(bytes, extension_);
      if (type == 'L') extension_.path = std::string(text_field(bytes.data(), bytes.size()));
      return {};
    }
    std::string name(text_field(header, 100));
    if (std::memcmp(header + 257, "ustar\0", 6) == 0 && header[345] != 0)
      name = std::string(text_field(header + 345, 155)) + "/" + name;
    if (extension_.path) name = *std::move(extension_.path);
    if (extension_.size) size = extension_.size;
    extension_ = {};
    if (visitor_) {
      const auto modified = number_field(header + 136, 12);
      return visit(name, type, *size, static_cast<std::int64_t>(modified.value_or(0)));
    }
    return add(name, type, (*mode & 0111) != 0, *size);
  }

  Result<void> visit(const std::string& name, char type, std::uint64_t size,
                     std::int64_t modified) {
    if (++entries_ > caps_.files_max) return too_many();
    ArchiveEntry entry{name, type == '5' || name.ends_with('/'), 0, modified};
    if (!entry.directory && (type == '0' || type == '\0' || type == '7')) entry.size = size;
    bool taken = false;
    WEIR_CHECK((*visitor_)(entry, [&]() -> Result<std::string> {
      taken = true;
      return content(entry.size, caps_.file_bytes_max);
    }));
    if (!taken) WEIR_CHECK(content(entry.size, caps_.bytes_max));
    return {};
  }

  Error too_many() const {
    return make_error(Code::limit,
                      "archive holds more than " + std::to_string(caps_.files_max) + " entries");
  }

  Result<void> add(const std::string& name, char type, bool executable, std::uint64_t size) {
    WEIR_TRY(const std::string path, safe_name(name));
    if (++entries_ > caps_.files_max) return too_many();
    const bool file = type == '0' || type == '\0' || type == '7';
    const bool directory = type == '5' || (type == '\0' && name.ends_with('/'));
    if (!file && !directory && type != '2')
      return invalid("tar file entry " + printable(name) + " contained unsupported file type");
    if (type == '2') return {};
    WEIR_TRY(std::string bytes, content(directory ? 0 : size, caps_.file_bytes_max));
    if (conflicts(path, directory))
      return invalid("tar: " + printable(name) + " is a file and a directory");
    if (directory) {
      tree_->add_directory(path);
    } else {
      tree_->add(path, std::move(bytes), executable);
    }
    return {};
  }

  // A file where a directory stands, or the other way round, at the path or above it.
  bool conflicts(std::string_view path, bool directory) const {
    const auto there = tree_->stat(path);
    if (there && (*there == EntryType::directory) != directory) return true;
    for (std::string_view up = parent_path(path); !up.empty(); up = parent_path(up))
      if (tree_->stat(up) == EntryType::file) return true;
    return false;
  }

  UnpackLimits caps_;
  Gunzip gunzip_;
  std::shared_ptr<MemoryFileTree> tree_;
  const EntryVisitor* visitor_;
  Extension extension_;
  std::size_t entries_ = 0;
};

}  // namespace

Result<std::shared_ptr<const MemoryFileTree>> unpack_targz(std::string_view bytes,
                                                           const UnpackLimits& caps) {
  return Reader(bytes, caps).run();
}

Result<void> visit_targz(std::string_view bytes, const UnpackLimits& caps,
                         const EntryVisitor& visitor) {
  WEIR_CHECK(Reader(bytes, caps, &visitor).run());
  return {};
}

}  // namespace weir::base
