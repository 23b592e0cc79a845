// Documents that the schemas of charts name by URL, over HTTP and, where allowed, from disk. What
// was fetched is kept for a few minutes, so that the charts of a fleet that name the same document
// ask for it once, also when all of them ask at the same moment; failures are not kept.
// Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "adapters/net/http_client.hh"
#include "engine/base/clock.hh"
#include "engine/helm/schema.hh"

namespace weir::remote {

class SchemaDocuments final : public helm::SchemaLoader {
 public:
  // file:// URLs: the command line alone reads them.
  enum class Files : unsigned char { refused, read };
  static constexpr std::chrono::minutes kept_for{5};
  static constexpr std::size_t kept_bytes_max = 32u << 20;

  // Both ports outlive it.
  SchemaDocuments(net::HttpClient& http, const base::Clock& clock, Files files = Files::refused)
      : http_(http), clock_(clock), files_(files) {}

  // Texts are Helm's: "HTTP request to <url> returned status 404 (Not Found)".
  Result<std::string> load(const std::string& url, std::chrono::milliseconds timeout) override;

 private:
  struct Kept {
    std::string text;
    std::chrono::microseconds since;
  };
  using Answer = std::shared_ptr<const Result<std::string>>;
  const std::string* find(const std::string& url);
  void keep(const std::string& url, const std::string& text);
  Result<std::string> fetch(const std::string& url, std::chrono::milliseconds timeout);

  net::HttpClient& http_;
  const base::Clock& clock_;
  Files files_;
  std::mutex mutex_;
  std::map<std::string, Kept> kept_;
  std::size_t kept_bytes_ = 0;
  std::map<std::string, std::shared_future<Answer>> under_way_;
};

}  // namespace weir::remote
