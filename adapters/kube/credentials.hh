// The bearer token of a cluster's access: fixed, from a file that is rotated under us, or from a
// credential plugin. Thread-safe; reading a file or running a plugin blocks the caller.
#pragma once

#include <memory>
#include <string>

#include "adapters/kube/kubeconfig.hh"
#include "engine/base/result.hh"

namespace weir::kube {

class Credentials {
 public:
  virtual ~Credentials() = default;
  // The value of the Authorization header; "" = none.
  virtual Result<std::string> authorization() = 0;
  // The server refused the last value (401): true when another one can be had now.
  virtual bool refresh() = 0;
};

// Runs the plugin of `access`, if it has one, and puts a client certificate that it returns into
// access.tls. Errors: unavailable (a plugin that fails), invalid (what it prints), io.
Result<std::unique_ptr<Credentials>> make_credentials(ClusterAccess& access);

// What a credential plugin printed.
struct ExecCredential {
  std::string token;
  std::string cert_pem, key_pem;
  std::string expiration;  // RFC 3339, or ""
};
// Error: invalid; the text never holds what was printed.
Result<ExecCredential> parse_exec_credential(std::string_view json, const ExecPlugin& plugin);
// Starts the program (no shell) with KUBERNETES_EXEC_INFO and waits for it, five minutes at most.
Result<ExecCredential> run_exec_plugin(const ClusterAccess& access);

}  // namespace weir::kube
