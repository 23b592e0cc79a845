#include "adapters/git/streams.hh"

#include <git2.h>
#include <git2/sys/stream.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <strings.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "adapters/git/socket.hh"
#include "engine/base/freed.hh"

namespace weir::git {
namespace {

using SslContext = std::unique_ptr<SSL_CTX, base::Freed<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, base::Freed<SSL_free>>;
using Bio = std::unique_ptr<BIO, base::Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, base::Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, base::Freed<EVP_PKEY_free>>;

struct Stream {
  git_stream parent{};  // first: libgit2 knows this part only
  Operation* operation = nullptr;
  std::string host, port;
  Socket socket;
  SslContext context;
  Ssl ssl;
  git_cert_x509 certificate{};
  std::string certificate_bytes;
};

Stream& self(git_stream* stream) { return *reinterpret_cast<Stream*>(stream); }

Error authentication(std::string message) {
  return make_error(Code::invalid, std::move(message), "AuthenticationFailed");
}

Bio memory(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Result<void> add_authorities(SSL_CTX* context, const std::string& pem) {
  const Bio bio = memory(pem);
  std::size_t count = 0;
  while (const Certificate one{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one.get());
    ++count;
  }
  ERR_clear_error();
  if (count == 0) return authentication("no certificate in the CA of the Secret");
  return {};
}

Result<void> add_identity(SSL_CTX* context, const reconcile::GitCredentials& credentials) {
  const Bio bio = memory(credentials.client_cert), key_bio = memory(credentials.client_key);
  const Certificate leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  // No passphrase is ever asked for on a terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  const Key key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_passphrase, nullptr));
  if (!leaf || !key || SSL_CTX_use_certificate(context, leaf.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    ERR_clear_error();
    return authentication("the client certificate and key of the Secret are not a pair");
  }
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
    SSL_CTX_add_extra_chain_cert(context, one);
  ERR_clear_error();
  return {};
}

Result<void> prepare(Stream& stream) {
  const reconcile::GitCredentials& credentials = stream.operation->credentials;
  stream.context.reset(SSL_CTX_new(TLS_client_method()));
  WEIR_ASSERT(stream.context);
  SSL_CTX* context = stream.context.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_default_verify_paths(context);
  ERR_clear_error();
  if (!credentials.ca_file.empty()) WEIR_CHECK(add_authorities(context, credentials.ca_file));
  if (credentials.client_cert.empty() != credentials.client_key.empty())
    return authentication("a client certificate needs its key, and a key its certificate");
  if (!credentials.client_cert.empty()) WEIR_CHECK(add_identity(context, credentials));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  stream.ssl.reset(SSL_new(context));
  WEIR_ASSERT(stream.ssl);
  SSL* ssl = stream.ssl.get();
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, stream.host.c_str()) != 1) {
    ERR_clear_error();
    SSL_set1_host(ssl, stream.host.c_str());
    SSL_set_tlsext_host_name(ssl, stream.host.c_str());
  }
  SSL_set_fd(ssl, stream.socket.descriptor());
  return {};
}

// What to do after an SSL call said `code`: wait and repeat (true), or give up with the error.
Result<void> wait_for_ssl(Stream& stream, int code) {
  const int error = SSL_get_error(stream.ssl.get(), code);
  if (error == SSL_ERROR_WANT_READ) return stream.socket.wait(true, *stream.operation);
  if (error == SSL_ERROR_WANT_WRITE) return stream.socket.wait(false, *stream.operation);
  const long verified = SSL_get_verify_result(stream.ssl.get());
  std::string text = "tls: connection failed";
  if (verified != X509_V_OK) {
    text = std::string("tls: failed to verify certificate: ") +
           X509_verify_cert_error_string(verified);
  } else if (const unsigned long queued = ERR_peek_last_error()) {
    if (const char* reason = ERR_reason_error_string(queued)) text = std::string("tls: ") + reason;
  }
  ERR_clear_error();
  return make_error(Code::unavailable, std::move(text));
}

Result<void> handshake(Stream& stream) {
  WEIR_CHECK(prepare(stream));
  for (;;) {
    ERR_clear_error();
    const int code = SSL_connect(stream.ssl.get());
    if (code == 1) return {};
    WEIR_CHECK(wait_for_ssl(stream, code));
  }
}

// With credentials in hand, only the address that the user wrote may be reached; a server may still
// move the conversation from http to https.
bool permitted(const Stream& stream) {
  const RemoteUrl& url = stream.operation->url;
  if (!stream.operation->confidential) return true;
  return strcasecmp(stream.host.c_str(), url.host.c_str()) == 0 &&
         (stream.port == url.port || (url.port == "80" && stream.port == "443"));
}

int on_connect(git_stream* raw) {
  Stream& stream = self(raw);
  if (!permitted(stream))
    return stream.operation->fail(make_error(
        Code::forbidden, "redirect to another host refused, since credentials are set"));
  auto connected = stream.socket.connect(stream.host, stream.port, *stream.operation);
  if (connected && raw->encrypted) connected = handshake(stream);
  return connected ? 0 : stream.operation->fail(std::move(connected).error());
}

int on_certificate(git_cert** out, git_stream* raw) {
  Stream& stream = self(raw);
  const Certificate peer(SSL_get1_peer_certificate(stream.ssl.get()));
  unsigned char* bytes = nullptr;
  const int size = peer ? i2d_X509(peer.get(), &bytes) : 0;
  if (size <= 0) return -1;
  stream.certificate_bytes.assign(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  stream.certificate.parent.cert_type = GIT_CERT_X509;
  stream.certificate.data = stream.certificate_bytes.data();
  stream.certificate.len = stream.certificate_bytes.size();
  *out = &stream.certificate.parent;
  return 0;
}

ssize_t on_read(git_stream* raw, void* out, size_t size) {
  Stream& stream = self(raw);
  if (!raw->encrypted) {
    auto got = stream.socket.read(static_cast<char*>(out), size, *stream.operation);
    return got ? static_cast<ssize_t>(*got) : stream.operation->fail(std::move(got).error());
  }
  for (;;) {
    if (stream.operation->expired()) return stream.operation->fail(timeout_error());
    ERR_clear_error();
    const int got =
        SSL_read(stream.ssl.get(), out, static_cast<int>(std::min<size_t>(size, 1 << 20)));
    if (got > 0) return got;
    if (SSL_get_error(stream.ssl.get(), got) == SSL_ERROR_ZERO_RETURN) return 0;
    if (auto waited = wait_for_ssl(stream, got); !waited)
      return stream.operation->fail(std::move(waited).error());
  }
}

ssize_t on_write(git_stream* raw, const char* bytes, size_t size, int) {
  Stream& stream = self(raw);
  if (!raw->encrypted) {
    auto sent = stream.socket.write(bytes, size, *stream.operation);
    return sent ? static_cast<ssize_t>(*sent) : stream.operation->fail(std::move(sent).error());
  }
  for (;;) {
    if (stream.operation->expired()) return stream.operation->fail(timeout_error());
    ERR_clear_error();
    const int sent =
        SSL_write(stream.ssl.get(), bytes, static_cast<int>(std::min<size_t>(size, 1 << 20)));
    if (sent > 0) return sent;
    if (auto waited = wait_for_ssl(stream, sent); !waited)
      return stream.operation->fail(std::move(waited).error());
  }
}

int on_close(git_stream* raw) {
  Stream& stream = self(raw);
  if (stream.ssl) SSL_shutdown(stream.ssl.get());
  ERR_clear_error();
  stream.ssl.reset();
  stream.socket.close();
  return 0;
}

void on_free(git_stream* raw) { delete &self(raw); }

template <bool encrypted>
int make_stream(git_stream** out, const char* host, const char* port) {
  Operation* operation = CurrentOperation::get();
  if (!operation) return -1;
  auto stream = std::make_unique<Stream>();
  stream->operation = operation;
  stream->host = host;
  stream->port = port;
  stream->parent.version = GIT_STREAM_VERSION;
  stream->parent.encrypted = encrypted;
  stream->parent.connect = on_connect;
  stream->parent.certificate = on_certificate;
  stream->parent.read = on_read;
  stream->parent.write = on_write;
  stream->parent.close = on_close;
  stream->parent.free = on_free;
  *out = &stream.release()->parent;
  return 0;
}

}  // namespace

void start_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    WEIR_ASSERT(git_libgit2_init() > 0);
    git_stream_registration plain{GIT_STREAM_VERSION, make_stream<false>, nullptr};
    git_stream_registration tls{GIT_STREAM_VERSION, make_stream<true>, nullptr};
    WEIR_ASSERT(git_stream_register(GIT_STREAM_STANDARD, &plain) == 0);
    WEIR_ASSERT(git_stream_register(GIT_STREAM_TLS, &tls) == 0);
    // Nobody's ~/.gitconfig (insteadOf, proxies, helpers) has a say in what the engine fetches.
    for (const int level : {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL,
                            GIT_CONFIG_LEVEL_PROGRAMDATA})
      git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
    // OpenSSL writes to its sockets without MSG_NOSIGNAL.
    struct sigaction action{};
    if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
      action.sa_handler = SIG_IGN;
      sigaction(SIGPIPE, &action, nullptr);
    }
    git_libgit2_opts(GIT_OPT_SET_USER_AGENT, "git/2.0 weir");
  });
}

}  // namespace weir::git
