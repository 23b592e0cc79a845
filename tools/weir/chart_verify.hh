// --verify: a package is held against its provenance file, which a key of a ring must have signed.
#pragma once

#include <string>

#include "engine/base/result.hh"

namespace weir::cli {

// "" = pubring.gpg in GNUPGHOME or ~/.gnupg.
std::string keyring_file(const std::string& given);

// Errors: not_found (the keyring), invalid, forbidden, in Helm's words.
Result<void> verify_package(const std::string& package, const std::string& file_name,
                            const std::string& provenance, const std::string& keyring);

// The bytes of the package at `path`, after its .prov beside it. Errors: as above; io.
Result<std::string> verified_package(const std::string& path, const std::string& keyring);

}  // namespace weir::cli
