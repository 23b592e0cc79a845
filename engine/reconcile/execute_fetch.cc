#include <map>

#include "engine/base/digest.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/flows.hh"

namespace weir::reconcile {
namespace {

using SecretData = std::map<std::string, std::string, std::less<>>;

StepError authentication_error(std::string message) {
  return {Code::unauthorized, "AuthenticationFailed", std::move(message), false};
}

Result<SecretData> read_secret(KubeApi& kube, const std::string& ns, const std::string& name) {
  const std::string id = "'" + ns + "/" + name + "'";
  auto secret = kube.get({Gvk{"", "v1", "Secret"}, ns, name});
  if (!secret.ok()) return std::move(secret).error().with_context("failed to get secret " + id);
  SecretData data;
  for (const auto& member : (*secret)["data"].members()) {
    auto bytes = base::base64_decode(member.value.get_string());
    if (!bytes.ok())
      return make_error(Code::invalid, "secret " + id + ": key '" + std::string(member.name()) +
                                           "' is not base64");
    data.emplace(member.name(), *std::move(bytes));
  }
  return data;
}

std::string take(const SecretData& data, std::string_view key) {
  const auto found = data.find(key);
  return found == data.end() ? std::string() : found->second;
}

// Contract 1.7: basic needs both halves; ssh needs identity and known_hosts.
Result<GitCredentials> git_credentials(const SecretData& data, std::string_view url) {
  GitCredentials out;
  out.username = take(data, "username");
  out.password = take(data, "password");
  out.bearer_token = take(data, "bearerToken");
  out.ssh_identity = take(data, "identity");
  out.ssh_known_hosts = take(data, "known_hosts");
  out.ca_file = take(data, "ca.crt");
  if (out.ca_file.empty()) out.ca_file = take(data, "caFile");
  out.client_cert = take(data, "tls.crt");
  out.client_key = take(data, "tls.key");
  if (out.client_cert.empty() != out.client_key.empty())
    return make_error(Code::invalid,
                      "invalid secret: 'tls.crt' and 'tls.key' must be set together");
  if (url.starts_with("ssh://")) {
    out.ssh_passphrase = std::move(out.password);
    out.password.clear();
    if (out.ssh_identity.empty() || out.ssh_known_hosts.empty())
      return make_error(Code::invalid, "invalid secret: 'identity' and 'known_hosts' are required");
    return out;
  }
  if (out.bearer_token.empty() && out.username.empty() != out.password.empty())
    return make_error(Code::invalid,
                      "invalid secret: 'username' and 'password' must be set together");
  return out;
}

StepError from_git(const Error& error) {
  const std::string reason = error.reason.empty() ? "GitOperationFailed" : error.reason;
  return {error.code, reason, error.message, reason == "URLInvalid"};
}

}  // namespace

OutcomeBody Executor::run(const ObjectId& owner, const FetchSource& fetch) {
  GitRequest request;
  request.url = fetch.spec.url;
  request.reference = {fetch.spec.branch, fetch.spec.tag, fetch.spec.semver, fetch.spec.name,
                       fetch.spec.commit};
  request.timeout = fetch.spec.timeout;
  request.allow_local = options_.allow_local_sources;
  if (!fetch.spec.secret_name.empty()) {
    auto data = read_secret(*ports_.kube, owner.ns, fetch.spec.secret_name);
    if (!data.ok()) return authentication_error(data.error().message);
    auto credentials = git_credentials(*data, request.url);
    if (!credentials.ok()) return authentication_error(credentials.error().message);
    request.credentials = *std::move(credentials);
  } else if (request.url.starts_with("ssh://")) {
    return authentication_error(
        "failed to configure authentication options: 'identity' is required");
  }
  const bool stored =
      !fetch.current.empty() && ports_.artifacts->exists(fetch.current.path, fetch.current.digest);
  if (stored && !fetch.settings_changed) request.known_revision = fetch.current.revision;
  auto checkout = ports_.git->checkout(request);
  if (!checkout.ok()) return from_git(checkout.error());
  SourceFetched out;
  out.commit = checkout->commit;
  if (checkout->unchanged) {
    out.unchanged = true;
    out.artifact = fetch.current;
    out.artifact.url = ports_.artifacts->url(out.artifact.path);
    return out;
  }
  std::optional<std::string_view> ignore;
  if (fetch.spec.ignore) ignore = *fetch.spec.ignore;
  auto artifact =
      ports_.artifacts->store("gitrepository", owner.ns, owner.name,
                              checkout->commit.sha + ".tar.gz", *checkout->tree, ignore);
  if (!artifact.ok()) {
    const std::string reason =
        artifact.error().reason.empty() ? "ArchiveOperationFailed" : artifact.error().reason;
    return StepError{artifact.error().code, reason, artifact.error().message, false};
  }
  out.stored = *artifact;
  out.artifact = {checkout->revision, artifact->digest, artifact->path,
                  ports_.artifacts->url(artifact->path), ""};
  return out;
}

}  // namespace weir::reconcile
