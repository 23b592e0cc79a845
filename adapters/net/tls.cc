#include "adapters/net/tls.hh"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine/base/freed.hh"

namespace weir::net {

namespace {

using BioPtr = std::unique_ptr<BIO, base::Freed<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, base::Freed<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, base::Freed<EVP_PKEY_free>>;
using CtxPtr = std::unique_ptr<SSL_CTX, base::Freed<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, base::Freed<SSL_free>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, base::Freed<SSL_SESSION_free>>;

// The last session per host. Shared by a context and the callback of each of its connections.
class SessionCache {
 public:
  void put(const std::string& host, SSL_SESSION* session) {
    std::lock_guard lock(mutex_);
    if (sessions_.size() >= 256 && !sessions_.contains(host)) sessions_.clear();
    sessions_[host].reset(session);
  }
  SessionPtr get(const std::string& host) {
    std::lock_guard lock(mutex_);
    auto found = sessions_.find(host);
    if (found == sessions_.end()) return nullptr;
    SSL_SESSION_up_ref(found->second.get());
    return SessionPtr(found->second.get());
  }

 private:
  std::mutex mutex_;
  std::map<std::string, SessionPtr> sessions_;
};

struct SessionSlot {
  SessionCache* cache;
  std::string key;
};

// OpenSSL's own socket BIO uses write(2), which raises SIGPIPE on a closed peer.
int socket_read(BIO* bio, char* data, int size) {
  auto fd = static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
  auto got = ::recv(fd, data, static_cast<std::size_t>(size), 0);
  BIO_clear_retry_flags(bio);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    BIO_set_retry_read(bio);
  if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(got);
}

int socket_write(BIO* bio, const char* data, int size) {
  auto fd = static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
  auto sent = ::send(fd, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  BIO_clear_retry_flags(bio);
  if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long socket_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
}

BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weir socket");
    BIO_meth_set_read(made, socket_read);
    BIO_meth_set_write(made, socket_write);
    BIO_meth_set_ctrl(made, socket_control);
    return made;
  }();
  return method;
}

int slot_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* slot = static_cast<SessionSlot*>(SSL_get_ex_data(ssl, slot_index()));
  if (slot == nullptr) return 0;
  slot->cache->put(slot->key, session);
  return 1;  // the reference is ours now
}

std::string openssl_error() {
  unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

// The wording of Go's crypto/x509 for the faults that operators know by it.
std::string verify_text(long result, const std::string& host) {
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return "x509: certificate has expired or is not yet valid";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "x509: certificate signed by unknown authority";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "x509: certificate is not valid for " + host;
    default: return std::string("x509: ") + X509_verify_cert_error_string(result);
  }
}

class Session final : public TlsSession {
 public:
  Session(SslPtr ssl, std::unique_ptr<SessionSlot> slot, std::string host)
      : slot_(std::move(slot)), ssl_(std::move(ssl)), host_(std::move(host)) {}

  Result<IoState> handshake() override {
    ERR_clear_error();
    int result = SSL_connect(ssl_.get());
    if (result == 1) return IoState::done;
    WEIR_TRY(IoResult outcome, explain(result, "tls: handshake failure"));
    if (outcome.state == IoState::end) return broken("tls: handshake failure: EOF");
    return outcome.state;
  }

  Result<IoResult> read(char* data, std::size_t size) override {
    ERR_clear_error();
    std::size_t got = 0;
    int result = SSL_read_ex(ssl_.get(), data, size, &got);
    if (result == 1) return IoResult{IoState::done, got};
    return explain(result, "read");
  }

  Result<IoResult> write(std::string_view data) override {
    ERR_clear_error();
    std::size_t sent = 0;
    int result = SSL_write_ex(ssl_.get(), data.data(), data.size(), &sent);
    if (result == 1) return IoResult{IoState::done, sent};
    return explain(result, "write");
  }

  bool idle_alive() override {
    ERR_clear_error();
    char byte = 0;
    std::size_t got = 0;
    int result = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
    if (result == 1) return false;
    bool alive = SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return alive;
  }

  void send_close() override {
    if (SSL_is_init_finished(ssl_.get()) != 0 && !failed_) SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

 private:
  static Error broken(std::string text) { return make_error(Code::unavailable, std::move(text)); }

  Result<IoResult> explain(int result, std::string_view what) {
    int saved_errno = errno;
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ: return IoResult{IoState::want_read, 0};
      case SSL_ERROR_WANT_WRITE: return IoResult{IoState::want_write, 0};
      case SSL_ERROR_ZERO_RETURN: return IoResult{IoState::end, 0};
      default: break;
    }
    failed_ = true;
    long verify = SSL_get_verify_result(ssl_.get());
    if (SSL_is_init_finished(ssl_.get()) == 0 && verify != X509_V_OK) {
      ERR_clear_error();
      return make_error(Code::unavailable,
                        "tls: failed to verify certificate: " + verify_text(verify, host_), "TLS");
    }
    if (ERR_peek_last_error() == 0) {
      if (saved_errno == 0) return broken(std::string(what) + ": unexpected EOF");
      return broken(std::string(what) + ": " + std::strerror(saved_errno));
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
      ERR_clear_error();
      return broken(std::string(what) + ": unexpected EOF");
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_WRONG_VERSION_NUMBER) {
      ERR_clear_error();
      return make_error(Code::unavailable, "tls: first record does not look like a TLS handshake",
                        "TLS");
    }
    return make_error(Code::unavailable, std::string(what) + ": " + openssl_error(), "TLS");
  }

  std::unique_ptr<SessionSlot> slot_;
  SslPtr ssl_;
  std::string host_;
  bool failed_ = false;
};

bool is_ip_address(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

class Context final : public TlsContext {
 public:
  Context(CtxPtr ctx, const TlsOptions& options)
      : ctx_(std::move(ctx)),
        server_name_(options.server_name),
        insecure_(options.insecure),
        system_anchors_(!options.insecure && (options.ca_pem.empty() || options.system_too)) {}

  Result<std::unique_ptr<TlsSession>> start(int fd, const std::string& host,
                                            bool present_certificate) override {
    // Reading the system's anchors takes 25 ms; a client that never meets TLS need not.
    if (system_anchors_) {
      std::call_once(loaded_, [this] { SSL_CTX_set_default_verify_paths(ctx_.get()); });
    }
    SslPtr ssl(SSL_new(ctx_.get()));
    BIO* bio = BIO_new(socket_method());
    if (!ssl || bio == nullptr) return make_error(Code::internal, "tls: out of memory");
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl.get(), bio, bio);
    if (!present_certificate) SSL_certs_clear(ssl.get());

    const std::string& name = server_name_.empty() ? host : server_name_;
    X509_VERIFY_PARAM* verify = SSL_get0_param(ssl.get());
    if (is_ip_address(name)) {
      if (!insecure_) X509_VERIFY_PARAM_set1_ip_asc(verify, name.c_str());
    } else {
      SSL_set_tlsext_host_name(ssl.get(), name.c_str());
      X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
      if (!insecure_) X509_VERIFY_PARAM_set1_host(verify, name.c_str(), name.size());
    }
    auto slot = std::make_unique<SessionSlot>();
    slot->cache = &sessions_;
    slot->key = host + (present_certificate ? "|1" : "|0");
    if (SessionPtr session = sessions_.get(slot->key)) SSL_set_session(ssl.get(), session.get());
    SSL_set_ex_data(ssl.get(), slot_index(), slot.get());
    return std::unique_ptr<TlsSession>(
        std::make_unique<Session>(std::move(ssl), std::move(slot), name));
  }

 private:
  SessionCache sessions_;
  CtxPtr ctx_;
  std::string server_name_;
  bool insecure_;
  bool system_anchors_;
  std::once_flag loaded_;
};

BioPtr memory(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// An encrypted key must fail here, not ask for its passphrase on the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

// What is given to the client cannot be used: in Go's words, with the reason "TLSConfig".
Error bad_config(std::string text) {
  return make_error(Code::invalid, std::move(text), "TLSConfig");
}

Error bad_pair(std::string_view text) {
  return bad_config("failed to parse TLS certificate and key: " + std::string(text));
}

// The names of the blocks in a PEM text ("CERTIFICATE", "PRIVATE KEY").
std::vector<std::string> pem_blocks(const std::string& text) {
  std::vector<std::string> out;
  const BioPtr bio = memory(text);
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  while (PEM_read_bio(bio.get(), &name, &header, &data, &size) == 1) {
    out.emplace_back(name);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
  ERR_clear_error();
  return out;
}

bool is_key(std::string_view block) {
  return block == "PRIVATE KEY" || block.ends_with(" PRIVATE KEY");
}

Error no_certificate(const std::string& pem) {
  const std::vector<std::string> blocks = pem_blocks(pem);
  if (blocks.empty())
    return bad_pair("tls: failed to find any PEM data in certificate input");
  if (std::find(blocks.begin(), blocks.end(), "CERTIFICATE") != blocks.end())
    return bad_pair("x509: malformed certificate");
  if (blocks.size() == 1 && is_key(blocks.front()))
    return bad_pair(
        "tls: failed to find certificate PEM data in certificate input, but did find a private "
        "key; PEM inputs may have been switched");
  std::string skipped;
  for (const std::string& block : blocks)
    skipped.append(skipped.empty() ? "" : " ").append(block);
  return bad_pair(
      "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM "
      "blocks of the following types: [" + skipped + "]");
}

Error no_key(const std::string& pem) {
  const std::vector<std::string> blocks = pem_blocks(pem);
  if (blocks.empty()) return bad_pair("tls: failed to find any PEM data in key input");
  if (std::any_of(blocks.begin(), blocks.end(), is_key))
    return bad_pair("tls: failed to parse private key");
  if (blocks.size() == 1 && blocks.front() == "CERTIFICATE")
    return bad_pair("tls: found a certificate rather than a key in the PEM for the private key");
  std::string skipped;
  for (const std::string& block : blocks)
    skipped.append(skipped.empty() ? "" : " ").append(block);
  return bad_pair(
      "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after "
      "skipping PEM blocks of the following types: [" + skipped + "]");
}

Result<void> load_anchors(SSL_CTX* ctx, const std::string& pem) {
  BioPtr bio = memory(pem);
  std::size_t count = 0;
  while (X509Ptr cert{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)}) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), cert.get());
    ++count;
  }
  ERR_clear_error();
  if (count == 0) return bad_config("failed to parse CA certificate");
  return {};
}

Result<void> load_identity(SSL_CTX* ctx, const TlsOptions& options) {
  if (options.cert_pem.empty() && options.key_pem.empty()) return {};
  if (options.cert_pem.empty() || options.key_pem.empty()) {
    return make_error(Code::invalid, "client certificate and key must be given together");
  }
  BioPtr bio = memory(options.cert_pem);
  X509Ptr leaf(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
  if (!leaf || SSL_CTX_use_certificate(ctx, leaf.get()) != 1) {
    ERR_clear_error();
    // Go looks for the key before it reads the certificate.
    const std::vector<std::string> blocks = pem_blocks(options.key_pem);
    const bool found = std::any_of(blocks.begin(), blocks.end(), is_key);
    const Error error = no_certificate(options.cert_pem);
    return error.message.ends_with("x509: malformed certificate") && !found
               ? no_key(options.key_pem)
               : error;
  }
  while (X509Ptr next{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)}) {
    SSL_CTX_add1_chain_cert(ctx, next.get());
  }
  ERR_clear_error();
  BioPtr key_bio = memory(options.key_pem);
  KeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) {
    ERR_clear_error();
    return no_key(options.key_pem);
  }
  if (SSL_CTX_use_PrivateKey(ctx, key.get()) != 1 || SSL_CTX_check_private_key(ctx) != 1) {
    ERR_clear_error();
    return bad_pair("tls: private key does not match public key");
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::create(const TlsOptions& options) {
  CtxPtr ctx(SSL_CTX_new(TLS_client_method()));
  if (!ctx) return make_error(Code::internal, "tls: " + openssl_error());
  SSL_CTX_set_min_proto_version(ctx.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(ctx.get(), 1);
  SSL_CTX_set_verify(ctx.get(), options.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  // Go trusts whatever certificate is listed, be it root, intermediate or the server's own.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx.get()), X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx.get(), keep_session);
  if (!options.insecure && !options.ca_pem.empty()) {
    WEIR_CHECK(load_anchors(ctx.get(), options.ca_pem));
  }
  WEIR_CHECK(load_identity(ctx.get(), options));
  return std::shared_ptr<TlsContext>(std::make_shared<Context>(std::move(ctx), options));
}

}  // namespace weir::net
