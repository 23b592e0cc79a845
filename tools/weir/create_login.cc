// Credentials that `weir create source helm` and `bucket` are given become a Secret beside the
// source.
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

void BucketLogin::add_to(Args& args) {
  args.option("--access-key", access_key, "Access key of the bucket; kept in a Secret.");
  args.option("--secret-key", secret_key, "Its secret key.");
}

Value BucketLogin::secret(const CreateCommon& common) const {
  if (access_key.empty() || secret_key.empty()) return {};
  Value metadata = Value::object({{"name", "bucket-" + common.name},
                                  {"namespace", common.connection.ns()}});
  return Value::object(
      {{"apiVersion", "v1"},
       {"kind", "Secret"},
       {"metadata", std::move(metadata)},
       {"stringData", Value::object({{"accesskey", access_key}, {"secretkey", secret_key}})},
       {"type", "Opaque"}});
}

}  // namespace weir::cli
