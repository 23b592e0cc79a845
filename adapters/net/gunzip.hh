// Streaming gzip decoding for HTTP bodies. One thread. Errors: unavailable (not gzip, cut short),
// limit (more output than the caller allows).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::net {

class Gunzip {
 public:
  Gunzip();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // Decodes `input` and appends to `out`, which may grow to `size_max` at most.
  Result<void> feed(std::string_view input, std::string& out, std::size_t size_max);
  // Error when the stream was cut short.
  Result<void> finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::net
