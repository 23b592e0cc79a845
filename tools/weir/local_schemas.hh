// The documents that schemas of charts name, for verbs that render charts once: nothing is opened
// before the first of them is asked for. One thread.
#pragma once

#include <memory>
#include <optional>

#include "adapters/clock/system_clock.hh"
#include "adapters/remote/schema_documents.hh"

namespace weir::cli {

class LocalSchemas final : public helm::SchemaLoader {
 public:
  using Files = remote::SchemaDocuments::Files;
  explicit LocalSchemas(Files files) : files_(files) {}

  Result<std::string> load(const std::string& url, std::chrono::milliseconds timeout) override {
    if (!documents_) {
      WEIR_TRY(http_, net::HttpClient::create({}));
      documents_.emplace(*http_, clock_, files_);
    }
    return documents_->load(url, timeout);
  }

 private:
  Files files_;
  clock::SystemClock clock_;
  std::unique_ptr<net::HttpClient> http_;
  std::optional<remote::SchemaDocuments> documents_;
};

}  // namespace weir::cli
