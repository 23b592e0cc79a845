// PEM as Go's encoding/pem reads and writes it. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::tmpl {

struct PemBlock {
  std::string type;  // "RSA PRIVATE KEY"
  std::string bytes;
};

// The first whole block of a text; nothing when there is none.
std::optional<PemBlock> read_pem(std::string_view text);
std::string write_pem(const PemBlock& block);

}  // namespace weir::tmpl
