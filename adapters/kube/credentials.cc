#include "adapters/kube/credentials.hh"

#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <mutex>

#include "adapters/clock/system_clock.hh"

namespace weir::kube {

namespace {

std::string bearer(std::string token) {
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) {
    token.pop_back();
  }
  return token.empty() ? token : "Bearer " + token;
}

class FixedToken final : public Credentials {
 public:
  explicit FixedToken(const std::string& token) : value_(bearer(token)) {}
  Result<std::string> authorization() override { return value_; }
  bool refresh() override { return false; }

 private:
  std::string value_;
};

// A file that the kubelet replaces: looked at once a second, read when it is another one.
class FileToken final : public Credentials {
 public:
  FileToken(std::string path, const std::string& fallback)
      : path_(std::move(path)), value_(bearer(fallback)) {}

  Result<std::string> authorization() override {
    std::lock_guard lock(mutex_);
    auto now = std::chrono::steady_clock::now();
    if (now - checked_ < std::chrono::seconds(1) && !value_.empty()) return value_;
    checked_ = now;
    WEIR_CHECK(load());
    return value_;
  }
  bool refresh() override {
    std::lock_guard lock(mutex_);
    std::string before = value_;
    stamp_ = {};
    return load().ok() && value_ != before;
  }

 private:
  struct Stamp {
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t modified_ns = 0;
    bool operator==(const Stamp&) const = default;
  };

  // A file that cannot be read right now leaves the last good token in use.
  Result<void> load() {
    struct stat info{};
    if (::stat(path_.c_str(), &info) == 0) {
      Stamp stamp{info.st_ino, info.st_size,
                  info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec};
      if (stamp == stamp_) return {};
      std::ifstream in(path_, std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
      if (in && !text.empty()) {
        value_ = bearer(std::move(text));
        stamp_ = stamp;
      }
    }
    if (value_.empty())
      return make_error(Code::unauthorized, "cannot read the token file " + path_);
    return {};
  }

  std::string path_;
  std::mutex mutex_;
  std::string value_;
  Stamp stamp_;
  std::chrono::steady_clock::time_point checked_{};
};

// A token that is asked for, again when it is about to expire or is refused.
class AskedToken final : public Credentials {
 public:
  explicit AskedToken(std::function<Result<IssuedToken>()> issue) : issue_(std::move(issue)) {}

  Result<std::string> authorization() override {
    std::lock_guard lock(mutex_);
    if (value_.empty() || (renew_at_ != 0 && clock_.now() >= renew_at_)) WEIR_CHECK(ask());
    return value_;
  }
  bool refresh() override {
    std::lock_guard lock(mutex_);
    const std::string before = value_;
    return ask().ok() && value_ != before;
  }

 private:
  Result<void> ask() {
    WEIR_TRY(const IssuedToken issued, issue_());
    value_ = bearer(issued.token);
    const auto renew_at = base::parse_rfc3339(issued.renew_at);
    renew_at_ = renew_at.ok() ? *renew_at : 0;
    return {};
  }

  clock::SystemClock clock_;
  std::function<Result<IssuedToken>()> issue_;
  std::mutex mutex_;
  std::string value_;
  base::TimeUs renew_at_ = 0;
};

// A plugin's token, fetched again when it expires or is refused.
class PluginToken final : public Credentials {
 public:
  PluginToken(ClusterAccess access, ExecCredential first) : access_(std::move(access)) {
    adopt(std::move(first));
  }

  Result<std::string> authorization() override {
    std::lock_guard lock(mutex_);
    if (expires_ != 0 && clock_.now() >= expires_) {
      WEIR_TRY(ExecCredential next, run_exec_plugin(access_));
      adopt(std::move(next));
    }
    return value_;
  }
  bool refresh() override {
    std::lock_guard lock(mutex_);
    auto next = run_exec_plugin(access_);
    if (!next.ok()) return false;
    std::string before = value_;
    adopt(std::move(next).value());
    return value_ != before;
  }

 private:
  void adopt(ExecCredential credential) {
    value_ = bearer(std::move(credential.token));
    auto expires = base::parse_rfc3339(credential.expiration);
    expires_ = expires.ok() ? *expires : 0;
  }

  clock::SystemClock clock_;
  ClusterAccess access_;
  std::mutex mutex_;
  std::string value_;
  base::TimeUs expires_ = 0;
};

}  // namespace

Result<std::unique_ptr<Credentials>> make_credentials(ClusterAccess& access) {
  if (access.issue)
    return std::unique_ptr<Credentials>(std::make_unique<AskedToken>(access.issue));
  if (access.exec) {
    WEIR_TRY(ExecCredential first, run_exec_plugin(access));
    if (!first.cert_pem.empty()) {
      access.tls.cert_pem = first.cert_pem;
      access.tls.key_pem = first.key_pem;
    }
    return std::unique_ptr<Credentials>(std::make_unique<PluginToken>(access, std::move(first)));
  }
  if (!access.token_file.empty()) {
    return std::unique_ptr<Credentials>(
        std::make_unique<FileToken>(access.token_file, access.token));
  }
  return std::unique_ptr<Credentials>(std::make_unique<FixedToken>(access.token));
}

}  // namespace weir::kube
