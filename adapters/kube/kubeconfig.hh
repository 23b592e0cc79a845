// How to reach a cluster and as whom: kubeconfig files as kubectl reads them, and the in-cluster
// account.
//
// Pure but for reading the named files. Errors name file and field: invalid (malformed, missing
// entry), not_found (an explicit file that is not there, no configuration at all), unsupported
// (exec plugins where they are not allowed, basic auth, auth-provider), io. Texts never hold a
// token, key or password.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/net/http_client.hh"
#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::kube {

// A client-go credential plugin (users[].user.exec).
struct ExecPlugin {
  std::string command;  // absolute, or looked up in PATH
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string api_version;
  std::string install_hint;
  std::string interactive_mode;
  bool provide_cluster_info = false;
};

// A token that somebody hands out, and when another one is to be asked for (RFC 3339; "": never).
struct IssuedToken {
  std::string token, renew_at;
};

struct ClusterAccess {
  std::string server;  // "https://host:6443", maybe with a path prefix, no trailing '/'
  net::TlsOptions tls;
  std::string proxy_url;
  bool disable_compression = false;
  std::string token;
  std::string token_file;  // read again when it changes; wins over token
  std::optional<ExecPlugin> exec;
  std::function<Result<IssuedToken>()> issue;  // asked for tokens; wins over all of the above
  net::Headers
      impersonate;      // Impersonate-* of the user entry (as, as-uid, as-groups, as-user-extra)
  std::string context;  // its name, "" in cluster
  std::string ns;       // the context's namespace, "default" when it names none
  // Something in the file was left out on purpose (insecure-skip-tls-verify): for logs.
  std::vector<std::string> notes;
};

struct KubeconfigOptions {
  std::string context, cluster, user;  // --context, --cluster, --user; "" = as the files say
  bool allow_exec = false;  // exec plugins; without it they are an error (the engine runs nothing)
  bool allow_files = true;  // paths to certificates and tokens; without it they are an error
  bool allow_insecure =
      true;  // insecure-skip-tls-verify; without it the certificate is verified anyway
  // What is not allowed is left out with a note, unless nothing else says who one is; so is
  // impersonation.
  bool drop_refused = false;
};

// One kubeconfig in text (a Secret's value); `file` names it in errors and is the base of relative
// paths.
Result<ClusterAccess> parse_kubeconfig(std::string_view text, const std::string& file,
                                       const KubeconfigOptions& options);

// Several files merged as kubectl merges $KUBECONFIG: of two entries of one name the first file's
// counts, files that do not exist are skipped. not_found when none exists.
Result<ClusterAccess> load_kubeconfig(const std::vector<std::string>& files,
                                      const KubeconfigOptions& options);

// The pod's service account: KUBERNETES_SERVICE_HOST and _PORT, and the files in `directory`.
// not_found outside of a pod.
Result<ClusterAccess> in_cluster_access(
    const std::string& directory = "/var/run/secrets/kubernetes.io/serviceaccount");

// What kubectl would use: `path` (--kubeconfig) when set, else $KUBECONFIG, else ~/.kube/config,
// else the pod's service account.
Result<ClusterAccess> find_access(const std::string& path, const KubeconfigOptions& options);

}  // namespace weir::kube
