// Varints and length-prefixed strings: the pieces of every binary record that weir stores.
//
// append_* never fail. Reader walks bytes it does not own; after the first malformed piece every
// further read answers a zero value and ok() is false, so a record is read straight through and
// checked once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/digest.hh"

namespace weir::event {

// LEB128, the shortest form: 1 byte below 128, 10 at most.
void append_varint(std::string& out, std::uint64_t number);
void append_string(std::string& out, std::string_view text);  // varint length, bytes
void append_digest(std::string& out, const base::Digest& digest);  // 32 bytes
void append_big_endian(std::string& out, std::uint64_t number);    // 8 bytes; sorts as the number

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t byte();
  std::uint64_t varint();    // refuses a form that is longer than needed
  std::string_view string(); // points into the bytes read
  base::Digest digest();
  std::uint64_t big_endian();

  bool ok() const { return !failed_; }
  bool at_end() const { return ok() && rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view take(std::size_t count);

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace weir::event
