// Clear-signed messages (RFC 4880, section 7), as provenance files of charts are. librnp is loaded
// when the first is checked: no other start waits for it. For the command line, whose only thread
// it is: while librnp works, nothing is said on stderr.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::openpgp {

// Whether `bytes` is a ring of keys, of public or secret ones, not armored. Error: invalid, in the
// words of Go's OpenPGP ("openpgp: invalid data: ...", "unexpected EOF").
Result<void> check_keyring(std::string_view bytes);

// The text that a key of the ring signed. Errors: invalid ("signature block not found"), forbidden
// ("openpgp: signature made by unknown entity", "openpgp: invalid signature: ..."), unsupported
// (librnp is not there).
Result<std::string> verified_text(std::string_view message, std::string_view keyring);

}  // namespace weir::openpgp
