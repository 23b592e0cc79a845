// Decodes one HTTP/1.1 response from bytes as they arrive: head, length-delimited, chunked or
// until-close bodies; interim (1xx) answers are skipped. Beast's parser does the grammar.
//
// One thread. Errors: unavailable (malformed or cut short), limit (head above
// http_header_bytes_max).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "adapters/net/http_client.hh"
#include "engine/base/result.hh"

namespace weir::net {

class ResponseReader {
 public:
  // `head_request`: the answer to HEAD has no body whatever its headers say.
  explicit ResponseReader(bool head_request);
  ~ResponseReader();
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;

  // Takes in `input`, appends body bytes to `body`. Returns how much was used; the rest must be
  // offered again with more behind it. Stops at the end of the head, so that the caller may look at
  // it.
  Result<std::size_t> feed(std::string_view input, std::string& body);
  // The other side closed: fine when the body lasts until the close.
  Result<void> finish();

  bool head_done() const;
  bool done() const;
  // True when the connection may carry another request (after done()).
  bool keep_alive() const;
  int status() const;
  Headers& headers();

 private:
  struct Parser;
  void restart();
  bool head_request_;
  std::unique_ptr<Parser> parser_;
};

}  // namespace weir::net
