// A self-signed certificate for a loopback port, made at start and never stored.
//
// Owner: api/kube. No threads. Failure: internal when the library refuses.
#pragma once

#include <string>

#include "engine/base/result.hh"

namespace weir::api::kube {

struct Certificate {
  std::string certificate;  // PEM
  std::string key;          // PEM; a secret
};

// For localhost, 127.0.0.1 and `address`; valid for ten years.
Result<Certificate> make_certificate(const std::string& address);

}  // namespace weir::api::kube
