#include "adapters/net/gunzip.hh"

#include <zlib.h>

namespace weir::net {

struct Gunzip::State {
  z_stream stream{};
  bool begun = false;
  bool ended = false;
};

Gunzip::Gunzip() : state_(std::make_unique<State>()) {
  WEIR_ASSERT(inflateInit2(&state_->stream, 15 + 16) == Z_OK);
}

Gunzip::~Gunzip() { inflateEnd(&state_->stream); }

Result<void> Gunzip::feed(std::string_view input, std::string& out, std::size_t size_max) {
  z_stream& stream = state_->stream;
  char buffer[16384];
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uInt>(input.size());
  while (stream.avail_in > 0) {
    if (state_->ended) {  // a gzip body may have several members
      inflateReset(&stream);
      state_->ended = false;
    }
    state_->begun = true;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer);
      stream.avail_out = sizeof buffer;
      int result = inflate(&stream, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        return make_error(Code::unavailable, "malformed gzip body");
      }
      std::size_t produced = sizeof buffer - stream.avail_out;
      if (produced > size_max || out.size() > size_max - produced) {
        return make_error(Code::limit, "the decoded body is longer than " +
                                           std::to_string(size_max) +
                                           " bytes (http_body_bytes_max)");
      }
      out.append(buffer, produced);
      state_->ended = result == Z_STREAM_END;
    } while (!state_->ended && stream.avail_out == 0);
  }
  return {};
}

Result<void> Gunzip::finish() const {
  if (state_->begun && !state_->ended) return make_error(Code::unavailable, "gzip: unexpected EOF");
  return {};
}

}  // namespace weir::net
