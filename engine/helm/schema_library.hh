// The documents that schemas refer to by URL, each fetched and parsed once a check. Internal to
// schema*.cc. One thread; outlives the schemas that point into its documents.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/result.hh"
#include "engine/helm/schema.hh"
#include "engine/value/value.hh"

namespace weir::helm::schema {

class Library {
 public:
  explicit Library(const SchemaPorts& ports) : ports_(ports) {}

  // Errors: the loader's, invalid (no JSON), unsupported (no loader), limit; each told as
  // `failing loading "<url>": ...`.
  Result<std::shared_ptr<const Value>> document(const std::string& url);

 private:
  Result<std::shared_ptr<const Value>> fetch(const std::string& url);
  // How long the next request may take. Error: limit.
  Result<std::chrono::milliseconds> time_left();

  SchemaPorts ports_;
  std::map<std::string, Result<std::shared_ptr<const Value>>> known_;
  std::optional<std::chrono::microseconds> begun_;
  std::size_t bytes_ = 0;
};

}  // namespace weir::helm::schema
