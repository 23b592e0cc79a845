#include "adapters/openpgp/signed_text.hh"

#include <dlfcn.h>
#include <fcntl.h>
#include <rnp/rnp.h>
#include <rnp/rnp_err.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>

#include "engine/base/digest.hh"

namespace weir::openpgp {
namespace {

// What is used of librnp, by its own names.
struct Library {
  decltype(&::rnp_ffi_create) ffi_create;
  decltype(&::rnp_ffi_destroy) ffi_destroy;
  decltype(&::rnp_load_keys) load_keys;
  decltype(&::rnp_input_from_memory) input_from_memory;
  decltype(&::rnp_input_destroy) input_destroy;
  decltype(&::rnp_op_verify_detached_create) op_verify_detached_create;
  decltype(&::rnp_op_verify_execute) op_verify_execute;
  decltype(&::rnp_op_verify_get_signature_count) op_verify_get_signature_count;
  decltype(&::rnp_op_verify_get_signature_at) op_verify_get_signature_at;
  decltype(&::rnp_op_verify_signature_get_status) op_verify_signature_get_status;
  decltype(&::rnp_op_verify_signature_get_key) op_verify_signature_get_key;
  decltype(&::rnp_op_verify_destroy) op_verify_destroy;
  decltype(&::rnp_key_get_alg) key_get_alg;
  decltype(&::rnp_key_handle_destroy) key_handle_destroy;
  decltype(&::rnp_buffer_destroy) buffer_destroy;
};

std::optional<Library> load() {
  void* const library = ::dlopen(WEIR_RNP_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return std::nullopt;
  Library out{};
  bool complete = true;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    complete = complete && function != nullptr;
  };
  find(out.ffi_create, "rnp_ffi_create");
  find(out.ffi_destroy, "rnp_ffi_destroy");
  find(out.load_keys, "rnp_load_keys");
  find(out.input_from_memory, "rnp_input_from_memory");
  find(out.input_destroy, "rnp_input_destroy");
  find(out.op_verify_detached_create, "rnp_op_verify_detached_create");
  find(out.op_verify_execute, "rnp_op_verify_execute");
  find(out.op_verify_get_signature_count, "rnp_op_verify_get_signature_count");
  find(out.op_verify_get_signature_at, "rnp_op_verify_get_signature_at");
  find(out.op_verify_signature_get_status, "rnp_op_verify_signature_get_status");
  find(out.op_verify_signature_get_key, "rnp_op_verify_signature_get_key");
  find(out.op_verify_destroy, "rnp_op_verify_destroy");
  find(out.key_get_alg, "rnp_key_get_alg");
  find(out.key_handle_destroy, "rnp_key_handle_destroy");
  find(out.buffer_destroy, "rnp_buffer_destroy");
  return complete ? std::optional(out) : std::nullopt;
}

Result<const Library*> library() {
  static const std::optional<Library> loaded = load();
  if (!loaded)
    return make_error(Code::unsupported, "OpenPGP signatures cannot be checked: " WEIR_RNP_LIBRARY
                                         " (Debian's package librnp0) is not installed");
  return &*loaded;
}

// One of librnp's objects, and what ends it.
template <typename Handle>
class Held {
 public:
  explicit Held(rnp_result_t (*destroy)(Handle)) : destroy_(destroy) {}
  ~Held() {
    if (handle_ != nullptr) destroy_(handle_);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  Handle* out() { return &handle_; }
  Handle get() const { return handle_; }

 private:
  Handle handle_ = nullptr;
  rnp_result_t (*const destroy_)(Handle);
};

// librnp says on stderr what the errors here say, and cannot be told not to.
class Silence {
 public:
  Silence() : stderr_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (stderr_ >= 0 && nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
    if (nowhere >= 0) ::close(nowhere);
  }
  ~Silence() {
    if (stderr_ < 0) return;
    ::dup2(stderr_, STDERR_FILENO);
    ::close(stderr_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  const int stderr_;
};

using Input = Held<rnp_input_t>;
using Session = Held<rnp_ffi_t>;

rnp_result_t open_input(const Library& rnp, std::string_view bytes, Input& input) {
  return rnp.input_from_memory(input.out(), reinterpret_cast<const std::uint8_t*>(bytes.data()),
                               bytes.size(), false);
}

Error failed(std::string text) {
  return make_error(Code::forbidden, "openpgp: " + std::move(text));
}

// With the keys of the ring.
Result<void> open_session(const Library& rnp, std::string_view keyring, Session& session) {
  if (rnp.ffi_create(session.out(), RNP_KEYSTORE_GPG, RNP_KEYSTORE_GPG) != RNP_SUCCESS)
    return failed("the library cannot be used");
  if (keyring.empty()) return {};
  if ((static_cast<unsigned char>(keyring.front()) & 0x80) == 0)
    return make_error(Code::invalid, "openpgp: invalid data: tag byte does not have MSB set");
  Input input(rnp.input_destroy);
  constexpr std::uint32_t all = RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_SECRET_KEYS;
  if (open_input(rnp, keyring, input) != RNP_SUCCESS ||
      rnp.load_keys(session.get(), RNP_KEYSTORE_GPG, input.get(), all) != RNP_SUCCESS)
    return make_error(Code::invalid, "unexpected EOF");
  return {};
}

// The next line, without its end; `rest` goes on behind it.
std::string_view take_line(std::string_view& rest) {
  const std::size_t newline = rest.find('\n');
  std::string_view line = rest.substr(0, newline);
  rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view without_blanks_behind(std::string_view line) {
  return line.substr(0, line.find_last_not_of(" \t") + 1);
}

// A clear-signed message, taken apart.
struct Message {
  std::string text;         // of lines that end in "\n"
  std::string signed_text;  // the same lines as they are signed: "\r\n" between them
  std::string signature;    // OpenPGP packets
};

// "Hash: SHA512" up to an empty line; no other header is allowed.
bool skip_headers(std::string_view& rest) {
  while (!rest.empty()) {
    const std::string_view line = without_blanks_behind(take_line(rest));
    if (line.empty()) return true;
    if (!line.starts_with("Hash:")) return false;
  }
  return false;
}

constexpr std::string_view signature_line = "-----BEGIN PGP SIGNATURE-----";

// Up to the signature, before which `rest` stays.
bool take_text(std::string_view& rest, Message& message) {
  bool first = true;
  while (!rest.empty()) {
    const std::string_view before = rest;
    std::string_view line = take_line(rest);
    if (line == signature_line) {
      rest = before;
      return true;
    }
    if (line.starts_with("- ")) line.remove_prefix(2);
    line = without_blanks_behind(line);
    if (!first) message.signed_text += "\r\n";
    first = false;
    message.signed_text += line;
    message.text.append(line).push_back('\n');
  }
  return false;
}

// The armor's packets; a checksum behind them is not needed, what is signed is checked anyway.
bool take_signature(std::string_view rest, Message& message) {
  take_line(rest);
  while (!rest.empty() && !without_blanks_behind(take_line(rest)).empty()) {
  }
  std::string base64;
  while (!rest.empty()) {
    const std::string_view line = without_blanks_behind(take_line(rest));
    if (line.starts_with("-----END PGP SIGNATURE-----")) {
      const auto bytes = base::base64_decode(base64);
      if (!bytes.ok()) return false;
      message.signature = *bytes;
      return true;
    }
    if (!line.starts_with('=')) base64 += line;
  }
  return false;
}

std::optional<Message> take_apart(std::string_view bytes) {
  constexpr std::string_view begin = "-----BEGIN PGP SIGNED MESSAGE-----";
  std::size_t at = bytes.find(begin);
  while (at != std::string_view::npos && at > 0 && bytes[at - 1] != '\n')
    at = bytes.find(begin, at + 1);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = bytes.substr(at);
  Message message;
  if (without_blanks_behind(take_line(rest)) != begin || !skip_headers(rest) ||
      !take_text(rest, message) || !take_signature(rest, message))
    return std::nullopt;
  return message;
}

// "RSA verification failure", by the kind of the key that should have made the signature.
std::string failure_text(const Library& rnp, rnp_op_verify_signature_t signature) {
  Held<rnp_key_handle_t> key(rnp.key_handle_destroy);
  char* name = nullptr;
  std::string text = "verification failure";
  if (rnp.op_verify_signature_get_key(signature, key.out()) != RNP_SUCCESS ||
      rnp.key_get_alg(key.get(), &name) != RNP_SUCCESS)
    return text;
  const std::string_view kind = name;
  text.insert(0, std::string(kind == "EDDSA" ? "EdDSA" : kind) + " ");
  rnp.buffer_destroy(name);
  return text;
}

// Why none of the signatures is good. A key that is known says more than one that is not.
Error refusal(const Library& rnp, rnp_op_verify_t operation) {
  std::size_t count = 0;
  rnp.op_verify_get_signature_count(operation, &count);
  for (std::size_t i = 0; i < count; ++i) {
    rnp_op_verify_signature_t signature = nullptr;
    if (rnp.op_verify_get_signature_at(operation, i, &signature) != RNP_SUCCESS) continue;
    const rnp_result_t status = rnp.op_verify_signature_get_status(signature);
    if (status == RNP_ERROR_SIGNATURE_EXPIRED) return failed("signature expired");
    if (status == RNP_ERROR_SIGNATURE_INVALID || status == RNP_ERROR_SIGNATURE_UNKNOWN)
      return failed("invalid signature: " + failure_text(rnp, signature));
  }
  return count > 0 ? failed("signature made by unknown entity")
                   : make_error(Code::invalid, "signature block not found");
}

}  // namespace

struct Keyring::Keys {
  explicit Keys(const Library& loaded) : rnp(loaded), session(loaded.ffi_destroy) {}
  const Library& rnp;
  Session session;
};

Keyring::Keyring(std::unique_ptr<Keys> keys) : keys_(std::move(keys)) {}
Keyring::~Keyring() = default;

Result<std::unique_ptr<Keyring>> Keyring::read(std::string_view bytes) {
  WEIR_TRY(const Library* const rnp, library());
  const Silence silence;
  auto keys = std::make_unique<Keys>(*rnp);
  WEIR_CHECK(open_session(*rnp, bytes, keys->session));
  return std::unique_ptr<Keyring>(new Keyring(std::move(keys)));
}

Result<std::string> Keyring::verified_text(std::string_view message) const {
  const Library* const rnp = &keys_->rnp;
  const Session& session = keys_->session;
  const Silence silence;
  const auto parts = take_apart(message);
  if (!parts) return make_error(Code::invalid, "signature block not found");
  Input text(rnp->input_destroy), signature(rnp->input_destroy);
  Held<rnp_op_verify_t> operation(rnp->op_verify_destroy);
  if (open_input(*rnp, parts->signed_text, text) != RNP_SUCCESS ||
      open_input(*rnp, parts->signature, signature) != RNP_SUCCESS ||
      rnp->op_verify_detached_create(operation.out(), session.get(), text.get(), signature.get()) !=
          RNP_SUCCESS)
    return failed("the library cannot be used");
  if (rnp->op_verify_execute(operation.get()) != RNP_SUCCESS) return refusal(*rnp, operation.get());
  return parts->text;
}

}  // namespace weir::openpgp
