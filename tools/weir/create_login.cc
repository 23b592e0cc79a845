// Credentials that `weir create source helm` is given become a Secret beside the repository.
#include "tools/weir/create.hh"
#include "tools/weir/host.hh"

namespace weir::cli {

void HelmLogin::add_to(Args& args) {
  args.option("-u,--username", username, "User of the repository; kept in a Secret.");
  args.option("-p,--password", password, "Its password.");
  args.option("--cert-file", cert_file, "PEM file of a client certificate.");
  args.option("--key-file", key_file, "PEM file of its key.");
  args.option("--ca-file", ca_file, "PEM file of whom to trust.");
}

Result<Value> HelmLogin::secret(const CreateCommon& common) const {
  if (cert_file.empty() != key_file.empty())
    return make_error(Code::invalid, "--cert-file and --key-file go together");
  if (username.empty() != password.empty())
    return make_error(Code::invalid, "--username and --password go together");
  Value data = Value::object();
  if (!username.empty()) {
    data.set("username", username);
    data.set("password", password);
  }
  const std::pair<std::string_view, const std::string*> files[] = {
      {"ca.crt", &ca_file}, {"tls.crt", &cert_file}, {"tls.key", &key_file}};
  for (const auto& [key, path] : files) {
    if (path->empty()) continue;
    WEIR_TRY(const std::string text, read_file(*path));
    data.set(key, text);
  }
  if (data.empty()) return Value();
  return Value::object(
      {{"apiVersion", "v1"},
       {"kind", "Secret"},
       {"metadata", Value::object({{"name", "helm-" + common.name},
                                   {"namespace", common.connection.ns()}})},
       {"stringData", std::move(data)},
       {"type", cert_file.empty() ? "Opaque" : "kubernetes.io/tls"}});
}

}  // namespace weir::cli
