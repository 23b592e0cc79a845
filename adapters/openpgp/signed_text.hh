// Clear-signed messages (RFC 4880, section 7), as provenance files of charts are. librnp is loaded
// when the first is checked: no other start waits for it. For the command line, whose only thread
// it is: while librnp works, nothing is said on stderr.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::openpgp {

class Keyring {
 public:
  // Of public or secret keys, not armored. Errors: invalid, in the words of Go's OpenPGP ("openpgp:
  // invalid data: ...", "unexpected EOF"); unsupported (librnp is not there).
  static Result<std::unique_ptr<Keyring>> read(std::string_view bytes);
  ~Keyring();
  Keyring(const Keyring&) = delete;
  Keyring& operator=(const Keyring&) = delete;

  // The text that a key of the ring signed. Errors: invalid ("signature block not found"),
  // forbidden ("openpgp: signature made by unknown entity", "openpgp: invalid signature: ...").
  Result<std::string> verified_text(std::string_view message) const;

 private:
  struct Keys;
  explicit Keyring(std::unique_ptr<Keys> keys);
  const std::unique_ptr<Keys> keys_;
};

}  // namespace weir::openpgp
