// Content digests. A Digest is the algorithm's 32 bytes of SHA-256; text form "sha256:<64 hex>".
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::base {

struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  auto operator<=>(const Digest&) const = default;
  // True when every byte is zero: "no digest".
  bool empty() const;
  std::string hex() const;        // 64 lower-case hex digits
  std::string to_string() const;  // "sha256:" + hex()
  // From "sha256:<hex>" or bare hex. Error: invalid.
  static Result<Digest> parse(std::string_view text);
};

Digest sha256(std::string_view bytes);

// Incremental SHA-256. Not copyable; one thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::string_view bytes);
  Digest finish();  // once

 private:
  void* context_;
};

std::string hex_encode(std::string_view bytes);
Result<std::string> hex_decode(std::string_view text);
// Standard alphabet with padding; decode also takes input without padding and ignores newlines.
std::string base64_encode(std::string_view bytes);
Result<std::string> base64_decode(std::string_view text);

}  // namespace weir::base
