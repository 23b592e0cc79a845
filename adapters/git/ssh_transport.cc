#include "adapters/git/ssh_transport.hh"

#include <git2.h>
#include <git2/sys/transport.h>
#include <libssh2.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "adapters/git/known_hosts.hh"
#include "adapters/git/socket.hh"
#include "engine/base/digest.hh"

namespace weir::git {
namespace {

// A session with one channel that runs git-upload-pack or git-receive-pack. Serves both as
// subtransport and as its stream.
class Session {
 public:
  explicit Session(Operation& operation) : operation_(operation) {}
  ~Session() { close(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Result<void> open(std::string_view command);
  Result<std::size_t> read(char* out, std::size_t size);
  Result<void> write(const char* bytes, std::size_t size);
  void close();
  Operation& operation() { return operation_; }

 private:
  // Repeats a libssh2 call until it is done with EAGAIN, waiting for the socket in between.
  template <typename Call>
  auto repeat(const Call& call) -> Result<decltype(call())>;
  Result<void> handshake(const KnownHosts& known_hosts);
  Result<void> check_host_key(const KnownHosts& known_hosts);
  Result<void> authenticate();
  Result<void> start(std::string_view command);
  Error failed(std::string_view what);
  Result<void> wait();

  Operation& operation_;
  Socket socket_;
  LIBSSH2_SESSION* session_ = nullptr;
  LIBSSH2_CHANNEL* channel_ = nullptr;
};

Error Session::failed(std::string_view what) {
  char* text = nullptr;
  int size = 0;
  libssh2_session_last_error(session_, &text, &size, 0);
  return make_error(Code::unavailable, "ssh: " + std::string(what) + ": " +
                                           std::string(text, static_cast<std::size_t>(size)));
}

Result<void> Session::wait() {
  const int directions = libssh2_session_block_directions(session_);
  return socket_.wait((directions & LIBSSH2_SESSION_BLOCK_OUTBOUND) == 0, operation_);
}

template <typename Call>
auto Session::repeat(const Call& call) -> Result<decltype(call())> {
  for (;;) {
    const auto code = call();
    if (code != LIBSSH2_ERROR_EAGAIN) return code;
    WEIR_CHECK(wait());
  }
}

// Offers only the host key types on record, so that the server shows a key that can be checked. A
// recorded ssh-rsa key also serves the signatures rsa-sha2-512 and -256.
Result<void> Session::handshake(const KnownHosts& known_hosts) {
  const RemoteUrl& url = operation_.url;
  std::string types;
  for (const std::string& type : known_hosts.key_types(url.host, url.port)) {
    if (!types.empty()) types += ',';
    types += type == "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256,ssh-rsa" : type;
  }
  if (types.empty())
    return make_error(Code::forbidden, "ssh: handshake failed: knownhosts: key is unknown");
  if (libssh2_session_method_pref(session_, LIBSSH2_METHOD_HOSTKEY, types.c_str()) != 0)
    return make_error(Code::unsupported, "ssh: no supported host key type among " + types);
  WEIR_TRY(const int code,
           repeat([&] { return libssh2_session_handshake(session_, socket_.descriptor()); }));
  if (code != 0) return failed("handshake failed");
  return check_host_key(known_hosts);
}

Result<void> Session::check_host_key(const KnownHosts& known_hosts) {
  std::size_t size = 0;
  int type = 0;
  const char* key = libssh2_session_hostkey(session_, &size, &type);
  if (!key) return failed("no host key");
  return known_hosts.check(operation_.url.host, operation_.url.port, std::string_view(key, size));
}

// Whether a private key in PEM (PKCS#1, PKCS#8 or OpenSSH's form) is RSA's.
bool is_rsa(std::string_view pem) {
  if (pem.find("BEGIN RSA PRIVATE KEY") != pem.npos) return true;
  std::string body;
  for (std::string_view rest = pem; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (!line.starts_with("-----")) body += line.substr(0, line.find_last_not_of(" \r\t") + 1);
  }
  constexpr std::string_view rsa_oid = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
  const auto bytes = base::base64_decode(body);
  return bytes && (bytes->find("ssh-rsa") != bytes->npos || bytes->find(rsa_oid) != bytes->npos);
}

// libssh2 before 1.11 signs with SHA-1 when the key is RSA, which OpenSSH refuses since 8.8.
std::string key_hint(std::string_view identity) {
  if (LIBSSH2_VERSION_NUM >= 0x010b00 || !is_rsa(identity)) return "";
  return " (an RSA key signs with SHA-1 here, which most servers refuse: use ecdsa or ed25519)";
}

Result<void> Session::authenticate() {
  const reconcile::GitCredentials& credentials = operation_.credentials;
  std::string user = operation_.url.user;
  if (user.empty()) user = credentials.username.empty() ? "git" : credentials.username;
  const char* passphrase =
      credentials.ssh_passphrase.empty() ? nullptr : credentials.ssh_passphrase.c_str();
  WEIR_TRY(const int code, repeat([&] {
             return libssh2_userauth_publickey_frommemory(
                 session_, user.data(), user.size(), nullptr, 0, credentials.ssh_identity.data(),
                 credentials.ssh_identity.size(), passphrase);
           }));
  if (code == 0) return {};
  if (code == LIBSSH2_ERROR_FILE || code == LIBSSH2_ERROR_KEYFILE_AUTH_FAILED)
    return make_error(Code::invalid, "ssh: cannot read the private key of the Secret",
                      "AuthenticationFailed");
  if (code == LIBSSH2_ERROR_SOCKET_DISCONNECT || code == LIBSSH2_ERROR_SOCKET_RECV)
    return failed("authentication");
  return make_error(Code::unauthorized, "ssh: handshake failed: ssh: unable to authenticate, "
                                        "attempted methods [none publickey]" +
                                            key_hint(credentials.ssh_identity));
}

Result<void> Session::start(std::string_view command) {
  for (;;) {
    channel_ = libssh2_channel_open_session(session_);
    if (channel_) break;
    if (libssh2_session_last_errno(session_) != LIBSSH2_ERROR_EAGAIN)
      return failed("cannot open a channel");
    WEIR_CHECK(wait());
  }
  WEIR_TRY(const int code, repeat([&] {
             return libssh2_channel_process_startup(channel_, "exec", 4, command.data(),
                                                    static_cast<unsigned>(command.size()));
           }));
  if (code != 0) return failed("cannot run the command");
  return {};
}

Result<void> Session::open(std::string_view command) {
  auto known_hosts = KnownHosts::parse(operation_.credentials.ssh_known_hosts);
  if (!known_hosts) {
    Error error = std::move(known_hosts).error();
    error.reason = "AuthenticationFailed";
    return error;
  }
  WEIR_CHECK(socket_.connect(operation_.url.host, operation_.url.port, operation_));
  session_ = libssh2_session_init();
  WEIR_ASSERT(session_);
  libssh2_session_set_blocking(session_, 0);
  WEIR_CHECK(handshake(*known_hosts));
  WEIR_CHECK(authenticate());
  return start(command);
}

Result<std::size_t> Session::read(char* out, std::size_t size) {
  if (operation_.expired()) return timeout_error();
  WEIR_TRY(const ssize_t got, repeat([&] { return libssh2_channel_read(channel_, out, size); }));
  if (got < 0) return failed("read");
  if (got > 0) return static_cast<std::size_t>(got);
  // At its end: what git-upload-pack said on stderr explains an early one.
  char text[512];
  const ssize_t said = libssh2_channel_read_stderr(channel_, text, sizeof text);
  if (said > 0) {
    std::string words(text, static_cast<std::size_t>(said));
    for (char& c : words)
      if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    return make_error(Code::unavailable, "remote: " + words);
  }
  return std::size_t{0};
}

Result<void> Session::write(const char* bytes, std::size_t size) {
  while (size > 0) {
    if (operation_.expired()) return timeout_error();
    WEIR_TRY(const ssize_t sent,
             repeat([&] { return libssh2_channel_write(channel_, bytes, size); }));
    if (sent < 0) return failed("write");
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return {};
}

// Says goodbye only as far as the socket takes it at once. With the socket shut down, every further
// call of libssh2 ends in an error instead of EAGAIN, so that the frees below really free.
void Session::close() {
  if (session_) libssh2_session_disconnect(session_, "done");
  if (socket_.descriptor() >= 0) ::shutdown(socket_.descriptor(), SHUT_RDWR);
  constexpr int tries_max = 100;
  for (int i = 0; channel_ && i < tries_max; ++i)
    if (libssh2_channel_free(channel_) != LIBSSH2_ERROR_EAGAIN) channel_ = nullptr;
  channel_ = nullptr;
  for (int i = 0; session_ && i < tries_max; ++i)
    if (libssh2_session_free(session_) != LIBSSH2_ERROR_EAGAIN) session_ = nullptr;
  session_ = nullptr;
  socket_.close();
}

struct Stream;

struct Subtransport {
  git_smart_subtransport parent{};
  Operation* operation = nullptr;
  std::unique_ptr<Session> session;
  Stream* stream = nullptr;  // owned by libgit2, which frees it first
};

struct Stream {
  git_smart_subtransport_stream parent{};
  Session* session = nullptr;
};

int on_read(git_smart_subtransport_stream* raw, char* out, size_t size, size_t* bytes_read) {
  Session& session = *reinterpret_cast<Stream*>(raw)->session;
  auto got = session.read(out, size);
  if (!got) return session.operation().fail(std::move(got).error());
  *bytes_read = *got;
  return 0;
}

int on_write(git_smart_subtransport_stream* raw, const char* bytes, size_t size) {
  Session& session = *reinterpret_cast<Stream*>(raw)->session;
  auto written = session.write(bytes, size);
  return written ? 0 : session.operation().fail(std::move(written).error());
}

void on_stream_free(git_smart_subtransport_stream* raw) {
  reinterpret_cast<Subtransport*>(raw->subtransport)->stream = nullptr;
  delete reinterpret_cast<Stream*>(raw);
}

// The path in single quotes, as the server's shell reads it; "/~user/x" is relative to a home.
std::string command_for(bool push, std::string_view path) {
  if (path.starts_with("/~")) path.remove_prefix(1);
  std::string command = push ? "git-receive-pack '" : "git-upload-pack '";
  for (const char c : path) {
    if (c == '\'' || c == '!') {
      command.append("'\\").append(1, c).append("'");
    } else {
      command += c;
    }
  }
  return command + "'";
}

int on_action(git_smart_subtransport_stream** out, git_smart_subtransport* raw, const char*,
              git_smart_service_t action) {
  auto& transport = *reinterpret_cast<Subtransport*>(raw);
  Operation& operation = *transport.operation;
  const bool push = action == GIT_SERVICE_RECEIVEPACK_LS || action == GIT_SERVICE_RECEIVEPACK;
  const bool listing = action == GIT_SERVICE_UPLOADPACK_LS || action == GIT_SERVICE_RECEIVEPACK_LS;
  // The listing and what follows it are one conversation on one stream.
  if (!listing && transport.stream) {
    *out = &transport.stream->parent;
    return 0;
  }
  transport.session = std::make_unique<Session>(operation);
  auto opened = transport.session->open(command_for(push, operation.url.path));
  if (!opened) return operation.fail(std::move(opened).error());
  auto stream = std::make_unique<Stream>();
  stream->parent.subtransport = raw;
  stream->parent.read = on_read;
  stream->parent.write = on_write;
  stream->parent.free = on_stream_free;
  stream->session = transport.session.get();
  transport.stream = stream.release();
  *out = &transport.stream->parent;
  return 0;
}

int on_close(git_smart_subtransport* raw) {
  reinterpret_cast<Subtransport*>(raw)->session.reset();
  return 0;
}

void on_free(git_smart_subtransport* raw) { delete reinterpret_cast<Subtransport*>(raw); }

int make_subtransport(git_smart_subtransport** out, git_transport*, void* operation) {
  auto transport = std::make_unique<Subtransport>();
  transport->parent.action = on_action;
  transport->parent.close = on_close;
  transport->parent.free = on_free;
  transport->operation = static_cast<Operation*>(operation);
  *out = &transport.release()->parent;
  return 0;
}

}  // namespace

int make_ssh_transport(git_transport** out, git_remote* owner, void* operation) {
  static std::once_flag once;
  std::call_once(once, [] { WEIR_ASSERT(libssh2_init(0) == 0); });
  git_smart_subtransport_definition definition{make_subtransport, 0, operation};
  return git_transport_smart(out, owner, &definition);
}

}  // namespace weir::git
