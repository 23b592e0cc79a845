#include "engine/base/gzip.hh"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace weir::base {
namespace {

constexpr std::size_t chunk_bytes = 64u << 10;
constexpr int gzip_window = 15 + 16;

Bytef* input_of(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

uInt part_of(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

class Inflater {
 public:
  Inflater() { WEIR_ASSERT(inflateInit2(&stream, gzip_window) == Z_OK); }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream stream{};
};

}  // namespace

std::string gzip_compress(std::string_view bytes) {
  z_stream stream{};
  WEIR_ASSERT(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window, 8,
                           Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out;
  std::string_view rest = bytes;
  int code = Z_OK;
  while (code != Z_STREAM_END) {
    if (stream.avail_in == 0) {
      stream.next_in = input_of(rest);
      stream.avail_in = part_of(rest.size());
      rest.remove_prefix(stream.avail_in);
    }
    const std::size_t done = out.size();
    out.resize(done + chunk_bytes);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream.avail_out = chunk_bytes;
    code = deflate(&stream, rest.empty() ? Z_FINISH : Z_NO_FLUSH);
    WEIR_ASSERT(code != Z_STREAM_ERROR);
    out.erase(done + (chunk_bytes - stream.avail_out));
  }
  deflateEnd(&stream);
  return out;
}

Result<std::string> gzip_expand(std::string_view bytes, std::size_t bytes_max) {
  Inflater inflater;
  z_stream& stream = inflater.stream;
  std::string out;
  std::string_view rest = bytes;
  bool ended = false;
  while (true) {
    if (stream.avail_in == 0) {
      if (rest.empty()) break;
      stream.next_in = input_of(rest);
      stream.avail_in = part_of(rest.size());
      rest.remove_prefix(stream.avail_in);
    }
    if (ended && inflateReset(&stream) != Z_OK) break;
    ended = false;
    const std::size_t done = out.size();
    out.resize(done + chunk_bytes);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream.avail_out = chunk_bytes;
    const int code = inflate(&stream, Z_NO_FLUSH);
    out.erase(done + (chunk_bytes - stream.avail_out));
    if (code != Z_OK && code != Z_STREAM_END) return make_error(Code::corrupt, "gzip: bad stream");
    ended = code == Z_STREAM_END;
    if (out.size() > bytes_max)
      return make_error(Code::limit,
                        "gzip: unpacks to more than " + std::to_string(bytes_max) + " bytes");
  }
  // What the last call left in the decoder comes out without further input.
  while (!ended) {
    const std::size_t done = out.size();
    out.resize(done + chunk_bytes);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream.avail_out = chunk_bytes;
    const int code = inflate(&stream, Z_NO_FLUSH);
    out.erase(done + (chunk_bytes - stream.avail_out));
    if (code == Z_BUF_ERROR || (code != Z_OK && code != Z_STREAM_END))
      return make_error(Code::corrupt, "gzip: unexpected end");
    ended = code == Z_STREAM_END;
    if (out.size() > bytes_max)
      return make_error(Code::limit,
                        "gzip: unpacks to more than " + std::to_string(bytes_max) + " bytes");
  }
  return out;
}

}  // namespace weir::base
