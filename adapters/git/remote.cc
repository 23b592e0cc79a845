#include "adapters/git/remote.hh"

#include <git2.h>
#include <git2/sys/transport.h>

#include <algorithm>

#include "adapters/git/ssh_transport.hh"
#include "engine/base/digest.hh"
#include "engine/base/limits.hh"

namespace weir::git {
namespace {

Error authentication(std::string message) {
  return make_error(Code::invalid, std::move(message), "AuthenticationFailed");
}

int refuse_credentials(git_credential**, const char*, const char*, unsigned, void* payload) {
  // Ours went with the first request already, so asking again means they were refused.
  Operation& operation = *static_cast<Operation*>(payload);
  operation.fail(make_error(Code::unauthorized, "authentication required"));
  return GIT_EAUTH;
}

int accept_checked_certificate(git_cert*, int valid, const char*, void*) { return valid ? 0 : -1; }

int on_progress(const git_indexer_progress* progress, void* payload) {
  Operation& operation = *static_cast<Operation*>(payload);
  if (operation.expired())
    return operation.fail(make_error(Code::timeout, "context deadline exceeded"));
  if (progress->received_bytes > base::limits::git_pack_bytes_max)
    return operation.fail(make_error(Code::limit, "the fetch is larger than git_pack_bytes_max"));
  return 0;
}

int on_sideband(const char*, int, void* payload) {
  Operation& operation = *static_cast<Operation*>(payload);
  return operation.expired()
             ? operation.fail(make_error(Code::timeout, "context deadline exceeded"))
             : 0;
}

int on_pushed(const char* name, const char* status, void* payload) {
  if (status == nullptr) return 0;
  Operation& operation = *static_cast<Operation*>(payload);
  return operation.fail(make_error(Code::conflict, "the server refused " + std::string(name) +
                                                       ": " + std::string(status)));
}

// A header's value may hold no control character, or it would be another header.
bool header_safe(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

}  // namespace

struct Remote::Options {
  std::string header;
  char* headers[1] = {nullptr};
  git_remote_callbacks callbacks{};
};

std::string mirror_reference(std::string_view name) {
  return "refs/weir/" + base::sha256(name).hex().substr(0, 40);
}

Result<void> Remote::check_credentials(const RemoteUrl& url,
                                       const reconcile::GitCredentials& credentials) {
  if (url.scheme == "ssh") {
    if (credentials.ssh_identity.empty())
      return authentication("invalid 'ssh' auth option: 'identity' is required");
    if (credentials.ssh_known_hosts.empty())
      return authentication("invalid 'ssh' auth option: 'known_hosts' is required");
    return {};
  }
  if (!credentials.bearer_token.empty() && !url.user.empty())
    return authentication("basic auth and bearer token cannot be set at the same time");
  if (credentials.username.empty() && !credentials.password.empty())
    return authentication("invalid 'basic' auth options: 'password' requires 'username' to be set");
  if (!header_safe(credentials.bearer_token))
    return authentication("the bearer token holds a control character");
  return {};
}

Remote::Remote(git_repository* repository, Operation& operation)
    : repository_(repository), operation_(operation), options_(std::make_unique<Options>()) {
  const reconcile::GitCredentials& credentials = operation.credentials;
  const RemoteUrl& url = operation.url;
  const bool over_http = url.scheme == "http" || url.scheme == "https";
  if (over_http && !credentials.bearer_token.empty()) {
    options_->header = "Authorization: Bearer " + credentials.bearer_token;
  } else if (over_http && (!credentials.username.empty() || !url.user.empty())) {
    const bool own = !credentials.username.empty();
    options_->header =
        "Authorization: Basic " + base::base64_encode(own ? credentials.username + ":" +
                                                                credentials.password
                                                          : url.user + ":" + url.password);
  }
  operation.confidential = !options_->header.empty() || !credentials.client_key.empty();
  options_->headers[0] = options_->header.data();
  git_remote_callbacks& callbacks = options_->callbacks;
  git_remote_init_callbacks(&callbacks, GIT_REMOTE_CALLBACKS_VERSION);
  callbacks.payload = &operation;
  callbacks.credentials = refuse_credentials;
  callbacks.certificate_check = accept_checked_certificate;
  callbacks.transfer_progress = on_progress;
  callbacks.sideband_progress = on_sideband;
  callbacks.push_update_reference = on_pushed;
  if (url.scheme == "ssh") callbacks.transport = make_ssh_transport;
}

Remote::~Remote() {
  if (remote_) git_remote_disconnect(remote_);
  git_remote_free(remote_);
}

Error Remote::failure(int code) const {
  if (operation_.failure) return *operation_.failure;
  if (operation_.expired()) return make_error(Code::timeout, "context deadline exceeded");
  const git_error* last = git_error_last();
  std::string text = last && last->message ? last->message : "unknown failure";
  if (code == GIT_EAUTH) return make_error(Code::unauthorized, "authentication required");
  // libgit2 has no code for these.
  if (text.find("status code: 403") != std::string::npos)
    return make_error(Code::forbidden, "authorization failed: " + text);
  if (code == GIT_ENOTFOUND || text.find("status code: 404") != std::string::npos)
    return make_error(Code::not_found, "repository not found: " + text);
  return make_error(Code::unavailable, std::move(text));
}

Result<void> Remote::connect(bool push) {
  const RemoteUrl& url = operation_.url;
  git_error_clear();
  git_remote_create_options creation;
  git_remote_create_options_init(&creation, GIT_REMOTE_CREATE_OPTIONS_VERSION);
  creation.repository = repository_;
  // No rewriting of the address by configuration; its look-up leaks memory in libgit2 1.5 besides.
  creation.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF;
  if (const int code = git_remote_create_with_opts(&remote_, url.clean.c_str(), &creation))
    return failure(code);
  git_remote_connect_options options;
  git_remote_connect_options_init(&options, GIT_REMOTE_CONNECT_OPTIONS_VERSION);
  options.callbacks = options_->callbacks;
  options.proxy_opts.type = GIT_PROXY_NONE;
  options.follow_redirects =
      operation_.confidential ? GIT_REMOTE_REDIRECT_NONE : GIT_REMOTE_REDIRECT_INITIAL;
  if (!options_->header.empty()) options.custom_headers = {options_->headers, 1};
  if (const int code = git_remote_connect_ext(
          remote_, push ? GIT_DIRECTION_PUSH : GIT_DIRECTION_FETCH, &options))
    return failure(code);
  return {};
}

Result<std::vector<RemoteReference>> Remote::list() {
  const git_remote_head** heads = nullptr;
  std::size_t count = 0;
  if (const int code = git_remote_ls(&heads, &count, remote_)) return failure(code);
  if (count > base::limits::git_references_max)
    return make_error(Code::limit, "remote has more than git_references_max references");
  std::vector<RemoteReference> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    char id[GIT_OID_HEXSZ + 1];
    git_oid_tostr(id, sizeof id, &heads[i]->oid);
    out.push_back({heads[i]->name, id});
  }
  return out;
}

Result<void> Remote::fetch(const std::vector<std::string>& names) {
  std::vector<std::string> specs;
  for (const std::string& name : names)
    specs.push_back("+" + name + ":" + mirror_reference(name));
  std::vector<char*> pointers;
  for (std::string& spec : specs) pointers.push_back(spec.data());
  const git_strarray array{pointers.data(), pointers.size()};
  git_fetch_options options;
  git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
  options.callbacks = options_->callbacks;
  options.proxy_opts.type = GIT_PROXY_NONE;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  options.follow_redirects =
      operation_.confidential ? GIT_REMOTE_REDIRECT_NONE : GIT_REMOTE_REDIRECT_INITIAL;
  if (!options_->header.empty()) options.custom_headers = {options_->headers, 1};
  git_error_clear();
  if (const int code = git_remote_download(remote_, &array, &options)) return failure(code);
  return {};
}

Result<void> Remote::push(const std::string& local, const std::string& name) {
  std::string spec = local + ":" + name;
  char* pointer = spec.data();
  const git_strarray array{&pointer, 1};
  git_push_options options;
  git_push_options_init(&options, GIT_PUSH_OPTIONS_VERSION);
  options.callbacks = options_->callbacks;
  options.proxy_opts.type = GIT_PROXY_NONE;
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  if (!options_->header.empty()) options.custom_headers = {options_->headers, 1};
  git_error_clear();
  const int code = git_remote_upload(remote_, &array, &options);
  if (code == GIT_ENONFASTFORWARD)
    return make_error(Code::conflict, "the branch has moved: what is there is not in the mirror");
  if (code != 0) return failure(code);
  return {};
}

}  // namespace weir::git
