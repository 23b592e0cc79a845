// What the kinds of `weir create` share: the flags, the object's metadata, writing it.
#pragma once

#include <string>
#include <vector>

#include "tools/weir/connection.hh"
#include "tools/weir/flux_kinds.hh"

namespace weir::cli {

struct CreateCommon {
  Connection connection;
  std::string name, interval = "1m0s";
  std::vector<std::string> labels;
  bool only_export = false;

  // `what`: "HelmRelease".
  void add_to(Args& args, const std::string& what);
};

// apiVersion, kind, metadata and the spec, its members sorted. Error: invalid (a name, a label).
Result<Value> make_flux_object(const CreateCommon& common, const Gvk& gvk, Value spec);
// --interval in Go's form. Error: invalid.
Result<std::string> interval_text(const CreateCommon& common);
// Makes the object, or replaces the spec and labels of the one that is there, and says so of
// `what`: "HelmRelease created".
Result<void> put_object(const CreateCommon& common, const Value& object, const std::string& what);

// Credentials of a Helm repository that are not in a Secret yet.
struct HelmLogin {
  std::string username, password, cert_file, key_file, ca_file;

  void add_to(Args& args);
  // The Secret "helm-<name>"; null when there are none. Errors: invalid (half a pair), io.
  Result<Value> secret(const CreateCommon& common) const;
};

// The same of a Bucket: its keys. The Secret is "bucket-<name>"; null unless both are given.
struct BucketLogin {
  std::string access_key, secret_key;

  void add_to(Args& args);
  Value secret(const CreateCommon& common) const;
};

// weir create helmrelease.
int run_create_release(const KindWords& words);

}  // namespace weir::cli
