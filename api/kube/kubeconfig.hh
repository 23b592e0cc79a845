// The kubeconfig of an embedded API, and tokens for it.
//
// Owner: api/kube. No threads, no failure but a broken random source (internal).
#pragma once

#include <string>

#include "engine/base/result.hh"

namespace weir::api::kube {

// YAML with one cluster, user and context named "weir". `certificate` is PEM, "" without TLS.
std::string kubeconfig(const std::string& url, const std::string& token,
                       const std::string& certificate);

// 32 random bytes in hex.
Result<std::string> random_token();

}  // namespace weir::api::kube
