#include "api/audit/auth.hh"

#include <sodium.h>

namespace weir::api::audit {
namespace {

// As long as the compared part is public (its length), the time tells nothing of the bytes.
bool equal_tokens(std::string_view a, std::string_view b) {
  return a.size() == b.size() && !a.empty() && ::sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool is_loopback(std::string_view peer) {
  if (peer.starts_with('[')) peer.remove_prefix(1);
  return peer.starts_with("127.") || peer.starts_with("::1") || peer.starts_with("::ffff:127.");
}

Result<std::string_view> bearer(const kube::Request& request) {
  constexpr std::string_view scheme = "Bearer ";
  const std::string_view header = request.header("Authorization");
  if (!header.starts_with(scheme) || header.size() == scheme.size())
    return make_error(Code::unauthorized, "a bearer token is needed");
  return header.substr(scheme.size());
}

Result<Value> review(reconcile::KubeApi& kube, std::string_view api_version, std::string_view kind,
                     Value spec) {
  const Value object = Value::object(
      {{"apiVersion", api_version}, {"kind", kind}, {"spec", std::move(spec)}});
  reconcile::WriteOptions write;
  write.field_manager = "weir";
  auto answer = kube.create(object, write);
  // The cluster's text is not passed on: it may quote what was sent.
  if (!answer.ok())
    return make_error(Code::unavailable, "the cluster did not answer the " + std::string(kind) +
                                             " (" +
                                             std::string(base::code_name(answer.error().code)) +
                                             ")");
  return (*answer)["status"];
}

Result<std::string> ask_cluster(reconcile::KubeApi& kube, std::string_view token,
                                std::string_view path, std::string_view verb) {
  WEIR_TRY(const Value who, review(kube, "authentication.k8s.io/v1", "TokenReview",
                                   Value::object({{"token", token}})));
  const std::string user(who.path("user", "username").get_string());
  if (!who["authenticated"].get_bool() || user.empty() || !who["error"].get_string().empty())
    return make_error(Code::unauthorized, "the token is not valid in this cluster");
  Value spec = Value::object({{"user", user},
                              {"nonResourceAttributes",
                               Value::object({{"path", path}, {"verb", verb}})}});
  const Value& groups = who.path("user", "groups");
  if (groups.is_array()) spec.set("groups", groups);
  const Value& uid = who.path("user", "uid");
  if (uid.is_string()) spec.set("uid", uid);
  WEIR_TRY(const Value may, review(kube, "authorization.k8s.io/v1", "SubjectAccessReview", spec));
  if (!may["allowed"].get_bool() || may["denied"].get_bool())
    return make_error(Code::forbidden, "user \"" + user + "\" may not " + std::string(verb) + " " +
                                           std::string(path));
  return user;
}

}  // namespace

Result<std::string> authorize(const AuditOptions& options, const kube::Request& request,
                              std::string_view path, std::string_view verb) {
  WEIR_TRY(const std::string_view token, bearer(request));
  const bool near = !options.token_on_loopback_only || is_loopback(request.peer);
  if (near && equal_tokens(token, options.token)) return options.token_user;
  if (options.reviews == nullptr)
    return make_error(Code::unauthorized, "the token is not the one in the data directory");
  return ask_cluster(*options.reviews, token, path, verb);
}

}  // namespace weir::api::audit
