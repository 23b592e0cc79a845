#include "adapters/net/response_reader.hh"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <limits>
#include <utility>

namespace weir::net {

namespace http = boost::beast::http;
using boost::beast::error_code;

struct ResponseReader::Parser final : http::basic_parser<false> {
  using View = boost::beast::string_view;

  int status = 0;
  bool head_complete = false;
  bool interim = false;
  Headers headers;
  std::string* body = nullptr;

  void on_request_impl(http::verb, View, View, int, error_code&) override {}
  void on_response_impl(int code, View, int, error_code&) override { status = code; }
  void on_field_impl(http::field, View name, View value, error_code&) override {
    if (head_complete) return;  // trailers
    headers.push_back({std::string(name), std::string(value)});
  }
  void on_header_impl(error_code&) override {
    head_complete = true;
    interim = status >= 100 && status < 200;
  }
  void on_body_init_impl(boost::optional<std::uint64_t> const& length, error_code&) override {
    if (length && body != nullptr && *length < (1u << 20)) body->reserve(body->size() + *length);
  }
  std::size_t on_body_impl(View bytes, error_code&) override {
    body->append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View bytes, error_code&) override {
    body->append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(error_code&) override {}
};

ResponseReader::ResponseReader(bool head_request) : head_request_(head_request) { restart(); }
ResponseReader::~ResponseReader() = default;

void ResponseReader::restart() {
  parser_ = std::make_unique<Parser>();
  parser_->header_limit(static_cast<std::uint32_t>(base::limits::http_header_bytes_max));
  // Not boost::none: Beast 1.74 takes that for zero. The cap is the caller's.
  parser_->body_limit((std::numeric_limits<std::uint64_t>::max)());
  parser_->skip(head_request_);
}

Result<std::size_t> ResponseReader::feed(std::string_view input, std::string& body) {
  std::size_t used = 0;
  while (used < input.size() && !done()) {
    parser_->body = &body;
    error_code error;
    bool had_head = parser_->head_complete;
    used +=
        parser_->put(boost::asio::const_buffer(input.data() + used, input.size() - used), error);
    if (error == http::error::need_more) break;
    if (error == http::error::header_limit) {
      return make_error(Code::limit, "the answer's header is longer than http_header_bytes_max");
    }
    if (error) return make_error(Code::unavailable, "malformed HTTP response: " + error.message());
    if (parser_->interim && parser_->is_done()) {
      restart();
      continue;
    }
    if (!had_head && parser_->head_complete) break;
  }
  return used;
}

Result<void> ResponseReader::finish() {
  if (done()) return {};
  if (!parser_->got_some()) return make_error(Code::unavailable, "EOF");
  error_code error;
  parser_->put_eof(error);
  if (error) return make_error(Code::unavailable, "unexpected EOF");
  return {};
}

bool ResponseReader::head_done() const { return parser_->head_complete && !parser_->interim; }
bool ResponseReader::done() const { return parser_->is_done() && !parser_->interim; }
bool ResponseReader::keep_alive() const { return parser_->is_done() && parser_->keep_alive(); }
int ResponseReader::status() const { return parser_->status; }
Headers& ResponseReader::headers() { return parser_->headers; }

}  // namespace weir::net
