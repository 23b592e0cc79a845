#include "api/kube/kubeconfig.hh"

#include <openssl/rand.h>

#include "engine/base/digest.hh"

namespace weir::api::kube {

std::string kubeconfig(const std::string& url, const std::string& token,
                       const std::string& certificate) {
  std::string out =
      "apiVersion: v1\nkind: Config\ncurrent-context: weir\nclusters:\n- name: weir\n  cluster:\n  "
      "  server: " +
      url + "\n";
  if (!certificate.empty()) {
    out += "    certificate-authority-data: " + base::base64_encode(certificate) + "\n";
  }
  out += "users:\n- name: weir\n  user:\n    token: " + token +
         "\ncontexts:\n- name: weir\n  context:\n    cluster: weir\n    user: weir\n";
  return out;
}

Result<std::string> random_token() {
  std::string bytes(32, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) !=
      1) {
    return make_error(Code::internal, "no random bytes for a token");
  }
  return base::hex_encode(bytes);
}

}  // namespace weir::api::kube
