#include "tools/weir/host.hh"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "engine/base/digest.hh"
#include "engine/value/json.hh"

namespace weir::cli {
namespace {

Error io_error(const std::string& path, const char* what) {
  return make_error(Code::io, std::string(what) + " " + path + ": " + std::strerror(errno));
}

Result<void> make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return make_error(Code::io, "cannot create " + path + ": " + error.message());
  if (::chmod(path.c_str(), 0700) != 0) return io_error(path, "cannot protect");
  return {};
}

}  // namespace

Result<void> write_file(const std::string& path, std::string_view text, unsigned mode) {
  const std::string temporary = path + ".new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return io_error(temporary, "cannot write");
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0) {
      const Error error = io_error(temporary, "cannot write");
      ::close(fd);
      return error;
    }
    done += static_cast<std::size_t>(n);
  }
  ::close(fd);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return io_error(path, "cannot write");
  return {};
}

Result<std::string> read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const Code code = errno == ENOENT ? Code::not_found : Code::io;
    return make_error(code, path + ": " + std::strerror(errno));
  }
  std::string text;
  char buffer[16384];
  ssize_t n;
  while ((n = ::read(fd, buffer, sizeof buffer)) > 0)
    text.append(buffer, static_cast<std::size_t>(n));
  const bool broken = n < 0;
  ::close(fd);
  if (broken) return io_error(path, "cannot read");
  return text;
}

Result<Stores> open_stores(const std::string& directory, const std::string& artifact_address,
                           const base::Clock& clock, const CareOptions& care) {
  Stores out;
  out.directory = directory;
  WEIR_CHECK(make_directory(directory));
  WEIR_TRY(out.kv, store::open_rocks({.directory = directory + "/log"}));
  WEIR_TRY(out.log, store::EventLog::open(*out.kv, clock));
  WEIR_TRY(const store::SealingKey key,
           store::SealingKey::load_or_create(directory + "/sealing.key"));
  out.blobs = std::make_unique<store::BlobStore>(*out.kv, key);
  out.key = key;
  out.port = std::make_unique<store::EngineLog>(
      *out.log, *out.blobs,
      static_cast<std::uint64_t>(std::max(care.replay_mebibytes, 0)) << 20);
  store::DiskArtifacts::Options artifacts;
  artifacts.root = directory + "/artifacts";
  artifacts.address = artifact_address;
  WEIR_TRY(out.artifacts, store::DiskArtifacts::open(artifacts, clock));
  WEIR_TRY(out.ledger, store::Ledger::open(*out.log, {directory + "/ledger.key", care.ledger_name,
                                                      care.rotate_key}));
  out.history = std::make_unique<git::MirrorHistory>(directory + "/git");
  WEIR_TRY(const store::RetentionPolicy policy, care.policy());
  out.caretaker = std::make_unique<Caretaker>(*out.ledger, *out.log, *out.blobs, *out.port, clock,
                                              policy, care);
  return out;
}

api::audit::AuditOptions Stores::audit(const base::Clock& clock) const {
  api::audit::AuditOptions out;
  out.log = log.get();
  out.blobs = blobs.get();
  out.clock = &clock;
  out.ledger = ledger.get();
  out.git = history.get();
  out.artifacts = artifacts.get();
  out.database = directory + "/log";
  return out;
}

std::string default_data_directory() {
  if (const char* set = std::getenv("WEIR_DATA_DIR"); set != nullptr && *set != 0) return set;
  if (const char* set = std::getenv("XDG_DATA_HOME"); set != nullptr && *set != 0)
    return std::string(set) + "/weir";
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "/tmp" : home) + "/.local/share/weir";
}

Result<void> prepare_recording(const CareOptions& care, reconcile::EngineOptions& options) {
  options.record_inputs = care.replay_mebibytes > 0;
  if (sodium_init() < 0) return make_error(Code::io, "no source of random bytes");
  options.hiding_key.resize(32);
  randombytes_buf(options.hiding_key.data(), options.hiding_key.size());
  return {};
}

Result<std::string> load_or_create_token(const std::string& directory) {
  const std::string path = directory + "/token";
  auto known = read_file(path);
  if (known.ok() && known->size() >= 32) return known;
  if (!known.ok() && known.error().code != Code::not_found) return known;
  if (sodium_init() < 0) return make_error(Code::io, "no source of random bytes");
  unsigned char bytes[32];
  randombytes_buf(bytes, sizeof bytes);
  const std::string token = base::hex_encode({reinterpret_cast<const char*>(bytes), sizeof bytes});
  WEIR_CHECK(write_file(path, token, 0600));
  return token;
}

Result<void> write_serving(const std::string& directory, const Serving& serving) {
  const Value record = Value::object({{"url", serving.url},
                                      {"token", serving.token},
                                      {"kubeconfig", serving.kubeconfig},
                                      {"certificate", serving.certificate},
                                      {"pid", static_cast<std::int64_t>(::getpid())}});
  return write_file(directory + "/serving.json", value::write_json(record) + "\n", 0600);
}

Result<Serving> read_serving(const std::string& directory) {
  WEIR_TRY(const std::string text, read_file(directory + "/serving.json"));
  WEIR_TRY(const Value record, value::parse_json(text));
  const auto pid = static_cast<pid_t>(record["pid"].get_int());
  if (pid <= 0 || (::kill(pid, 0) != 0 && errno == ESRCH))
    return make_error(Code::not_found, "no weir is running on " + directory);
  return Serving{std::string(record["url"].get_string()), std::string(record["token"].get_string()),
                 std::string(record["kubeconfig"].get_string()),
                 std::string(record["certificate"].get_string())};
}

void remove_serving(const std::string& directory) {
  ::unlink((directory + "/serving.json").c_str());
}

Result<Address> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const auto bad = [&] {
    return make_error(Code::invalid, "\"" + std::string(text) + "\" is not ADDRESS:PORT");
  };
  if (colon == std::string_view::npos) return bad();
  Address out;
  out.host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc() || end != port.data() + port.size()) return bad();
  return out;
}

void block_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is an error of the write, as a full disk is
}

bool wait_for_signal(int milliseconds) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  timespec timeout{milliseconds / 1000, (milliseconds % 1000) * 1'000'000L};
  return ::sigtimedwait(&set, nullptr, &timeout) > 0;
}

}  // namespace weir::cli
